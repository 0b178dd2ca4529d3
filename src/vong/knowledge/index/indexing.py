"""Indexing of a parsed document: chunk, embed and store it in one index."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from vong.knowledge import tables
from vong.knowledge.index import bm25
from vong.knowledge.index.analysis import analyze_texts, stemmer_language
from vong.knowledge.index.attributes import store_attributes
from vong.knowledge.index.chunkers import ChunkDraft, chunk_document
from vong.knowledge.index.contents import record_indexed
from vong.knowledge.index.embedders import Embedder
from vong.knowledge.index.indexes import count_chunks
from vong.knowledge.index.tables import KnowledgeIndex, chunks
from vong.knowledge.loading.document import ParsedDocument
from vong.records import Document, new_id

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_HEADING_CHARACTERS = 150
"""Characters of title and heading that are embedded with a chunk: about the tokens left for them."""
INSERT_ROWS = 500
"""Chunks stored by one statement."""


class PreparedDocument(NamedTuple):
    """Chunks of a document and the vectors of those that are searched."""

    drafts: list[ChunkDraft]
    vectors: "NDArray[np.float32]"


def index_document(
    connection: Connection, index: KnowledgeIndex, document: Document, parsed: ParsedDocument, embedder: Embedder
) -> int:
    """Chunk, embed and store a document in an index, replacing its earlier chunks there. Returns the number of chunks.

    Embedding takes most of the time. A caller that must not hold its transaction meanwhile calls `prepare_document`
    first and `store_prepared` in the transaction.
    """
    return store_prepared(connection, index, document, parsed, prepare_document(index, parsed, embedder))


def prepare_document(index: KnowledgeIndex, parsed: ParsedDocument, embedder: Embedder) -> PreparedDocument:
    """Return the chunks of a document with their vectors. Needs no database connection."""
    drafts = chunk_document(parsed, index.chunker, embedder.token_counts, embedder.max_tokens)
    # Title and heading path are embedded too, because they give a short section its context: "Refunds > Limits".
    vectors = embedder.embed_passages(
        [embedded_text(parsed.title, draft) for draft in drafts if draft.kind != "parent"]
    )
    return PreparedDocument(drafts, vectors)


def embedded_text(title: str, draft: ChunkDraft) -> str:
    """Return the text of a chunk as it is embedded and searched: with title and heading path."""
    heading = draft.heading if draft.heading.startswith(title) else f"{title}\n{draft.heading}".strip()
    parts = [heading[:MAX_HEADING_CHARACTERS], draft.prefix, draft.text]
    return "\n".join(part for part in parts if part and (part is draft.text or part != draft.text))


def store_prepared(
    connection: Connection,
    index: KnowledgeIndex,
    document: Document,
    parsed: ParsedDocument,
    prepared: PreparedDocument,
) -> int:
    """Store the chunks of a document in an index, replacing its earlier chunks there. Returns the number of chunks."""
    connection.execute(delete(chunks).where(chunks.c.document_id == document.id, chunks.c.index_id == index.id))
    searched = [draft for draft in prepared.drafts if draft.kind != "parent"]
    language = stemmer_language(parsed.language or document.language)
    texts = analyze_texts(connection, [embedded_text(parsed.title, draft) for draft in searched], language)
    numbers = bm25.add_texts(connection, index.id, texts, language) if texts else range(0)
    rows = _chunk_rows(index, document, parsed, prepared)
    store_attributes(connection, document.id, document.base, _built_in_metadata(document, parsed) | document.metadata)
    position = 0
    for row in rows:
        if row["kind"] != "parent":
            row |= {"number": numbers[position], "words": texts[position].words}
            position += 1
    for start in range(0, len(rows), INSERT_ROWS):
        connection.execute(insert(chunks), rows[start : start + INSERT_ROWS])
    count_chunks(connection, index.id, len(searched), sum(draft.tokens for draft in searched))
    record_indexed(connection, index.id, document.id, document.hash)
    if index.state == "live":
        values = {"chunks": len(searched)}
        connection.execute(update(tables.documents).where(tables.documents.c.id == document.id).values(values))
    bm25.remove_deleted(connection, index.id)
    return len(searched)


def _chunk_rows(
    index: KnowledgeIndex, document: Document, parsed: ParsedDocument, prepared: PreparedDocument
) -> list[dict[str, Any]]:
    ids = [new_id() for _ in prepared.drafts]
    vectors = iter(prepared.vectors)
    metadata = {
        **_built_in_metadata(document, parsed),
        **document.metadata,
    }
    return [
        {
            "id": chunk_id,
            "document_id": document.id,
            "base": index.base,
            "index_id": index.id,
            "position": position,
            "heading": draft.heading,
            "text": draft.text,
            "start": draft.start,
            "end": draft.end,
            "embedding": None if draft.kind == "parent" else next(vectors).tolist(),
            "number": None,
            "words": 0,
            "parent_id": None if draft.parent is None else ids[draft.parent],
            "tokens": draft.tokens,
            "page": draft.page,
            "kind": draft.kind,
            "metadata": _chunk_metadata(draft) | metadata | ({"prefix": draft.prefix} if draft.prefix else {}),
        }
        for position, (chunk_id, draft) in enumerate(zip(ids, prepared.drafts, strict=True))
    ]


def _chunk_metadata(draft: ChunkDraft) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": draft.kind}
    if draft.page is not None:
        found["page"] = draft.page
    if draft.prefix:
        found["prefix"] = draft.prefix
    return found


def _built_in_metadata(document: Document, parsed: ParsedDocument) -> dict[str, Any]:
    return {
        "path": document.path,
        "title": parsed.title,
        "language": parsed.language or document.language,
        "media_type": document.media_type,
    }


def build_text_index(connection: Connection, index_id: UUID, batch: int = 2000) -> int:
    """Index the chunks that have no number yet, as those from before index versions. Returns their number."""
    query = (
        select(chunks.c.id, tables.documents.c.title, tables.documents.c.language, chunks.c.heading, chunks.c.text)
        .join(tables.documents, tables.documents.c.id == chunks.c.document_id)
        .where(chunks.c.index_id == index_id, chunks.c.number.is_(None), chunks.c.kind != "parent")
    )
    total = 0
    while rows := connection.execute(query.limit(batch)).all():
        by_language: dict[str, list[Any]] = {}
        for row in rows:
            by_language.setdefault(stemmer_language(row.language or "en"), []).append(row)
        for language, members in by_language.items():
            _number_chunks(connection, index_id, members, language)
        total += len(rows)
    return total


def _number_chunks(connection: Connection, index_id: UUID, rows: Sequence[Any], language: str) -> None:
    texts = analyze_texts(connection, [f"{row.title}\n{row.heading}\n{row.text}" for row in rows], language)
    numbers = bm25.add_texts(connection, index_id, texts, language)
    for row, number, entry in zip(rows, numbers, texts, strict=True):
        values: Mapping[str, Any] = {"number": number, "words": entry.words}
        connection.execute(update(chunks).where(chunks.c.id == row.id).values(values))
