"""Create the tables of registry: model versions and alias changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "registry_versions",
        project_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("files", pg.JSONB, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("licence", sa.Text),
        sa.Column("chat_template", sa.Text),
        sa.Column("base", sa.Text),
        sa.Column("dataset", sa.Text),
        sa.Column("run", pg.UUID(as_uuid=True)),
        sa.Column("metadata", pg.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", "hash", name="registry_versions_pk"),
        sa.UniqueConstraint("project_id", "name", "number", name="registry_versions_number_uq"),
    )
    op.create_index("registry_versions_dataset_ix", "registry_versions", ["project_id", "dataset"])
    op.create_index("registry_versions_base_ix", "registry_versions", ["project_id", "base"])
    tenancy.protect("registry_versions", grants="SELECT, INSERT")
    op.create_table(
        "registry_aliases",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("alias", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("evidence", pg.JSONB, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("moved_by", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("registry_aliases_name_ix", "registry_aliases", ["project_id", "name", "alias", "id"])
    tenancy.protect("registry_aliases", grants="SELECT, INSERT")
