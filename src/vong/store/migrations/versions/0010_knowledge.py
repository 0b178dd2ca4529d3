"""Create the tables of knowledge: bases, documents, and chunks with vectors and full text."""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0010"
down_revision = "0009"

WORDS = "to_tsvector('simple', heading || ' ' || text) || to_tsvector('english', heading || ' ' || text)"


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.create_table(
        "knowledge_bases",
        project_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("index_version", sa.Text, nullable=False),
        sa.Column("embedder", sa.Text, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", name="knowledge_bases_pk"),
    )
    op.create_table(
        "knowledge_documents",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("chunks", sa.Integer, nullable=False),
        sa.Column("characters", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("project_id", "base", "path"),
    )
    op.create_table(
        "knowledge_chunks",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column(
            "document_id",
            pg.UUID(as_uuid=True),
            sa.ForeignKey("knowledge_documents.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("heading", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("end", sa.Integer, nullable=False),
        sa.Column("embedding", HALFVEC(384), nullable=False),
        sa.Column("words", pg.TSVECTOR, sa.Computed(WORDS, persisted=True)),
    )
    op.create_index("knowledge_chunks_document_id_ix", "knowledge_chunks", ["document_id"])
    op.create_index("knowledge_chunks_project_id_base_ix", "knowledge_chunks", ["project_id", "base"])
    op.create_index("knowledge_chunks_words_ix", "knowledge_chunks", ["words"], postgresql_using="gin")
    op.create_index(
        "knowledge_chunks_embedding_ix",
        "knowledge_chunks",
        ["embedding"],
        postgresql_using="hnsw",
        postgresql_with={"m": 16, "ef_construction": 64},
        postgresql_ops={"embedding": "halfvec_cosine_ops"},
    )
    for table in ("knowledge_bases", "knowledge_documents", "knowledge_chunks"):
        tenancy.protect(table)
