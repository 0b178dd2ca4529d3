"""Services of pipeline steps: models, knowledge bases, prompts, guards and secrets of the project of a run."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from pydantic import ValidationError

from vong.app.knowledge import SearchRequest, search_passages
from vong.app.knowledge_answers import find_base
from vong.app.otlp_exports import enqueue_export
from vong.app.pipelines import model_calls
from vong.app.pipelines.answer_passages import store_run_passages
from vong.app.pipelines.secrets import load_secret
from vong.app.platform import Platform
from vong.errors import InvalidInput
from vong.gateway.auth.scopes import check_base
from vong.knowledge import base_settings
from vong.knowledge.retrieve import RetrievalSettings
from vong.pipelines import versions
from vong.pipelines.definition import PipelineDefinition
from vong.pipelines.run_store import get_definition
from vong.pipelines.services import ModelReply, ModelRequest, RenderedMessages, RunScope
from vong.records import RetrievedPassage, Span
from vong.records.guard import GuardConfig


class PlatformServices:
    """Services of the runs of one process."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def call_model(
        self, run: RunScope, parent: UUID, request: ModelRequest, on_delta: Callable[[str], None] | None
    ) -> ModelReply:
        """Call a model through the gateway."""
        return await model_calls.call_model(self._platform, run, parent, request, on_delta)

    async def render_prompt(self, run: RunScope, ref: str, variables: Mapping[str, Any]) -> RenderedMessages:
        """Render a stored prompt."""
        from vong import prompts

        stored = model_calls.get_gateway(self._platform).repositories.prompts
        if stored is None:
            raise InvalidInput("this server has no stored prompts", "write `messages` in the step")
        version = await cast(Any, stored).find(run.project_id, ref)
        rendered = prompts.render(version.template, dict(variables)).model_dump(mode="json", exclude_none=True)
        return RenderedMessages(
            version.ref,
            rendered["messages"],
            rendered.get("tools") or [],
            rendered.get("output_schema"),
            rendered.get("model"),
            rendered.get("settings") or {},
        )

    async def retrieve(
        self, run: RunScope, parent: UUID, base: str, question: str, options: Mapping[str, Any]
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Return the passages of a base that match a question, and the version of its index."""
        del parent
        check_base(run.caller, base)
        try:
            settings = RetrievalSettings(rerank=options.get("rerank"))
            request = SearchRequest(
                question=question,
                limit=options["limit"],
                index=options.get("index"),
                filters=options.get("filters"),
                settings=settings,
            )
        except ValidationError as error:
            fault = error.errors()[0]
            raise InvalidInput(f"{fault['loc'][0]}: {fault['msg']}", "fix the setting of the step") from None
        return await asyncio.to_thread(self._retrieve, run, base, request)

    async def record_passages(self, run: RunScope, outputs: Mapping[str, Any]) -> None:
        """Store the passages that a run has retrieved for its outputs."""
        await asyncio.to_thread(store_run_passages, self._platform, run, outputs)

    async def rerank(
        self, run: RunScope, parent: UUID, model: str, query: str, documents: Sequence[str]
    ) -> list[float]:
        """Return the relevance of each document, in their order."""
        return await model_calls.rerank(self._platform, run, parent, model, query, list(documents))

    async def check_guards(
        self, run: RunScope, parent: UUID, text: str, guards: Sequence[Mapping[str, Any]], route: str | None, on: str
    ) -> dict[str, Any]:
        """Return the text after the guards, who blocked it, and what they found."""
        del parent
        try:
            configs = [GuardConfig.model_validate(guard) for guard in guards]
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(map(str, fault["loc"]))
            raise InvalidInput(
                f"guards: {where}: {fault['msg']}", "list guards with: vong gateway guards types"
            ) from None
        gateway = model_calls.get_gateway(self._platform)
        found = await gateway.test_guards(run.caller, text, configs, route or "", cast(Any, on))
        findings = [outcome.model_dump(mode="json") for outcome in found.outcomes]
        return {"text": found.text, "blocked_by": found.blocked_by, "findings": findings}

    async def get_secret(self, run: RunScope, name: str, url: str) -> str:
        """Return a stored secret, if it may be sent to the origin of a URL."""
        return await asyncio.to_thread(load_secret, self._platform, run.project_id, name, url)

    async def find_pipeline(self, run: RunScope, ref: str) -> tuple[str, PipelineDefinition]:
        """Return the hash and the definition of a stored pipeline, named by a ref or by its hash."""
        return await asyncio.to_thread(self._find_pipeline, run.project_id, ref)

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Return the hosts that may have private addresses."""
        return frozenset(host.strip().rstrip(".").lower() for host in self._platform.settings.pipeline_allowed_hosts)

    def record_span(self, run: RunScope, span: Span) -> None:
        """Record a span of code that a step called."""
        self._platform.span_writer.append_durable(run.project_id, enqueue_export(self._platform, span))

    @property
    def app_folder(self) -> Path:
        """Return the folder with the Python files of `call` steps."""
        return self._platform.settings.home_folder / "apps"

    def _find_pipeline(self, project_id: UUID, ref: str) -> tuple[str, PipelineDefinition]:
        with self._platform.scope(project_id) as connection:
            if len(ref) == 64 and "@" not in ref and ":" not in ref:
                return ref, get_definition(connection, ref)
            version = versions.find(connection, ref)
            return version.hash, version.definition

    def _retrieve(self, run: RunScope, base: str, request: SearchRequest) -> tuple[list[dict[str, Any]], str | None]:
        with self._platform.scope(run.project_id) as connection:
            version = find_base(connection, base).index_version
            base_settings.check_reader(connection, base, run.caller.role)
        passages = search_passages(self._platform, run.project_id, base, request)
        return [_to_value(passage, base, version) for passage in passages], version


def _to_value(passage: RetrievedPassage, base: str, index_version: str | None) -> dict[str, Any]:
    """Return a passage as a value of a step."""
    chunk = passage.chunk
    return {
        "text": passage.context or chunk.text,
        "base": base,
        "path": passage.path,
        "title": passage.title,
        "heading": chunk.heading,
        "score": passage.score,
        "document_id": str(chunk.document_id),
        "chunk_id": str(chunk.id),
        "start": chunk.start,
        "end": chunk.end,
        "page": chunk.page,
        "metadata": chunk.metadata,
        "index_version": index_version,
    }
