"""Create the tables of sample generations of training runs: the prompts of a run, and the outputs of each step."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "experiments_prompts",
        project_column(),
        _run_column("experiments_prompts"),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("base_output", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "number", name="experiments_prompts_pk"),
    )
    tenancy.protect("experiments_prompts")
    op.create_table(
        "experiments_samples",
        project_column(),
        _run_column("experiments_samples"),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("output", sa.Text, nullable=False),
        sa.Column("scores", pg.JSONB, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "step", "number", name="experiments_samples_pk"),
    )
    tenancy.protect("experiments_samples")


def _run_column(table: str) -> sa.Column[object]:
    reference = sa.ForeignKey("experiments_runs.id", name=f"{table}_run_id_fk", ondelete="CASCADE")
    return sa.Column("run_id", pg.UUID(as_uuid=True), reference, nullable=False)
