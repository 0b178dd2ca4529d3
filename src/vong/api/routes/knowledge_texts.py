"""Routes of texts of knowledge bases, which need no file. Part of the knowledge API."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from vong.api.http.dependencies import CurrentUser
from vong.api.http.knowledge_access import BaseReader
from vong.app import knowledge_texts
from vong.app.knowledge_texts import MAX_TEXTS, FoundText, KnowledgeText
from vong.records import Record

routes = APIRouter(prefix="/api/v1/knowledge", tags=["knowledge"], dependencies=[BaseReader])
TextIds = Annotated[list[str], Field(min_length=1, max_length=1000)]


class TextUpload(Record):
    """Texts to add to a base."""

    texts: list[KnowledgeText] = Field(min_length=1, max_length=MAX_TEXTS)


class TextSelection(Record):
    """Ids of texts."""

    ids: TextIds


class TextSearch(Record):
    """Search for passages. `filters` has the form of OpenAI's filters on attributes."""

    query: str = Field(min_length=1, max_length=8000)
    limit: int = Field(default=4, ge=1, le=50)
    filters: dict[str, Any] | None = None


class DeletedTexts(Record):
    """Number of deleted texts."""

    deleted: int


@routes.post("/bases/{base}/texts", status_code=201)
def add_texts(base: str, body: TextUpload, context: CurrentUser) -> list[str]:
    """Store and index texts, and return their ids. A base that is new is created."""
    return knowledge_texts.add_texts(context.platform, context.principal, base, body.texts)


@routes.post("/bases/{base}/texts/get")
def get_texts(base: str, body: TextSelection, context: CurrentUser) -> list[KnowledgeText]:
    """Return texts by their ids, without those that do not exist."""
    return knowledge_texts.get_texts(context.platform, context.principal, base, body.ids)


@routes.post("/bases/{base}/texts/delete")
def delete_texts(base: str, body: TextSelection, context: CurrentUser) -> DeletedTexts:
    """Delete texts by their ids."""
    return DeletedTexts(deleted=knowledge_texts.delete_texts(context.platform, context.principal, base, body.ids))


@routes.post("/bases/{base}/texts/search")
def search_texts(base: str, body: TextSearch, context: CurrentUser) -> list[FoundText]:
    """Return the passages of a base that match a query, with the metadata of their texts or files."""
    search = knowledge_texts.search_texts
    return search(context.platform, context.principal, base, body.query, body.limit, body.filters)
