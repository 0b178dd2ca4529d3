"""SQL tables of indexes: versions, chunks, terms and attributes."""

import uuid
from datetime import datetime
from typing import Any

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from vong.records import Record
from vong.store.schema import project_table


def _index_column() -> Column[Any]:
    return Column(
        "index_id", UUID(as_uuid=True), ForeignKey("knowledge_indexes.id", ondelete="CASCADE"), nullable=False
    )


def _document_column() -> Column[Any]:
    return Column(
        "document_id", UUID(as_uuid=True), ForeignKey("knowledge_documents.id", ondelete="CASCADE"), nullable=False
    )


indexes = project_table(
    "knowledge_indexes",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("base", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("chunker", JSONB, nullable=False),
    Column("embedder", Text, nullable=False),
    Column("dimension", Integer, nullable=False),
    Column("distance", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("hash", Text, nullable=False, server_default=""),
    Column("chunks", Integer, nullable=False, server_default="0"),
    Column("tokens", BigInteger, nullable=False, server_default="0"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("reason", Text),
    Column("reload", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("project_id", "base", "number", name="knowledge_indexes_number_uq"),
    Index(
        "knowledge_indexes_live_ix",
        *("project_id", "base"),
        unique=True,
        postgresql_where=text("state = 'live'"),
    ),
)

chunks = project_table(
    "knowledge_chunks",
    Column("id", UUID(as_uuid=True), primary_key=True),
    _document_column(),
    Column("base", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("heading", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("embedding", HALFVEC),
    _index_column(),
    Column("number", Integer),
    Column("words", Integer, nullable=False, server_default="0"),
    Column("parent_id", UUID(as_uuid=True)),
    Column("tokens", Integer, nullable=False, server_default="0"),
    Column("page", Integer),
    Column("kind", Text, nullable=False, server_default="text"),
    Column("metadata", JSONB, nullable=False, server_default=text("'{}'")),
    Index("knowledge_chunks_document_ix", "document_id", "index_id", "position"),
    Index("knowledge_chunks_number_ix", "index_id", "number"),
)

terms = project_table(
    "knowledge_terms",
    _index_column(),
    Column("term", Text, nullable=False),
    Column("segment", Integer, nullable=False),
    Column("postings", LargeBinary, nullable=False),
    PrimaryKeyConstraint("index_id", "term", "segment", name="knowledge_terms_pk"),
    Index("knowledge_terms_segment_ix", "index_id", "segment"),
)

text_statistics = project_table(
    "knowledge_text_statistics",
    _index_column(),
    Column("next_number", Integer, nullable=False),
    Column("next_segment", Integer, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("words", BigInteger, nullable=False),
    Column("deleted", LargeBinary, nullable=False),
    Column("segments", JSONB, nullable=False),
    Column("languages", JSONB, nullable=False),
    PrimaryKeyConstraint("index_id", name="knowledge_text_statistics_pk"),
)

attributes = project_table(
    "knowledge_attributes",
    _document_column(),
    Column("base", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("text", Text),
    Column("number", Double),
    PrimaryKeyConstraint("document_id", "key", name="knowledge_attributes_pk"),
    Index("knowledge_attributes_text_ix", "project_id", "base", "key", "text", "document_id"),
    Index("knowledge_attributes_number_ix", "project_id", "base", "key", "number", "document_id"),
)

CHUNK_COLUMNS = [
    chunks.c[name]
    for name in (
        *("id", "document_id", "index_id", "parent_id", "position", "text", "heading", "start", "end"),
        *("tokens", "page", "kind", "metadata"),
    )
]
"""Columns of a `Chunk`."""


class KnowledgeIndex(Record):
    """Version of the chunks of a base: its chunker, embedding model and counts.

    `state` is `building`, `ready`, `live`, `retired` or `failed`. `reload` is true if the index was built from the
    files, loaded again, instead of from the texts that the documents have.
    """

    id: uuid.UUID
    base: str
    number: int
    chunker: dict[str, Any]
    embedder: str
    dimension: int
    distance: str = "cosine"
    state: str
    hash: str = ""
    chunks: int = 0
    tokens: int = 0
    created_at: datetime
    ended_at: datetime | None = None
    reason: str | None = None
    reload: bool = False
