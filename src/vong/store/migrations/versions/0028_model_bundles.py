"""Add the bundle of hashes and the exports of model versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.add_column("registry_versions", sa.Column("bundle", pg.JSONB))
    op.create_table(
        "registry_exports",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("quantization", sa.Text),
        sa.Column("files", pg.JSONB, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("parity", pg.JSONB(none_as_null=True)),
        sa.Column("measurement", pg.JSONB(none_as_null=True)),
        sa.Column("notes", pg.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("registry_exports_version_ix", "registry_exports", ["project_id", "name", "hash", "id"])
    tenancy.protect("registry_exports")
