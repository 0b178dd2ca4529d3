"""Knowledge bases connected to the gateway, the span writer and jobs."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from vong import knowledge
from vong.app.platform import Platform
from vong.errors import NotFound, did_you_mean
from vong.jobs.context import JobContext
from vong.knowledge.answer import GeneratedAnswer
from vong.records import Message, RetrievedPassage, Span, SpanVersions, new_id


@cache
def get_embedder(threads: int) -> knowledge.MiniLmEmbedder:
    """Return the embedding model of this process, created once."""
    return knowledge.MiniLmEmbedder(threads)


def index(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `knowledge.index`: index files into a base, one transaction each, so that a restart resumes."""
    base, files = job.params["base"], job.params["files"]
    embed = get_embedder(platform.settings.cpu_threads).embed
    documents: list[dict[str, Any]] = []
    for done, file in enumerate(files):
        job.check()
        job.progress(done, len(files), unit="files", message=file["path"])
        with platform.scope(job.project_id) as connection:
            document = knowledge.index_file(connection, base, file["path"], platform.blobs.get(file["blob"]), embed)
        if document.reason:
            job.log(f"{document.path}: {document.reason}")
        documents.append(document.model_dump(mode="json", include={"path", "state", "reason", "chunks", "title"}))
    with platform.scope(job.project_id) as connection:
        version = knowledge.update_index_version(connection, base, get_embedder(0).version)
    job.progress(len(files), len(files), unit="files")
    failed = [document["path"] for document in documents if document["state"] == "failed"]
    return {"base": base, "index_version": version, "documents": documents, "failed": failed}


def search(platform: Platform, project_id: UUID, base: str, question: str, limit: int) -> list[RetrievedPassage]:
    """Return the passages of a base that match a question."""
    with platform.scope(project_id) as connection:
        return knowledge.retrieve(
            connection, base, question, get_embedder(platform.settings.cpu_threads).embed, limit=limit
        )


def ask(platform: Platform, project_id: UUID, base: str, question: str, model: str, limit: int) -> knowledge.RagAnswer:
    """Answer a question through a route and record two spans: the whole pipeline and the retrieval.

    The gateway records the span of the model call as their child.
    """
    root = _SpanTimer("knowledge.ask", "pipeline")
    with platform.scope(project_id) as connection:
        versions = {
            knowledge_base.name: knowledge_base.index_version for knowledge_base in knowledge.list_bases(connection)
        }
    if base not in versions:
        raise NotFound(f"no knowledge base named {base!r}", did_you_mean(base, list(versions), "vong knowledge list"))
    retrieval = _SpanTimer("knowledge.retrieve", "retrieval", root)
    passages = search(platform, project_id, base, question, limit)
    stamp = SpanVersions(index_version=versions[base])
    output = [{"path": passage.path, "score": passage.score, "similarity": passage.similarity} for passage in passages]
    with platform.scope(project_id) as connection:
        coverage = knowledge.compute_coverage(connection, base, question, passages)
    platform.span_writer.append_durable(project_id, retrieval.finish(stamp, question, output))

    def generate(messages: Sequence[Message]) -> GeneratedAnswer:
        with platform.client(project_id) as client:
            completion = client.gateway.chat(
                model,
                [message.model_dump(exclude_none=True) for message in messages],
                headers={"traceparent": f"00-{root.trace_id}-{root.span_id}-01"},
                max_tokens=160,
                temperature=0,
            )
        return GeneratedAnswer(text=completion.text, span_id=completion.span_id, model=model)

    embed = get_embedder(platform.settings.cpu_threads).embed
    answer = knowledge.ask(question, passages, generate, embed, index_version=versions[base], coverage=coverage)
    body = answer.model_dump(mode="json", include={"answered", "text", "citations", "unsupported"})
    platform.span_writer.append_durable(project_id, root.finish(stamp, question, body))
    return answer


class _SpanTimer:
    """Timer and identity of a span that is not finished."""

    def __init__(self, name: str, kind: str, parent: "_SpanTimer | None" = None) -> None:
        self.id = new_id()
        self.name, self.kind, self.parent = name, kind, parent
        self.trace_id = parent.trace_id if parent else self.id.hex
        self.span_id = self.id.hex[16:]
        self.started_at = datetime.now(UTC)
        self.start = time.perf_counter()

    def finish(self, versions: SpanVersions, input_value: Any, output_value: Any) -> Span:
        """Return the finished span."""
        return Span.model_validate(
            {
                "id": self.id,
                "trace_id": self.trace_id,
                "span_id": self.span_id,
                "parent_span_id": self.parent.span_id if self.parent else None,
                "name": self.name,
                "kind": self.kind,
                "started_at": self.started_at,
                "duration_ms": (time.perf_counter() - self.start) * 1000,
                "versions": versions,
                "input": input_value,
                "output": output_value,
            }
        )
