"""Create project members, sessions of the console and failed login attempts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    user = sa.ForeignKey("access_users.id", ondelete="CASCADE")
    project = sa.ForeignKey("access_projects.id", ondelete="CASCADE")
    op.create_table(
        "access_members",
        sa.Column("user_id", pg.UUID(as_uuid=True), user, nullable=False),
        sa.Column("project", pg.UUID(as_uuid=True), project, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "project", name="access_members_pk"),
    )
    user = sa.ForeignKey("access_users.id", ondelete="CASCADE")
    project = sa.ForeignKey("access_projects.id", ondelete="CASCADE")
    op.create_table(
        "access_sessions",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("user_id", pg.UUID(as_uuid=True), user, nullable=False, index=True),
        sa.Column("project", pg.UUID(as_uuid=True), project, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "access_attempts",
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("access_attempts_account_ix", "access_attempts", ["account", "at"])
    op.create_index("access_attempts_address_ix", "access_attempts", ["address", "at"])
