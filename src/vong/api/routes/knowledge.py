"""Routes of knowledge: bases, documents, search and answers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, UploadFile
from pydantic import Field

from vong import jobs, knowledge
from vong.api.http.dependencies import Call
from vong.app import knowledge as wired
from vong.knowledge.tables import KnowledgeBase, document_chunks
from vong.records import Chunk, Document, Job, Record, RetrievedPassage

routes = APIRouter(prefix="/api/v1/knowledge", tags=["knowledge"])
Limit = Annotated[int, Query(ge=1, le=50)]


class AskRequest(Record):
    """A question to answer from a base, through a route or any model the gateway knows."""

    question: str = Field(min_length=1, max_length=4000)
    model: str
    limit: int = Field(default=4, ge=1, le=20)


@routes.get("/bases")
def bases(call: Call) -> list[KnowledgeBase]:
    """The project's knowledge bases."""
    with call.scope() as connection:
        return knowledge.list_bases(connection)


@routes.get("/bases/{base}/documents")
def documents(base: str, call: Call) -> list[Document]:
    """The documents of a base; failed ones say why."""
    with call.scope() as connection:
        return knowledge.list_documents(connection, base)


@routes.post("/bases/{base}/documents", status_code=202)
def add_documents(base: str, files: list[UploadFile], call: Call) -> Job:
    """Upload files into a base, made by this where it is new. The job's result lists each document and its state."""
    blobs = call.platform.blobs
    stored = [{"path": file.filename or "unnamed", "blob": blobs.put(file.file.read())} for file in files]
    with call.scope() as connection:
        params = {"base": base, "files": stored}
        return jobs.submit(connection, "knowledge.index", params, key=call.idempotency_key)


@routes.delete("/bases/{base}/documents/{path:path}", status_code=204)
def remove_document(base: str, path: str, call: Call) -> None:
    """Delete a document and its passages."""
    with call.scope() as connection:
        embedder = next((known.embedder for known in knowledge.list_bases(connection) if known.name == base), "")
        knowledge.remove_document(connection, base, path)
        knowledge.index_version(connection, base, embedder)


@routes.get("/documents/{document_id}/chunks")
def chunks(document_id: UUID, call: Call) -> list[Chunk]:
    """The passages of a document in reading order."""
    with call.scope() as connection:
        return document_chunks(connection, document_id)


@routes.get("/bases/{base}/search")
def search(base: str, q: str, call: Call, limit: Limit = 5) -> list[RetrievedPassage]:
    """The passages that fit a question, with their scores in both searches."""
    return wired.search(call.platform, call.principal.project_id, base, q, limit)


@routes.post("/bases/{base}/ask")
def ask(base: str, question: AskRequest, call: Call) -> knowledge.RagAnswer:
    """Answer a question with numbered citations, or say that nothing fits."""
    project = call.principal.project_id
    return wired.ask(call.platform, project, base, question.question, question.model, question.limit)
