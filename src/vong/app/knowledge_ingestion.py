"""Ingestion of documents connected to jobs and blobs: uploads, the job that loads and indexes them, and retention."""

import logging
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, SQLAlchemyError

from vong import jobs, knowledge
from vong.app.document_loading import load_limits
from vong.app.knowledge_embedders import find_live_index
from vong.app.knowledge_graphs import update_graphs
from vong.app.knowledge_index_versions import complete_indexes
from vong.app.periodic import repeat
from vong.app.platform import Platform
from vong.errors import InvalidInput, JobCancelled, VongError
from vong.jobs import JobContext
from vong.jobs.lock import AdvisoryLocks
from vong.knowledge import base_settings, documents, ingestion
from vong.knowledge.documents import DocumentUpload
from vong.knowledge.loading import ParsedDocument, encode_parsed
from vong.knowledge.loading.process import DocumentLoader
from vong.pii import PiiKind
from vong.records import Document, Job

INGEST_JOB = "knowledge.ingest"
PROGRESS_SECONDS = 1.0
"""Interval at which the pages of a document that are done are stored."""
RETENTION_SECONDS = 600.0
"""Interval of the deletion of documents whose retention has ended."""
COPY_BYTES = 1 << 20
log = logging.getLogger(__name__)


def store_uploads(platform: Platform, uploads: Sequence[tuple[str, BinaryIO]]) -> list[DocumentUpload]:
    """Store uploaded files as blobs, without reading them into memory.

    Raises: InvalidInput if a file is larger than the setting `knowledge_max_file_bytes`, or its name is no path.
    """
    limit = platform.settings.knowledge_max_file_bytes
    stored: list[DocumentUpload] = []
    for name, content in uploads:
        path = documents.clean_path(name)
        size = content.seek(0, 2)
        content.seek(0)
        if size > limit:
            raise InvalidInput(
                f"{path!r} has {size >> 20} MB, and a document has at most {limit >> 20} MB",
                "split the file, or raise VONG_KNOWLEDGE_MAX_FILE_BYTES",
            )
        with tempfile.NamedTemporaryFile(prefix="vong-document-") as spool:
            shutil.copyfileobj(content, spool, COPY_BYTES)
            spool.flush()
            stored.append(DocumentUpload(path, platform.blobs.put_file(Path(spool.name))))
    return stored


def submit(connection: Connection, base: str, ids: Sequence[UUID] | None = None, *, key: str | None = None) -> Job:
    """Submit the job that loads and indexes documents: those with these ids, or all of the base that are not ready."""
    params: dict[str, Any] = {"base": base}
    if ids is not None:
        params["documents"] = [str(id) for id in ids]
    return jobs.submit(connection, INGEST_JOB, params, key=key)


def run(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `knowledge.ingest`: load and index the queued documents of a base, one after the other.

    A document that cannot be loaded fails with its reason, and the others go on. A later attempt of the job continues
    with the documents that are not finished.
    """
    base = job.params["base"]
    given = [UUID(id) for id in job.params["documents"]] if "documents" in job.params else None
    with platform.scope(job.project_id) as connection:
        waiting = documents.list_unfinished(connection, base, given)
        settings = base_settings.get_settings(connection, base)
    ids = given if given is not None else waiting
    limits = load_limits(platform.settings)
    with DocumentLoader(limits) as loader, AdvisoryLocks(platform.database.url) as locks:
        worker = _Ingestion(job, platform, base, loader, locks, settings.mask)
        for done, id in enumerate(waiting):
            job.check()
            worker.ingest(id, done, len(waiting))
    with platform.scope(job.project_id) as connection:
        version = knowledge.update_index_version(connection, base)
        complete_indexes(connection, base)
        found = documents.list_by_ids(connection, ids)
    update_graphs(platform, job.project_id, base)
    job.progress(len(waiting), len(waiting), unit="files")
    shown = {"id", "path", "state", "reason", "hint", "notes", "pages", "chunks", "title"}
    return {
        "base": base,
        "index_version": version,
        "documents": [document.model_dump(mode="json", include=shown) for document in found],
        "failed": [document.path for document in found if document.reason is not None],
    }


def run_files(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `knowledge.index` of earlier versions, whose parameters are paths and blobs."""
    uploads = [DocumentUpload(file["path"], file["blob"]) for file in job.params["files"]]
    with platform.scope(job.project_id) as connection:
        stored = documents.store_documents(connection, job.params["base"], uploads)
    job.params["documents"] = [str(document.id) for document in stored]
    return run(job, platform)


class _Ingestion:
    """Loading and indexing of the documents of one job."""

    def __init__(
        self,
        job: JobContext,
        platform: Platform,
        base: str,
        loader: DocumentLoader,
        locks: AdvisoryLocks,
        mask: tuple[PiiKind, ...],
    ) -> None:
        self._job = job
        self._platform = platform
        self._base = base
        self._loader = loader
        self._locks = locks
        self._mask = mask

    def ingest(self, id: UUID, done: int, total: int) -> None:
        """Load and index one document, unless another job does or it is finished."""
        with self._locks.hold(id) as is_held:
            document = self._begin(id) if is_held else None
            if document is not None:
                self._job.progress(done, total, unit="files", message=document.path)
                self._process(document)

    def _begin(self, id: UUID) -> Document | None:
        with self._platform.scope(self._job.project_id) as connection:
            document = documents.get_for_update(connection, id)
            if document is None or document.state not in documents.UNFINISHED_STATES:
                return None
            documents.set_state(connection, document, "loading", pages_done=0)
        return document

    def _process(self, document: Document) -> None:
        try:
            parsed = self._load(document)
            self._index(document, parsed)
        except InvalidInput as error:
            self._fail(document, error.message, error.hint)
        except (VongError, JobCancelled):
            # Not the fault of the document: the job is repeated, and the document stays queued.
            raise
        except DataError as error:
            self._fail(document, f"the database refused its text: {error.orig}", "report this with the file")
        except SQLAlchemyError:
            raise
        except Exception as error:
            log.exception("document %s of %s", document.path, self._base)
            cause = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            self._fail(document, f"it could not be indexed: {cause}", "retry; report this if it fails again")

    def _load(self, document: Document) -> ParsedDocument:
        limit = self._platform.settings.knowledge_max_file_bytes
        size = self._platform.blobs.size(document.blob)
        if size > limit:
            raise InvalidInput(
                f"{document.path!r} has {size >> 20} MB, and a document has at most {limit >> 20} MB",
                "split the file, or raise VONG_KNOWLEDGE_MAX_FILE_BYTES",
            )
        file = self._platform.blobs.fetch(document.blob, self._job.folder / "document")
        try:
            parsed = self._loader.load(file, document.path, self._job.check)
        finally:
            file.unlink(missing_ok=True)
        return ingestion.mask_document(parsed, self._mask)

    def _index(self, document: Document, parsed: ParsedDocument) -> None:
        text_blob = self._platform.blobs.put(encode_parsed(parsed))
        with self._platform.scope(self._job.project_id) as connection:
            documents.set_state(connection, document, "indexing", pages=parsed.pages)
            # The live index may change while the job runs.
            live = find_live_index(self._platform, connection, self._job.project_id, self._base)
            stored = ingestion.load_vectors(connection, live.index, document)
        progress = _PageProgress(self._job, self._platform, document, parsed.pages or 0)
        embedder = ingestion.ReusingEmbedder(live.embedder, stored, progress)
        prepared = ingestion.prepare(live.index, document, parsed, embedder)
        with self._platform.scope(self._job.project_id) as connection:
            finished = ingestion.finish(connection, live.index, document, parsed, text_blob, prepared)
        if not finished:
            self._job.log(f"{document.path}: changed or deleted while it was indexed")
        for note in parsed.notes:
            self._job.log(f"{document.path}: {note}")

    def _fail(self, document: Document, reason: str, hint: str) -> None:
        self._job.log(f"{document.path}: {reason}")
        with self._platform.scope(self._job.project_id) as connection:
            documents.set_failed(connection, document, reason, hint)


class _PageProgress:
    """Progress of indexing a document, stored as the number of its pages that are done."""

    def __init__(self, job: JobContext, platform: Platform, document: Document, pages: int) -> None:
        self._job = job
        self._platform = platform
        self._document = document
        self._pages = pages
        self._stored_at = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        self._job.check()
        if time.monotonic() - self._stored_at >= PROGRESS_SECONDS and self._pages:
            self._stored_at = time.monotonic()
            pages = self._pages * done // max(total, 1)
            with self._platform.scope(self._job.project_id) as connection:
                documents.set_state(connection, self._document, "indexing", pages_done=pages)


def delete_expired_documents(platform: Platform) -> int:
    """Delete the documents whose retention has ended, in all projects. Return their number."""
    with platform.database.owner() as connection:
        expired = base_settings.list_expired_documents(connection)
    changed: set[tuple[UUID, str]] = set()
    for project_id, base, path in expired:
        with platform.scope(project_id) as connection:
            documents.delete_document(connection, base, path)
        changed.add((project_id, base))
    for project_id, base in changed:
        with platform.scope(project_id) as connection:
            knowledge.update_index_version(connection, base)
    return len(expired)


def maintain_documents(platform: Platform, stop: Event) -> None:
    """Delete documents whose retention has ended until `stop` is set."""
    repeat("retention of documents", lambda: delete_expired_documents(platform), stop, seconds=RETENTION_SECONDS)
