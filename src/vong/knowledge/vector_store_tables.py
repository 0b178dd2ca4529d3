"""SQL tables of vector stores."""

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from vong.store.schema import project_table

stores = project_table(
    "knowledge_vector_stores",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("base", Text, nullable=False),
    Column("name", Text),
    Column("description", Text),
    Column("metadata", JSONB, nullable=False),
    Column("chunking", JSONB(none_as_null=True)),
    Column("expires_after_days", Integer),
    Column("last_active_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("project_id", "base", name="knowledge_vector_stores_base_uq"),
    ForeignKeyConstraint(
        ["project_id", "base"],
        ["knowledge_bases.project_id", "knowledge_bases.name"],
        name="knowledge_vector_stores_base_fk",
        ondelete="CASCADE",
        onupdate="CASCADE",
    ),
)

batches = project_table(
    "knowledge_vector_store_batches",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column(
        "store_id", UUID(as_uuid=True), ForeignKey("knowledge_vector_stores.id", ondelete="CASCADE"), nullable=False
    ),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("cancelled_at", DateTime(timezone=True)),
    Index("knowledge_vector_store_batches_store_ix", "store_id"),
)

files = project_table(
    "knowledge_vector_store_files",
    Column(
        "store_id", UUID(as_uuid=True), ForeignKey("knowledge_vector_stores.id", ondelete="CASCADE"), nullable=False
    ),
    Column("file_id", UUID(as_uuid=True), nullable=False),
    Column("document_id", UUID(as_uuid=True), ForeignKey("knowledge_documents.id", ondelete="CASCADE")),
    Column("batch_id", UUID(as_uuid=True), ForeignKey("knowledge_vector_store_batches.id", ondelete="CASCADE")),
    Column("filename", Text, nullable=False),
    Column("chunking", JSONB(none_as_null=True)),
    Column("error", JSONB(none_as_null=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("store_id", "file_id", name="knowledge_vector_store_files_pk"),
    UniqueConstraint("document_id", name="knowledge_vector_store_files_document_uq"),
    Index("knowledge_vector_store_files_file_ix", "file_id"),
    Index("knowledge_vector_store_files_batch_ix", "batch_id"),
)
