"""Create the tables of experiments: runs and metrics."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "experiments_runs",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("recipe", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("model", sa.Text),
        sa.Column("job_id", pg.UUID(as_uuid=True)),
        sa.Column("settings", pg.JSONB, nullable=False),
        sa.Column("summary", pg.JSONB, nullable=False),
        sa.Column("warnings", pg.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
    )
    op.create_index("experiments_runs_project_ix", "experiments_runs", ["project_id", "id"])
    tenancy.protect("experiments_runs")
    op.create_table(
        "experiments_metrics",
        project_column(),
        sa.Column(
            "run_id",
            pg.UUID(as_uuid=True),
            sa.ForeignKey("experiments_runs.id", name="experiments_metrics_run_id_fk", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("entry", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "name", "step", name="experiments_metrics_pk"),
    )
    op.create_index("experiments_metrics_entry_ix", "experiments_metrics", ["run_id", "entry"])
    tenancy.protect("experiments_metrics")
