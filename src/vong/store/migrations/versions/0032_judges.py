"""Add judges, their judgements, their calibrations, and labels of people for outputs of evaluation runs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.create_table(
        "evals_judges",
        project_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("definition", pg.JSONB, nullable=False),
        sa.Column("current", sa.Boolean, nullable=False),
        sa.Column("tuning", pg.JSONB(none_as_null=True)),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", "version", name="evals_judges_pk"),
    )
    op.create_index(
        "evals_judges_current", "evals_judges", ["project_id", "name"], unique=True, postgresql_where=sa.text("current")
    )
    tenancy.protect("evals_judges")
    op.create_table(
        "evals_judgements",
        project_column(),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("input_hash", sa.Text, nullable=False),
        sa.Column("judgement", pg.JSONB, nullable=False),
        sa.Column("span_ids", pg.ARRAY(pg.UUID(as_uuid=True)), nullable=False),
        sa.Column("cost", sa.BigInteger),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "version", "input_hash", name="evals_judgements_pk"),
    )
    tenancy.protect("evals_judgements")
    op.create_table(
        "evals_calibrations",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("judge", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("settings", pg.JSONB, nullable=False),
        sa.Column("labels", sa.Integer, nullable=False),
        sa.Column("kappa", sa.Double),
        sa.Column("low", sa.Double),
        sa.Column("high", sa.Double),
        sa.Column("can_gate", sa.Boolean, nullable=False),
        sa.Column("report", pg.JSONB(none_as_null=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
    )
    op.create_index("evals_calibrations_newest", "evals_calibrations", ["project_id", "judge", "id"])
    tenancy.protect("evals_calibrations")
    _create_labels()


def _create_labels() -> None:
    op.create_table(
        "evals_labels",
        project_column(),
        sa.Column("run_id", pg.UUID(as_uuid=True), sa.ForeignKey("evals_runs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("levels", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "position", "author", name="evals_labels_pk"),
    )
    tenancy.protect("evals_labels")
