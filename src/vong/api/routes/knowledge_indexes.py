"""Routes of the indexes of knowledge bases and of search. Part of the knowledge API."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, UploadFile
from pydantic import Field

from vong.api.http.dependencies import CurrentUser
from vong.api.http.knowledge_access import BaseReader
from vong.app import knowledge as knowledge_app
from vong.app.knowledge import SearchRequest
from vong.app.knowledge_embedders import DEFAULT_EMBEDDER
from vong.app.knowledge_preview import DocumentPreview
from vong.app.knowledge_preview import preview_document as preview
from vong.app.knowledge_preview import preview_stored_document as preview_stored
from vong.errors import InvalidInput
from vong.knowledge.index.chunkers import ChunkerSettings
from vong.records import Record, RetrievedPassage

routes = APIRouter(prefix="/api/v1/knowledge", tags=["knowledge"], dependencies=[BaseReader])
CHUNKER_HINT = 'send {"kind": "structure", "tokens": 256, "overlap": 32}'
Limit = Annotated[int, Query(ge=1, le=50)]


class PreviewRequest(Record):
    """Chunker and embedding model of a preview. The defaults are those of a new base."""

    chunker: ChunkerSettings | None = None
    embedder: str | None = Field(default=None, min_length=1, max_length=300)


@routes.get("/bases/{base}/search")
def search_base(base: str, q: str, context: CurrentUser, limit: Limit = 5) -> list[RetrievedPassage]:
    """Return the passages that match a question, with their scores in both searches."""
    return knowledge_app.search(context.platform, context.principal.project_id, base, q, limit)


@routes.post("/bases/{base}/search")
def search_base_with_settings(base: str, request: SearchRequest, context: CurrentUser) -> list[RetrievedPassage]:
    """Return the passages that match a question by settings and a filter, with the score of each step."""
    return knowledge_app.search_passages(context.platform, context.principal.project_id, base, request)


@routes.post("/preview")
def preview_document(
    file: UploadFile,
    context: CurrentUser,
    chunker: Annotated[str, Form(description="Chunker as JSON. Empty for the default.")] = "",
    embedder: Annotated[str, Form()] = DEFAULT_EMBEDDER,
) -> DocumentPreview:
    """Return the chunks that a document would have, with token counts and the cost of embedding. Stores nothing."""
    content = file.file.read()
    path = file.filename or "document"
    settings = _parse_chunker(chunker) if chunker else None
    project = context.principal.project_id
    return preview(context.platform, project, path, content, chunker=settings, embedder=embedder)


@routes.post("/documents/{document_id}/preview")
def preview_stored_document(document_id: UUID, body: PreviewRequest, context: CurrentUser) -> DocumentPreview:
    """Return the chunks that a document of a base would have with another chunker or embedding model."""
    chunker = body.chunker.model_dump() if body.chunker else None
    embedder = body.embedder or DEFAULT_EMBEDDER
    project = context.principal.project_id
    return preview_stored(context.platform, project, document_id, chunker=chunker, embedder=embedder)


def _parse_chunker(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"the chunker is not JSON: {error}", CHUNKER_HINT) from error
    if not isinstance(value, dict):
        raise InvalidInput("the chunker is not a JSON object", CHUNKER_HINT)
    return value
