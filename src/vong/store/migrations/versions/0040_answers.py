"""Add the passages of answers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.create_table(
        "knowledge_answer_passages",
        project_column(),
        # Span of the whole answer, and span of the model call, if a model was called.
        sa.Column("answer_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("call_span_id", pg.UUID(as_uuid=True)),
        sa.Column("base", sa.Text, nullable=False),
        # No foreign keys: an answer remains when its document is indexed again or deleted.
        sa.Column("document_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("chunk_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("heading", sa.Text, nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("end", sa.Integer, nullable=False),
        sa.Column("cited", sa.Boolean, nullable=False),
        sa.Column("index_version", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "answer_id", "chunk_id", name="knowledge_answer_passages_pk"),
    )
    op.create_index("knowledge_answer_passages_base_ix", "knowledge_answer_passages", ["project_id", "base"])
    op.create_index("knowledge_answer_passages_call_ix", "knowledge_answer_passages", ["project_id", "call_span_id"])
    tenancy.protect("knowledge_answer_passages")
