"""Documents of knowledge bases, their chunks and retrieved passages."""

from datetime import datetime
from typing import Any
from uuid import UUID

from vong.records.record import Record


class Document(Record):
    """File of a knowledge base. `hash` is the sha256 of its bytes; `state` is `ready`, or `failed` with a `reason`."""

    id: UUID
    base: str
    path: str
    hash: str
    media_type: str
    title: str
    state: str
    reason: str | None = None
    chunks: int = 0
    characters: int = 0
    created_at: datetime


class Chunk(Record):
    """Part of a document.

    `start` and `end` are character offsets in the extracted text of the document. `heading` is the path of headings
    above the chunk.
    """

    id: UUID
    document_id: UUID
    position: int
    text: str
    heading: str = ""
    start: int
    end: int
    metadata: dict[str, Any] = {}


class RetrievedPassage(Record):
    """Chunk that retrieval returned for a query.

    `score` is the fused score, `similarity` the cosine similarity of the embeddings of chunk and query, in -1..1.
    `vector_rank` and `text_rank` are the ranks in the two rankings, from 1. Results are ordered best first.
    """

    chunk: Chunk
    path: str
    title: str
    score: float
    similarity: float
    vector_rank: int | None = None
    text_rank: int | None = None
