"""Add eval suites and their runs, and what eval runs record about truncated outputs and their source."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.add_column("evals_outputs", sa.Column("finish_reason", sa.Text))
    op.add_column("evals_runs", sa.Column("truncated", sa.Integer, nullable=False, server_default="0"))
    _add_scorer_columns()
    op.add_column("evals_runs", sa.Column("suite_run", pg.UUID(as_uuid=True)))
    op.add_column("evals_runs", sa.Column("source", sa.Text))
    op.create_index("evals_runs_suite_run_ix", "evals_runs", ["suite_run"])
    op.create_table(
        "evals_suites",
        project_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("entries", pg.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", "number", name="evals_suites_pk"),
    )
    tenancy.protect("evals_suites")
    op.create_table(
        "evals_suite_runs",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("suite", sa.Text, nullable=False),
        sa.Column("suite_name", sa.Text, nullable=False),
        sa.Column("suite_hash", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("passed", sa.Boolean),
        sa.Column("options", pg.JSONB, nullable=False),
        sa.Column("runs", pg.JSONB, nullable=False),
        sa.Column("metrics", pg.JSONB, nullable=False),
        sa.Column("checks", pg.JSONB, nullable=False),
        sa.Column("slices", pg.JSONB, nullable=False),
        sa.Column("examples", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("truncated", sa.Integer, nullable=False),
        sa.Column("input_tokens", sa.BigInteger, nullable=False),
        sa.Column("output_tokens", sa.BigInteger, nullable=False),
        sa.Column("cost", sa.BigInteger),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
    )
    op.create_index("evals_suite_runs_newest", "evals_suite_runs", ["project_id", "suite_name", "id"])
    tenancy.protect("evals_suite_runs")


def _add_scorer_columns() -> None:
    """Add the whole message of an output, the explanations of its scores, and warnings."""
    op.add_column("evals_outputs", sa.Column("message", pg.JSONB(none_as_null=True)))
    op.add_column("evals_outputs", sa.Column("samples", pg.JSONB(none_as_null=True)))
    op.add_column("evals_outputs", sa.Column("details", pg.JSONB, nullable=False, server_default=sa.text("'{}'")))
    op.add_column("evals_outputs", sa.Column("warnings", pg.JSONB, nullable=False, server_default=sa.text("'[]'")))
    op.add_column("evals_runs", sa.Column("warnings", pg.JSONB, nullable=False, server_default=sa.text("'[]'")))
