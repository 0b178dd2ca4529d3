"""Add the measured speed of engines, from which the price of their tokens is computed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.add_column("serving_engines", sa.Column("speed", pg.JSONB, nullable=False, server_default=sa.text("'{}'")))
