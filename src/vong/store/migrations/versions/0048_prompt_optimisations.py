"""Add optimisations of prompts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    op.create_table(
        "prompts_optimisations",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("settings", pg.JSONB, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("rows", pg.JSONB, nullable=False),
        sa.Column("candidates", pg.JSONB, nullable=False),
        sa.Column("result", pg.JSONB(none_as_null=True)),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("cost", sa.BigInteger),
        sa.Column("warnings", pg.JSONB, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
    )
    op.create_index("prompts_optimisations_newest_ix", "prompts_optimisations", ["project_id", "prompt", "id"])
    tenancy.protect("prompts_optimisations")
