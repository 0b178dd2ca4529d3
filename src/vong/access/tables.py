"""Tables of access."""

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from vong.store.schema import metadata, project_table

projects = Table(
    "access_projects",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

users = Table(
    "access_users",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

# Owners belong to every project. This table has the projects of all other users.
members = Table(
    "access_members",
    metadata,
    Column("user_id", UUID(as_uuid=True), ForeignKey("access_users.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", UUID(as_uuid=True), ForeignKey("access_projects.id", ondelete="CASCADE"), nullable=False),
    PrimaryKeyConstraint("user_id", "project_id", name="access_members_pk"),
)

sessions = Table(
    "access_sessions",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column(
        "user_id", UUID(as_uuid=True), ForeignKey("access_users.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("project_id", UUID(as_uuid=True), ForeignKey("access_projects.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

login_attempts = Table(
    "access_login_attempts",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("account", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("attempted_at", DateTime(timezone=True), nullable=False),
    Index("access_login_attempts_account_ix", "account", "attempted_at"),
    Index("access_login_attempts_address_ix", "address", "attempted_at"),
)

keys = project_table(
    "access_keys",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    *(
        Column(name, ARRAY(Text), nullable=False, server_default="{}")
        for name in ("models", "endpoints", "bases", "tags")
    ),
    Column("user", Text),
    # The secret before the last rotation.
    Column("rotated_at", DateTime(timezone=True)),
    Column("previous_prefix", Text),
    Column("previous_hash", LargeBinary, unique=True),
    Column("previous_until", DateTime(timezone=True)),
    Column("previous_used_at", DateTime(timezone=True)),
    # Delegator of a delegated key, with which a job calls on behalf of another key or of a user.
    Column("delegated_from_key_id", UUID(as_uuid=True), ForeignKey("access_keys.id", ondelete="CASCADE")),
    Column("delegated_from_user_id", UUID(as_uuid=True), ForeignKey("access_users.id", ondelete="CASCADE")),
)

idempotency_keys = project_table(
    "access_idempotency_keys",
    Column("key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "key", name="access_idempotency_keys_pk"),
)

project_files = project_table(
    "access_project_files",
    Column("path", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("applied_by", Text, nullable=False),
    Column("applied_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "path", name="access_project_files_pk"),
)
