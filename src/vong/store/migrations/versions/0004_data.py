"""Create the append-only tables of data: dataset versions and their health reports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "data_versions",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("blob", sa.Text, nullable=False),
        sa.Column("parents", pg.JSONB, nullable=False),
        sa.Column("operation", pg.JSONB, nullable=False),
        sa.Column("splits", pg.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("project_id", "name", "hash"),
        sa.UniqueConstraint("project_id", "name", "number"),
    )
    tenancy.protect("data_versions", grants="SELECT, INSERT")
    op.create_table(
        "data_reports",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("version_id", pg.UUID(as_uuid=True), sa.ForeignKey("data_versions.id"), nullable=False, index=True),
        sa.Column("settings", pg.JSONB, nullable=False),
        sa.Column("blob", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    tenancy.protect("data_reports", grants="SELECT, INSERT")
