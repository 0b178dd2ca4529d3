"""Documents of knowledge bases, their chunks and retrieved passages."""

from datetime import datetime
from typing import Any
from uuid import UUID

from vong.records.record import Record


class Document(Record):
    """File of a knowledge base.

    `hash` is the sha256 of the indexed bytes and `blob` that of the newest upload. `state` is `pending`, `loading`,
    `indexing`, `ready` or `failed`. `reason` and `hint` state why the newest upload failed; if an earlier version is
    still indexed, the state is `ready`. `notes` state what was guessed or left out. `chunker` replaces the chunker of
    the live index.
    """

    id: UUID
    base: str
    path: str
    source_id: UUID | None = None
    hash: str
    blob: str = ""
    media_type: str = ""
    title: str
    language: str = ""
    metadata: dict[str, Any] = {}
    chunker: dict[str, Any] | None = None
    state: str
    reason: str | None = None
    hint: str | None = None
    notes: tuple[str, ...] = ()
    pages: int | None = None
    pages_done: int = 0
    chunks: int = 0
    characters: int = 0
    text_blob: str | None = None
    created_at: datetime
    updated_at: datetime | None = None


class Chunk(Record):
    """Part of a document in an index.

    `start` and `end` are character offsets in the extracted text of the document. `heading` is the path of headings
    above the chunk. `kind` is that of its section (`text`, `table`, `code`, `list`), or `parent` for a chunk that is
    returned with its parts and not searched itself.
    """

    id: UUID
    document_id: UUID
    index_id: UUID | None = None
    parent_id: UUID | None = None
    position: int
    text: str
    heading: str = ""
    start: int
    end: int
    tokens: int = 0
    page: int | None = None
    kind: str = "text"
    metadata: dict[str, Any] = {}


class RetrievedPassage(Record):
    """Chunk that retrieval returned for a query.

    `score` is the score by which passages are ordered, best first; `fusion_score` and `rerank_score` are those of the
    two last steps. `similarity` is the cosine similarity of the embeddings of chunk and query, in -1..1, and
    `text_score` the BM25 score; `vector_rank` and `text_rank` are the ranks in the two searches, from 1. `context` is
    the text of the parent or of the neighbours with the chunk, or empty.
    """

    chunk: Chunk
    path: str
    title: str
    score: float
    similarity: float
    text_score: float | None = None
    vector_rank: int | None = None
    text_rank: int | None = None
    fusion_score: float | None = None
    rerank_score: float | None = None
    context: str = ""
