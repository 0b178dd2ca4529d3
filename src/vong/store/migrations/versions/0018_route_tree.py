"""Add the routing tree of a route. It is null if the route is a list of targets."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    for table in ("gateway_routes", "gateway_route_versions"):
        op.add_column(table, sa.Column("tree", pg.JSONB(none_as_null=True)))
