"""Create the append-only table of feedback scores."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "feedback_scores",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("span_id", pg.UUID(as_uuid=True)),
        sa.Column("example", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("comment", sa.Text),
        sa.Column("correction", sa.Text),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("author", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("route", sa.Text),
        sa.Column("model", sa.Text),
        sa.Column("model_version", sa.Text),
        sa.PrimaryKeyConstraint("project_id", "id", name="feedback_scores_pk"),
    )
    op.create_index("feedback_scores_span_ix", "feedback_scores", ["project_id", "span_id"])
    op.create_index("feedback_scores_newest_ix", "feedback_scores", ["project_id", "created_at", "id"])
    tenancy.protect("feedback_scores", grants="SELECT, INSERT")
