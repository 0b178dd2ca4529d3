"""Index versions of knowledge bases connected to jobs and embedding models: build, complete and switch them."""

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection, select

from vong import jobs
from vong.access.principal import Principal
from vong.app.caller_client import caller_params
from vong.app.document_loading import load_limits
from vong.app.knowledge_embedders import DEFAULT_EMBEDDER, find_embedder
from vong.app.knowledge_graphs import drop_unused_graphs, update_graphs
from vong.app.periodic import repeat
from vong.app.platform import Platform
from vong.errors import Conflict, JobCancelled, NotFound, UpstreamFailed, VongError
from vong.jobs import JobContext
from vong.knowledge import base_settings, index_versions
from vong.knowledge.documents import check_base_exists, get_for_update
from vong.knowledge.index.chunkers import ChunkerSettings
from vong.knowledge.index.contents import record_indexed
from vong.knowledge.index.embedders import Embedder
from vong.knowledge.index.indexes import DEFAULT_CHUNKER, create_index, find_live_index, get_index, list_indexes
from vong.knowledge.index.indexing import store_prepared
from vong.knowledge.index.tables import KnowledgeIndex, indexes
from vong.knowledge.index_versions import IndexVersion, describe_index
from vong.knowledge.ingestion import mask_document, prepare
from vong.knowledge.loading import ParsedDocument, decode_parsed, encode_parsed
from vong.knowledge.loading.process import DocumentLoader
from vong.pii import PiiKind
from vong.records import Document, Job, Record, new_id, now

log = logging.getLogger(__name__)

BUILD = "knowledge.build_index"
"""Kind of the job that adds the documents of a base to an index that lacks them."""
INTERVAL_SECONDS = 60.0
"""Time between two looks at indexes that lack documents or were retired long ago."""
BATCH = 50
"""Documents that are listed at once."""
MAX_CONSECUTIVE_FAILURES = 10
"""Documents in a row that cannot be indexed after which a build stops, because the embedding model is unavailable."""


class IndexCreate(Record):
    """Index to build beside the live one, from the documents of the base.

    `chunker` and `embedder` are those of the live index if they are not set. `reload` loads the files of the documents
    again, with the loaders that are installed now, instead of using the texts that the documents have.
    """

    chunker: ChunkerSettings | None = None
    embedder: str | None = Field(default=None, min_length=1, max_length=300)
    reload: bool = False


class IndexStarted(Record):
    """New index and the job that builds it."""

    index: IndexVersion
    job: Job


def start_build(
    platform: Platform,
    connection: Connection,
    base: str,
    request: IndexCreate,
    *,
    principal: Principal,
    key: str | None = None,
) -> IndexStarted:
    """Create an index of a base and submit the job that builds it. A repeated `key` returns the first one.

    Raises: NotFound if there is no such base; InvalidInput if the embedding model is unknown; Conflict if the base has
        an index with the same chunker and embedding model.
    """
    check_base_exists(connection, base)
    index_versions.lock_base(connection, base)
    live = find_live_index(connection, base)
    name = request.embedder or (live.embedder if live else DEFAULT_EMBEDDER)
    embedder = find_embedder(platform, principal.project_id, name)
    chunker = _choose_chunker(request, live)
    existing = list_indexes(connection, base)
    step = connection.begin_nested()
    index = create_index(connection, base, embedder, chunker, reload=request.reload)
    job = _submit(connection, index, principal=principal, key=key)
    if (str(job.params["base"]), int(job.params["number"])) != (base, index.number):  # the key was used before
        step.rollback()
        first = get_index(connection, str(job.params["base"]), int(job.params["number"]))
        return IndexStarted(index=describe_index(connection, first), job=job)
    step.commit()
    for other in existing:
        same = (other.chunker, other.embedder) == (chunker, embedder.version)
        if same and not request.reload and other.state != "failed":
            raise Conflict(
                f"index {other.number} of {base!r} has this chunker and embedding model (state {other.state})",
                "choose another chunker or embedding model, set reload, or delete that index first",
            )
    return IndexStarted(index=describe_index(connection, index), job=job)


def complete_indexes(connection: Connection, base: str) -> list[Job]:
    """Submit a build job for each index of a base that lacks documents. Call it after documents were indexed."""
    index_versions.lock_base(connection, base)
    waiting = _list_builds(connection)
    return [
        _submit(connection, index)
        for index in list_indexes(connection, base)
        if index.state in {"live", "ready", "retired"}
        and (base, index.number) not in waiting
        and index_versions.count_missing(connection, index)
    ]


def build(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `knowledge.build_index`: add the missing documents, one transaction each, so that a restart resumes.

    Documents that are added or changed meanwhile are indexed too, before the index becomes ready.
    """
    base, number = str(job.params["base"]), int(job.params["number"])
    with platform.scope(job.project_id) as connection:
        index = get_index(connection, base, number)
        index_versions.mark_building(connection, index.id)
        mask = base_settings.get_settings(connection, base).mask
    try:
        embedder = find_embedder(platform, job.project_id, index.embedder)
        with DocumentLoader(load_limits(platform.settings)) as loader:
            failed = _Build(job, platform, index, embedder, loader, mask).add_missing()
    except VongError as error:
        # An index whose job only stops with its worker stays in its state: the next attempt continues it.
        if not isinstance(error, JobCancelled) or job.is_cancelled:
            reason = "the build was cancelled" if isinstance(error, JobCancelled) else error.message
            hint = f"; continue it with: vong jobs retry {job.id}"
            with platform.scope(job.project_id) as connection:
                index_versions.mark_failed(connection, index.id, reason + hint)
        raise
    reason = f"{len(failed)} documents could not be indexed, see: vong jobs logs {job.id}" if failed else None
    with platform.scope(job.project_id) as connection:
        index_versions.mark_complete(connection, index.id, reason)
    update_graphs(platform, job.project_id, base)
    with platform.scope(job.project_id) as connection:
        built = describe_index(connection, get_index(connection, base, number))
    return {
        "base": base,
        "number": number,
        "state": built.state,
        "documents": built.documents,
        "chunks": built.chunks,
        "failed": failed,
    }


def maintain_indexes(platform: Platform, stop: threading.Event) -> None:
    """Complete and delete indexes until `stop` is set. Runs in a thread of the worker."""
    repeat("maintenance of indexes", lambda: maintain_once(platform), stop, seconds=INTERVAL_SECONDS)


def maintain_once(platform: Platform) -> None:
    """Submit builds of indexes that lack documents, and delete indexes that were retired too long ago."""
    with platform.database.owner() as connection:
        incomplete = index_versions.list_incomplete_bases(connection)
        days = platform.settings.retired_index_days
        expired = index_versions.list_expired(connection, now() - timedelta(days=days)) if days is not None else []
    for project_id, base in incomplete:
        with platform.scope(project_id) as connection:
            complete_indexes(connection, base)
    for project_id, index in expired:
        with platform.scope(project_id) as connection, suppress(NotFound, Conflict):
            index_versions.delete_index(connection, index.base, index.number)
            log.info("deleted index %s of %s, retired since %s", index.number, index.base, index.ended_at)
    drop_unused_graphs(platform)


class _Build:
    """Addition of the missing documents to one index."""

    def __init__(
        self,
        job: JobContext,
        platform: Platform,
        index: KnowledgeIndex,
        embedder: Embedder,
        loader: DocumentLoader,
        mask: tuple[PiiKind, ...],
    ) -> None:
        self._job = job
        self._platform = platform
        self._index = index
        self._embedder = embedder
        self._loader = loader
        self._mask = mask
        self._failed: dict[UUID, str] = {}

    def add_missing(self) -> list[str]:
        """Index documents until none is missing. Return the paths of those that cannot be indexed."""
        failures = 0
        while batch := self._list_batch():
            for document in batch:
                self._report(document)
                try:
                    self._add(document)
                    failures = 0
                except JobCancelled:
                    raise
                except VongError as error:
                    failures += 1
                    self._job.log(f"{document.path}: {error}")
                    if failures >= MAX_CONSECUTIVE_FAILURES:
                        message = f"{failures} documents in a row failed: {error.message}"
                        raise UpstreamFailed(message, error.hint) from error
                    self._failed[document.id] = document.path
        return list(self._failed.values())

    def _list_batch(self) -> Sequence[Document]:
        with self._platform.scope(self._job.project_id) as connection:
            found = index_versions.list_missing(connection, self._index, limit=BATCH + len(self._failed))
        return [document for document in found if document.id not in self._failed]

    def _report(self, document: Document) -> None:
        self._job.check()
        with self._platform.scope(self._job.project_id) as connection:
            counts = describe_index(connection, self._index)
        total = counts.documents + counts.missing
        self._job.progress(counts.documents, total, unit="documents", message=document.path)

    def _add(self, document: Document) -> None:
        """Index one document, unless it was deleted or replaced meanwhile."""
        parsed, text_blob = self._read(document)
        prepared = prepare(self._index, document, parsed, self._embedder)
        with self._platform.scope(self._job.project_id) as connection:
            query = select(indexes.c.id).where(indexes.c.id == self._index.id)
            if connection.scalar(query.with_for_update()) is None:
                raise NotFound(f"index {self._index.number} of {self._index.base!r} was deleted", "create it again")
            current = get_for_update(connection, document.id)
            if current is None or current.hash != document.hash:
                return
            index = get_index(connection, self._index.base, self._index.number)
            store_prepared(connection, index, current, parsed, prepared)
            if text_blob is not None:
                record_indexed(connection, index.id, document.id, document.hash, text_blob)

    def _read(self, document: Document) -> tuple[ParsedDocument, str | None]:
        """Return the text of a document, and its blob if the file was loaded again."""
        blobs = self._platform.blobs
        was_loaded_before = document.updated_at is None or document.updated_at < self._index.created_at
        if not self._index.reload or not was_loaded_before:
            return decode_parsed(blobs.get(str(document.text_blob))), None
        file = blobs.fetch(document.hash, self._job.folder / "document")
        try:
            parsed = mask_document(self._loader.load(file, document.path, self._job.check), self._mask)
        finally:
            file.unlink(missing_ok=True)
        return parsed, blobs.put(encode_parsed(parsed))


def _choose_chunker(request: IndexCreate, live: KnowledgeIndex | None) -> dict[str, Any]:
    if request.chunker is not None:
        return request.chunker.model_dump(mode="json")
    return dict(live.chunker) if live else dict(DEFAULT_CHUNKER)


def _submit(
    connection: Connection, index: KnowledgeIndex, *, principal: Principal | None = None, key: str | None = None
) -> Job:
    params = {"base": index.base, "number": index.number, **caller_params(principal)}
    return jobs.submit(connection, BUILD, params, id=new_id(), key=key)


def _list_builds(connection: Connection) -> set[tuple[str, int]]:
    """Return the base and number of the indexes with a queued build. A running one may miss the newest documents."""
    queued = jobs.list_jobs(connection, kind=BUILD, status="queued", limit=500)
    return {(str(job.params["base"]), int(job.params["number"])) for job in queued}
