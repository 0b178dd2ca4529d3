"""Add attack sets and red team runs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    op.create_table(
        "prompts_red_team_sets",
        project_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("attacks", pg.JSONB, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", name="prompts_red_team_sets_pk"),
    )
    op.create_table(
        "prompts_red_team_runs",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("subject", pg.JSONB, nullable=False),
        sa.Column("settings", pg.JSONB, nullable=False),
        sa.Column("sets", pg.JSONB, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attacks", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("report", pg.JSONB),
        sa.Column("cost", sa.BigInteger),
        sa.Column("warnings", pg.JSONB, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
    )
    op.create_index("prompts_red_team_runs_newest_ix", "prompts_red_team_runs", ["project_id", "target", "id"])
    op.create_table(
        "prompts_red_team_results",
        project_column(),
        sa.Column(
            "run_id",
            pg.UUID(as_uuid=True),
            sa.ForeignKey("prompts_red_team_runs.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("attack", pg.JSONB, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("evidence", sa.Text),
        sa.Column("answer", sa.Text),
        sa.Column("blocked_by", sa.Text),
        sa.Column("span_id", pg.UUID(as_uuid=True)),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("run_id", "position", name="prompts_red_team_results_pk"),
    )
    for table in ("prompts_red_team_sets", "prompts_red_team_runs", "prompts_red_team_results"):
        tenancy.protect(table)
