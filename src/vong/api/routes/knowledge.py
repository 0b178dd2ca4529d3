"""Routes of knowledge: bases, documents, search and answers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, UploadFile
from pydantic import Field

from vong import jobs, knowledge
from vong.api.http.dependencies import CurrentUser
from vong.app import knowledge as knowledge_app
from vong.knowledge import tables
from vong.knowledge.tables import KnowledgeBase
from vong.records import Chunk, Document, Job, Record, RetrievedPassage

routes = APIRouter(prefix="/api/v1/knowledge", tags=["knowledge"])
Limit = Annotated[int, Query(ge=1, le=50)]


class AskRequest(Record):
    """Question to answer from a knowledge base, with a route or any model of the gateway."""

    question: str = Field(min_length=1, max_length=4000)
    model: str
    limit: int = Field(default=4, ge=1, le=20)


@routes.get("/bases")
def list_bases(context: CurrentUser) -> list[KnowledgeBase]:
    """List the knowledge bases of the project."""
    with context.project_transaction() as connection:
        return knowledge.list_bases(connection)


@routes.get("/bases/{base}/documents")
def list_documents(base: str, context: CurrentUser) -> list[Document]:
    """List the documents of a base. Failed documents include the error."""
    with context.project_transaction() as connection:
        return knowledge.list_documents(connection, base)


@routes.post("/bases/{base}/documents", status_code=202)
def add_documents(base: str, files: list[UploadFile], context: CurrentUser) -> Job:
    """Upload files to a base, which is created if it is new. The job result lists each document and its state."""
    blobs = context.platform.blobs
    stored = [{"path": file.filename or "unnamed", "blob": blobs.put(file.file.read())} for file in files]
    with context.project_transaction() as connection:
        params = {"base": base, "files": stored}
        return jobs.submit(connection, "knowledge.index", params, key=context.idempotency_key)


@routes.delete("/bases/{base}/documents/{path:path}", status_code=204)
def delete_document(base: str, path: str, context: CurrentUser) -> None:
    """Delete a document and its chunks."""
    with context.project_transaction() as connection:
        embedder = next((known.embedder for known in knowledge.list_bases(connection) if known.name == base), "")
        knowledge.delete_document(connection, base, path)
        knowledge.update_index_version(connection, base, embedder)


@routes.get("/documents/{document_id}/chunks")
def list_chunks(document_id: UUID, context: CurrentUser) -> list[Chunk]:
    """List the chunks of a document in reading order."""
    with context.project_transaction() as connection:
        return tables.list_chunks(connection, document_id)


@routes.get("/bases/{base}/search")
def search_base(base: str, q: str, context: CurrentUser, limit: Limit = 5) -> list[RetrievedPassage]:
    """Return the passages that match a question, with their scores in both searches."""
    return knowledge_app.search(context.platform, context.principal.project_id, base, q, limit)


@routes.post("/bases/{base}/ask")
def answer_question(base: str, question: AskRequest, context: CurrentUser) -> knowledge.RagAnswer:
    """Answer a question with numbered citations, or state that no passage matches."""
    project = context.principal.project_id
    return knowledge_app.ask(context.platform, project, base, question.question, question.model, question.limit)
