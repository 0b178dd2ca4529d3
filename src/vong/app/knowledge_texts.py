"""Texts of knowledge bases: documents without files, which are indexed at once and found by an id of the caller."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote
from uuid import uuid4

from pydantic import Field
from sqlalchemy import delete, select, update

from vong import access, knowledge
from vong.app.knowledge_embedders import find_live_index
from vong.app.knowledge_index_versions import complete_indexes
from vong.app.platform import Platform
from vong.app.vector_store_search import StoreSearch, search_bases
from vong.errors import InvalidInput
from vong.knowledge import base_settings, ingestion
from vong.knowledge.documents import UNFINISHED_STATES, DocumentUpload, store_documents
from vong.knowledge.loading import ParsedDocument, encode_parsed
from vong.knowledge.loading.document import Section
from vong.knowledge.tables import documents
from vong.knowledge.vector_stores.files import set_metadata
from vong.records import Record

FOLDER = "texts/"
MAX_TEXTS = 200
MAX_TEXT_CHARACTERS = 1_000_000
MAX_ID_CHARACTERS = 300


class KnowledgeText(Record):
    """Text with an id and metadata. A text without id gets one; one with the id of another text replaces it."""

    id: str | None = Field(default=None, min_length=1, max_length=MAX_ID_CHARACTERS)
    text: str = Field(max_length=MAX_TEXT_CHARACTERS)
    metadata: dict[str, Any] = {}


class FoundText(Record):
    """Passage of a text that a search found. `id` is None for a passage of a file, whose path is `path`."""

    id: str | None
    path: str
    text: str
    metadata: dict[str, Any]
    score: float


def add_texts(platform: Platform, principal: access.Principal, base: str, texts: Sequence[KnowledgeText]) -> list[str]:
    """Store and index texts, and return their ids. The texts can be searched when this returns."""
    ids = [text.id or uuid4().hex for text in texts]
    newest = {text_path(id): text for id, text in zip(ids, texts, strict=True)}
    if empty := [id for id, text in zip(ids, texts, strict=True) if not text.text.strip()]:
        raise InvalidInput(f"the text {empty[0]!r} is empty", "leave it out")
    uploads = [DocumentUpload(path, platform.blobs.put(text.text.encode())) for path, text in newest.items()]
    with platform.scope(principal.project_id) as connection:
        stored = store_documents(connection, base, uploads)
        set_metadata(connection, {document.id: newest[document.path].metadata for document in stored})
        settings = base_settings.get_settings(connection, base)
        live = find_live_index(platform, connection, principal.project_id, base)
    for document in stored:
        if document.state not in UNFINISHED_STATES:
            continue
        text = newest[document.path]
        parsed = ParsedDocument(
            str(text.metadata.get("title") or ""), (Section("", text.text),), media_type="text/plain"
        )
        parsed = ingestion.mask_document(parsed, settings.mask)
        prepared = ingestion.prepare(live.index, document, parsed, live.embedder)
        text_blob = platform.blobs.put(encode_parsed(parsed))
        with platform.scope(principal.project_id) as connection:
            ingestion.finish(connection, live.index, document, parsed, text_blob, prepared)
            if not parsed.title:
                named = update(documents).where(documents.c.id == document.id)
                connection.execute(named.values(title=text_id(document.path) or document.path))
    with platform.scope(principal.project_id) as connection:
        knowledge.update_index_version(connection, base)
        complete_indexes(connection, base)
    return ids


def get_texts(platform: Platform, principal: access.Principal, base: str, ids: Sequence[str]) -> list[KnowledgeText]:
    """Return the texts of a base with these ids, without those that do not exist."""
    paths = {text_path(id): id for id in ids}
    columns = [documents.c.path, documents.c.blob, documents.c.metadata]
    query = select(*columns).where(documents.c.base == base, documents.c.path.in_(list(paths)))
    with platform.scope(principal.project_id) as connection:
        rows = {row.path: row for row in connection.execute(query)}
    return [
        KnowledgeText(id=id, text=platform.blobs.get(rows[path].blob).decode(), metadata=rows[path].metadata)
        for path, id in paths.items()
        if path in rows
    ]


def delete_texts(platform: Platform, principal: access.Principal, base: str, ids: Sequence[str]) -> int:
    """Delete the texts of a base with these ids and return their number."""
    where = (documents.c.base == base) & documents.c.path.in_([text_path(id) for id in ids])
    with platform.scope(principal.project_id) as connection:
        deleted = connection.execute(delete(documents).where(where)).rowcount
        if deleted:
            knowledge.update_index_version(connection, base)
    return deleted


def search_texts(
    platform: Platform,
    principal: access.Principal,
    base: str,
    query: str,
    limit: int,
    filters: Mapping[str, Any] | None,
) -> list[FoundText]:
    """Return the passages of a base that match a query, with the metadata of their texts or files."""
    with platform.scope(principal.project_id) as connection:
        base_exists = any(known.name == base for known in knowledge.list_bases(connection))
    if not base_exists:
        return []
    outcome = search_bases(platform, principal, [base], StoreSearch((query,), filters, limit))
    return [
        FoundText(
            id=text_id(result.passage.path),
            path=result.passage.path,
            text=result.passage.context or result.passage.chunk.text,
            metadata=dict(result.attributes),
            score=result.score,
        )
        for result in outcome.results
    ]


def text_path(id: str) -> str:
    """Return the path of the document of a text. A long id is replaced by its hash."""
    encoded = quote(id, safe=" ")
    if len(encoded) > MAX_ID_CHARACTERS or encoded.strip(" .") != encoded:
        encoded = f"sha256-{hashlib.sha256(id.encode()).hexdigest()}"
    return f"{FOLDER}{encoded}.txt"


def text_id(path: str) -> str | None:
    """Return the id of the text with this path, or None for a file."""
    if not path.startswith(FOLDER) or not path.endswith(".txt"):
        return None
    return unquote(path.removeprefix(FOLDER).removesuffix(".txt"))
