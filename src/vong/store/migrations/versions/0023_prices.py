"""Create custom prices of projects."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "gateway_prices",
        project_column(),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("price", pg.JSONB, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "target", name="gateway_prices_pk"),
    )
    tenancy.protect("gateway_prices")
