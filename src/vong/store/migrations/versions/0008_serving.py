"""Create the tables of serving: desired deployments and engine processes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "serving_deployments",
        project_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("engine", sa.Text, nullable=False),
        sa.Column("group", sa.Text, nullable=False),
        sa.Column("wanted", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("settings", pg.JSONB, nullable=False),
        sa.Column("parity", pg.JSONB),
        sa.Column("job", pg.UUID(as_uuid=True)),
        sa.Column("dataset", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", name="serving_deployments_pk"),
    )
    tenancy.protect("serving_deployments")
    op.create_table(
        "serving_engines",
        project_column(),
        sa.Column("group", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("restart", sa.Boolean, nullable=False),
        sa.Column("launch", pg.UUID(as_uuid=True)),
        sa.Column("url", sa.Text),
        sa.Column("token", sa.Text),
        sa.Column("pid", sa.Integer),
        sa.Column("started", sa.Float),
        sa.Column("memory", sa.BigInteger),
        sa.Column("restarts", sa.Integer, nullable=False),
        sa.Column("failures", pg.JSONB, nullable=False),
        sa.Column("launched_at", sa.DateTime(timezone=True)),
        sa.Column("retry_at", sa.DateTime(timezone=True)),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("project_id", "group", name="serving_engines_pk"),
    )
    tenancy.protect("serving_engines")
