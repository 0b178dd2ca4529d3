"""Add states, pages and parsed texts of documents, and settings of knowledge bases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.add_column("knowledge_bases", sa.Column("settings", pg.JSONB, nullable=False, server_default=sa.text("'{}'")))
    for column in (
        sa.Column("source_id", pg.UUID(as_uuid=True)),
        # The newest upload. It differs from `hash` while that is pending, and after it failed.
        sa.Column("blob", sa.Text),
        sa.Column("language", sa.Text, nullable=False, server_default=""),
        sa.Column("hint", sa.Text),
        sa.Column("notes", pg.JSONB, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("pages", sa.Integer),
        sa.Column("pages_done", sa.Integer, nullable=False, server_default="0"),
        sa.Column("text_blob", sa.Text),
        sa.Column("updated_at", sa.DateTime(timezone=True)),
    ):
        op.add_column("knowledge_documents", column)
    op.execute("UPDATE knowledge_documents SET blob = hash, updated_at = created_at")
    op.alter_column("knowledge_documents", "blob", nullable=False)
    op.alter_column("knowledge_documents", "updated_at", nullable=False)
    op.create_index(
        "knowledge_documents_pending_ix",
        "knowledge_documents",
        ["project_id", "base", "path"],
        postgresql_where=sa.text("state IN ('pending', 'loading', 'indexing')"),
    )
    op.create_index("knowledge_documents_source_ix", "knowledge_documents", ["project_id", "source_id"])
