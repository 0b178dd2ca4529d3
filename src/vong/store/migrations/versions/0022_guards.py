"""Create the guards of projects."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "gateway_guards",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("guards", pg.JSONB, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("gateway_guards_newest_ix", "gateway_guards", ["project_id", "id"])
    tenancy.protect("gateway_guards", grants="SELECT, INSERT")
