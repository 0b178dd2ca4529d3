"""Add the counters of the messages of chat pages."""

import sqlalchemy as sa
from alembic import op

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    op.create_table(
        "pipelines_page_messages",
        project_column(),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("minute", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "slug", "subject", "minute", name="pipelines_page_messages_pk"),
    )
    tenancy.protect("pipelines_page_messages")
