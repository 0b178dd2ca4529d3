"""Documents that answers can cite, and the passages found in them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from vong.records.record import Record


class Document(Record):
    """A file of a knowledge base. `hash` is the sha256 of its bytes; `state` is `ready` or `failed` with a `reason`."""

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
    """A passage of a document. `start` and `end` count characters of the document's extracted text; `heading` is the
    path of headings above it.
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
    """A chunk found for a query, best first. `score` is the fused score, `similarity` the cosine similarity of its
    embedding with the query's, in -1..1; `vector_rank` and `text_rank` are its places in the two rankings, from 1.
    """

    chunk: Chunk
    path: str
    title: str
    score: float
    similarity: float
    vector_rank: int | None = None
    text_rank: int | None = None
