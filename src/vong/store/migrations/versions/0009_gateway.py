"""Create the tables of gateway: routes and all their versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "gateway_routes",
        project_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("targets", pg.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", name="gateway_routes_pk"),
    )
    tenancy.protect("gateway_routes")
    op.create_table(
        "gateway_route_versions",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("targets", pg.JSONB, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("gateway_route_versions_name_ix", "gateway_route_versions", ["name"])
    tenancy.protect("gateway_route_versions", grants="SELECT, INSERT")
