"""A route may be a tree of targets: null where it is a plain list, as before."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    for table in ("gateway_routes", "gateway_route_versions"):
        op.add_column(table, sa.Column("tree", pg.JSONB(none_as_null=True)))
