"""Add vector stores of OpenAI's API, and the knowledge bases that a key may read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.add_column("access_keys", sa.Column("bases", pg.ARRAY(sa.Text), nullable=False, server_default="{}"))
    # Chunker of a document, in place of that of the live index.
    op.add_column("knowledge_documents", sa.Column("chunker", pg.JSONB(none_as_null=True)))
    op.create_table(
        "knowledge_vector_stores",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("description", sa.Text),
        sa.Column("metadata", pg.JSONB, nullable=False),
        sa.Column("chunking", pg.JSONB(none_as_null=True)),
        sa.Column("expires_after_days", sa.Integer),
        sa.Column("last_active_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("project_id", "base", name="knowledge_vector_stores_base_uq"),
        sa.ForeignKeyConstraint(
            ["project_id", "base"],
            ["knowledge_bases.project_id", "knowledge_bases.name"],
            name="knowledge_vector_stores_base_fk",
            ondelete="CASCADE",
            onupdate="CASCADE",
        ),
    )
    op.create_table(
        "knowledge_vector_store_batches",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("store_id", pg.UUID(as_uuid=True), _reference("knowledge_vector_stores"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "knowledge_vector_store_files",
        project_column(),
        sa.Column("store_id", pg.UUID(as_uuid=True), _reference("knowledge_vector_stores"), nullable=False),
        # Uploaded file, or the document itself if it was added in another way.
        sa.Column("file_id", pg.UUID(as_uuid=True), nullable=False),
        # Null after the file was cancelled. The document then no longer exists.
        sa.Column("document_id", pg.UUID(as_uuid=True), _reference("knowledge_documents")),
        sa.Column("batch_id", pg.UUID(as_uuid=True), _reference("knowledge_vector_store_batches")),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("chunking", pg.JSONB(none_as_null=True)),
        sa.Column("error", pg.JSONB(none_as_null=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "file_id", name="knowledge_vector_store_files_pk"),
        sa.UniqueConstraint("document_id", name="knowledge_vector_store_files_document_uq"),
    )
    op.create_index("knowledge_vector_store_files_file_ix", "knowledge_vector_store_files", ["file_id"])
    op.create_index("knowledge_vector_store_files_batch_ix", "knowledge_vector_store_files", ["batch_id"])
    op.create_index("knowledge_vector_store_batches_store_ix", "knowledge_vector_store_batches", ["store_id"])
    for table in ("stores", "store_batches", "store_files"):
        tenancy.protect(f"knowledge_vector_{table}")


def _reference(table: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
