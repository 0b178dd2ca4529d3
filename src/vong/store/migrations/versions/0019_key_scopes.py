"""Add scope, labels and the previous secret of keys, and the delegated keys of jobs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    for name in ("models", "shapes", "tags"):
        op.add_column("access_keys", sa.Column(name, pg.ARRAY(sa.Text), nullable=False, server_default="{}"))
    for name in ("user", "previous_prefix"):
        op.add_column("access_keys", sa.Column(name, sa.Text))
    op.add_column("access_keys", sa.Column("previous_hash", sa.LargeBinary))
    op.create_unique_constraint("access_keys_previous_hash_uq", "access_keys", ["previous_hash"])
    for name in ("rotated_at", "previous_until", "previous_used_at"):
        op.add_column("access_keys", sa.Column(name, sa.DateTime(timezone=True)))
    for name, table in (("deputy_of", "access_keys"), ("deputy_of_user", "access_users")):
        op.add_column("access_keys", sa.Column(name, pg.UUID(as_uuid=True)))
        op.create_foreign_key(f"access_keys_{name}_fk", "access_keys", table, [name], ["id"], ondelete="CASCADE")
