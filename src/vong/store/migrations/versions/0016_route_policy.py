"""Add the policy of a route. It is null if no policy is set: a call is then tried once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    for table in ("gateway_routes", "gateway_route_versions"):
        op.add_column(table, sa.Column("policy", pg.JSONB(none_as_null=True)))
