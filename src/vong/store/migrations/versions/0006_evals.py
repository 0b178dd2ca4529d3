"""Create the tables of evals: runs and model outputs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "evals_runs",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("split", sa.Text, nullable=False),
        sa.Column("scorers", pg.JSONB, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("examples", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("scores", pg.JSONB, nullable=False),
        sa.Column("signatures", pg.JSONB, nullable=False),
        sa.Column("settings", pg.JSONB, nullable=False),
        sa.Column("latency_p50", sa.Double),
        sa.Column("latency_p95", sa.Double),
        sa.Column("input_tokens", sa.BigInteger, nullable=False),
        sa.Column("output_tokens", sa.BigInteger, nullable=False),
        sa.Column("cost", sa.BigInteger),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
    )
    op.create_index("evals_runs_newest", "evals_runs", ["project_id", "id"])
    tenancy.protect("evals_runs")
    op.create_table(
        "evals_answers",
        project_column(),
        sa.Column("run_id", pg.UUID(as_uuid=True), sa.ForeignKey("evals_runs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("example", sa.Text, nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("span_id", pg.UUID(as_uuid=True)),
        sa.Column("latency_ms", sa.Double, nullable=False),
        sa.Column("input_tokens", sa.BigInteger),
        sa.Column("output_tokens", sa.BigInteger),
        sa.Column("cost", sa.BigInteger),
        sa.Column("scores", pg.JSONB, nullable=False),
        sa.Column("statistics", pg.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "position", name="evals_answers_pk"),
    )
    tenancy.protect("evals_answers")
