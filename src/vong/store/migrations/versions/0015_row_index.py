"""Create the row index: the range of dataset versions that contain each row."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "data_rows",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True, server_default=sa.text("gen_random_uuid()")),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("made_from", sa.LargeBinary, nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("first", sa.Integer, nullable=False),
        sa.Column("last", sa.Integer, nullable=False),
    )
    op.create_index("data_rows_hash_ix", "data_rows", ["project_id", "hash"])
    op.create_index("data_rows_made_from_ix", "data_rows", ["project_id", "made_from"])
    op.create_index("data_rows_name_ix", "data_rows", ["project_id", "name", "last"])
    tenancy.protect("data_rows", grants="SELECT, INSERT, UPDATE")
    op.create_table(
        "data_indexed",
        project_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", name="data_indexed_pk"),
    )
    tenancy.protect("data_indexed", grants="SELECT, INSERT, UPDATE")
    op.create_index(
        "data_versions_parents_ix",
        "data_versions",
        ["parents"],
        postgresql_using="gin",
        postgresql_ops={"parents": "jsonb_path_ops"},
    )
