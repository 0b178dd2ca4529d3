"""Create the tables of loop: canaries and the scores that each has counted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "loop_canaries",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("candidate", sa.Text, nullable=False),
        sa.Column("share", sa.Double, nullable=False),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("rules", pg.JSONB, nullable=False),
        sa.Column("before", pg.JSONB, nullable=False),
        sa.Column("route_version", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("decided_by", sa.Text),
        sa.Column("model", sa.Text),
        sa.Column("evidence", pg.JSONB),
        sa.Column("trail", pg.JSONB, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "loop_canaries_running",
        "loop_canaries",
        ["project_id", "route"],
        unique=True,
        postgresql_where=sa.text("status = 'running'"),
    )
    tenancy.protect("loop_canaries", grants="SELECT, INSERT, UPDATE")
    op.create_table(
        "loop_scores",
        project_column(),
        sa.Column(
            "canary_id", pg.UUID(as_uuid=True), sa.ForeignKey("loop_canaries.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("score_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("span_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("canary_id", "position", name="loop_scores_pk"),
        sa.UniqueConstraint("canary_id", "span_id"),
    )
    tenancy.protect("loop_scores", grants="SELECT, INSERT")
