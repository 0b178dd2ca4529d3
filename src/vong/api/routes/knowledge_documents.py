"""Routes of the documents of knowledge bases. Part of the knowledge API."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, UploadFile
from pydantic import Field

from vong import knowledge
from vong.api.http.dependencies import CurrentUser, RequestContext
from vong.api.http.knowledge_access import BaseReader
from vong.app import knowledge_ingestion
from vong.knowledge import documents
from vong.knowledge.documents import DocumentState
from vong.knowledge.index import indexes
from vong.records import Chunk, Document, Job, Record

routes = APIRouter(prefix="/api/v1/knowledge", tags=["knowledge"], dependencies=[BaseReader])
Limit = Annotated[int | None, Query(ge=1, le=10_000)]
MAX_INGESTED_IDS = 100_000


class IngestRequest(Record):
    """Documents to load and index: those with these ids, or all of the base that are not ready."""

    documents: tuple[UUID, ...] | None = Field(default=None, max_length=MAX_INGESTED_IDS)


class RetryRequest(Record):
    """Failed document to load again, by its path; all failed documents of the base without one."""

    path: str | None = None


@routes.get("/bases/{base}/documents")
def list_documents(
    base: str,
    context: CurrentUser,
    state: DocumentState | None = None,
    after: str | None = None,
    limit: Limit = None,
) -> list[Document]:
    """List the documents of a base by path, with state, progress by page, and the reason of failed ones.

    `after` is the last path of the previous page.
    """
    with context.project_transaction() as connection:
        return documents.list_documents(connection, base, state=state, after=after, limit=limit)


@routes.post("/bases/{base}/documents", status_code=202)
def add_documents(base: str, files: list[UploadFile], context: CurrentUser) -> Job:
    """Upload up to 1000 files to a base, which is created if it is new, and load and index them.

    The job result lists each document and its state. Unchanged documents are recognized by their hash and not read.
    The earlier version of a changed document stays indexed until the new one is, and if that cannot be read.
    """
    stored = _store(base, files, context)
    with context.project_transaction() as connection:
        ids = [document.id for document in stored]
        return knowledge_ingestion.submit(connection, base, ids, key=context.idempotency_key)


@routes.post("/bases/{base}/uploads", status_code=201)
def upload_documents(base: str, files: list[UploadFile], context: CurrentUser) -> list[Document]:
    """Upload up to 1000 files without indexing them. Send more in further requests, then start the ingestion."""
    return _store(base, files, context)


@routes.post("/bases/{base}/ingest", status_code=202)
def ingest_documents(base: str, request: IngestRequest, context: CurrentUser) -> Job:
    """Load and index uploaded documents: those with the given ids, or all of the base that are not ready."""
    with context.project_transaction() as connection:
        documents.check_base_exists(connection, base)
        return knowledge_ingestion.submit(connection, base, request.documents, key=context.idempotency_key)


@routes.post("/bases/{base}/retry", status_code=202)
def retry_documents(base: str, request: RetryRequest, context: CurrentUser) -> Job:
    """Load failed documents again: the one with the given path, or all of the base."""
    with context.project_transaction() as connection:
        ids = documents.retry_documents(connection, base, request.path)
        return knowledge_ingestion.submit(connection, base, ids, key=context.idempotency_key)


@routes.delete("/bases/{base}/documents/{path:path}", status_code=204)
def delete_document(base: str, path: str, context: CurrentUser) -> None:
    """Delete a document with its chunks in every index."""
    with context.project_transaction() as connection:
        documents.delete_document(connection, base, path)
        knowledge.update_index_version(connection, base)


@routes.get("/documents/{document_id}")
def get_document(document_id: UUID, context: CurrentUser) -> Document:
    """Return a document with its state, progress, reason and notes."""
    with context.project_transaction() as connection:
        return documents.get_document(connection, document_id)


@routes.get("/documents/{document_id}/chunks")
def list_chunks(document_id: UUID, context: CurrentUser) -> list[Chunk]:
    """List the chunks of a document in reading order."""
    with context.project_transaction() as connection:
        return indexes.list_chunks(connection, document_id)


def _store(base: str, files: list[UploadFile], context: RequestContext) -> list[Document]:
    """Store uploaded files and queue those that are new or changed."""
    documents.check_base_name(base)
    uploads = [(file.filename or "unnamed", file.file) for file in files]
    stored = knowledge_ingestion.store_uploads(context.platform, uploads)
    with context.project_transaction() as connection:
        return documents.store_documents(connection, base, stored)
