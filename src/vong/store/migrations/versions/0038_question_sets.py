"""Add question sets, evaluations of retrieval, the documents of each index, and the history of index switches."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    _create_question_tables()
    _create_evaluation_tables()
    op.add_column("knowledge_indexes", sa.Column("reload", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "knowledge_index_documents",
        project_column(),
        sa.Column(
            "index_id", pg.UUID(as_uuid=True), sa.ForeignKey("knowledge_indexes.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column(
            "document_id",
            pg.UUID(as_uuid=True),
            sa.ForeignKey("knowledge_documents.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("hash", sa.Text, nullable=False),
        # Text of the document in this index, if the index loaded the files again.
        sa.Column("text_blob", sa.Text),
        sa.PrimaryKeyConstraint("index_id", "document_id", name="knowledge_index_documents_pk"),
        sa.Index("knowledge_index_documents_document_ix", "document_id"),
    )
    tenancy.protect("knowledge_index_documents")
    op.execute(
        "INSERT INTO knowledge_index_documents (project_id, index_id, document_id, hash) "
        "SELECT i.project_id, i.id, d.id, d.hash FROM knowledge_indexes i JOIN knowledge_documents d "
        "ON d.project_id = i.project_id AND d.base = i.base WHERE d.chunks > 0"
    )
    op.create_table(
        "knowledge_index_switches",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("previous", sa.Integer),
        sa.Column("reason", sa.Text),
        sa.Column("evidence", pg.JSONB, nullable=False),
        sa.Column("switched_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _belongs_to_base("knowledge_index_switches"),
    )
    op.create_index("knowledge_index_switches_base_ix", "knowledge_index_switches", ["project_id", "base", "id"])
    tenancy.protect("knowledge_index_switches")


def _create_question_tables() -> None:
    op.create_table(
        "knowledge_questions",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("answer", sa.Text),
        sa.Column("answerable", sa.Boolean, nullable=False),
        sa.Column("passages", pg.JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("origin", pg.JSONB, nullable=False),
        sa.Column("edited", sa.Boolean, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_by", sa.Text),
        sa.Column("reviewed_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("project_id", "base", "key"),
        _belongs_to_base("knowledge_questions"),
    )
    op.create_table(
        "knowledge_question_sets",
        project_column(),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("questions", pg.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "base", "number", name="knowledge_question_sets_pk"),
        sa.UniqueConstraint("project_id", "base", "hash"),
        _belongs_to_base("knowledge_question_sets"),
    )
    for table in ("knowledge_questions", "knowledge_question_sets"):
        tenancy.protect(table)


def _create_evaluation_tables() -> None:
    op.create_table(
        "knowledge_evaluations",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("index_number", sa.Integer, nullable=False),
        sa.Column("index_hash", sa.Text, nullable=False),
        sa.Column("question_set", sa.Integer, nullable=False),
        sa.Column("question_set_hash", sa.Text, nullable=False),
        sa.Column("settings", pg.JSONB, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("questions", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("metrics", pg.JSONB, nullable=False),
        sa.Column("cost", sa.BigInteger),
        sa.Column("warnings", pg.JSONB, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        _belongs_to_base("knowledge_evaluations"),
    )
    op.create_index("knowledge_evaluations_newest_ix", "knowledge_evaluations", ["project_id", "base", "id"])
    op.create_table(
        "knowledge_evaluation_results",
        project_column(),
        sa.Column(
            "evaluation_id",
            pg.UUID(as_uuid=True),
            sa.ForeignKey("knowledge_evaluations.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("question_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("passages", pg.JSONB, nullable=False),
        sa.Column("missing", pg.JSONB, nullable=False),
        sa.Column("scores", pg.JSONB, nullable=False),
        sa.Column("details", pg.JSONB, nullable=False),
        sa.Column("answer", sa.Text),
        sa.Column("span_id", pg.UUID(as_uuid=True)),
        sa.Column("cost", sa.BigInteger),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("evaluation_id", "position", name="knowledge_evaluation_results_pk"),
    )
    for table in ("knowledge_evaluations", "knowledge_evaluation_results"):
        tenancy.protect(table)


def _belongs_to_base(table: str) -> sa.ForeignKeyConstraint:
    """Return the constraint that deletes a row with its base."""
    return sa.ForeignKeyConstraint(
        ["project_id", "base"],
        ["knowledge_bases.project_id", "knowledge_bases.name"],
        name=f"{table}_base_fk",
        ondelete="CASCADE",
    )
