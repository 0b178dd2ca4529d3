"""The SQL of the gateway."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from vong.store.schema import project_table

CHANNEL = "vong_gateway"
"""The channel on which a changed route or provider is announced; the payload is the project's id."""

routes = project_table(
    "gateway_routes",
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("targets", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("policy", JSONB(none_as_null=True)),
    Column("tree", JSONB(none_as_null=True)),
    PrimaryKeyConstraint("project_id", "name", name="gateway_routes_pk"),
)

route_versions = project_table(
    "gateway_route_versions",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False, index=True),
    Column("version", Text, nullable=False),
    Column("targets", JSONB, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("policy", JSONB(none_as_null=True)),
    Column("tree", JSONB(none_as_null=True)),
)

providers = project_table(
    "gateway_providers",
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("base_url", Text),
    Column("secret", LargeBinary),
    Column("secret_end", Text),
    Column("timeout", Double, nullable=False),
    Column("models", ARRAY(Text), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "name", name="gateway_providers_pk"),
)

limits = project_table(
    "gateway_limits",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("on", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("per", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("project_id", "on", "name", "what", "per", name="gateway_limits_uq"),
)

counters = project_table(
    "gateway_counters",
    Column("limit_id", UUID(as_uuid=True), ForeignKey("gateway_limits.id", ondelete="CASCADE"), nullable=False),
    Column("subject", Text, nullable=False),
    Column("begins", DateTime(timezone=True), nullable=False),
    Column("used", BigInteger, nullable=False),
    PrimaryKeyConstraint("limit_id", "subject", "begins", name="gateway_counters_pk"),
)

# What a server may admit without asking again. The sum of `used` and of all leases never exceeds the limit.
leases = project_table(
    "gateway_leases",
    Column("limit_id", UUID(as_uuid=True), ForeignKey("gateway_limits.id", ondelete="CASCADE"), nullable=False),
    Column("subject", Text, nullable=False),
    Column("begins", DateTime(timezone=True), nullable=False),
    Column("worker", UUID(as_uuid=True), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("limit_id", "subject", "begins", "worker", name="gateway_leases_pk"),
)

# The guards of all a project's calls, as they were set: the newest row holds.
guards = project_table(
    "gateway_guards",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("version", Text, nullable=False),
    Column("guards", JSONB, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("gateway_guards_newest_ix", "project_id", "id"),
)

# One line for each call, written with its span and never changed.
ledger = project_table(
    "gateway_ledger",
    Column("id", UUID(as_uuid=True), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("key", Text),
    Column("user", Text),
    Column("model", Text),
    Column("route", Text),
    Column("tags", ARRAY(Text), nullable=False),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cached_tokens", BigInteger),
    Column("cost", BigInteger),
    PrimaryKeyConstraint("project_id", "id", name="gateway_ledger_pk"),
    Index("gateway_ledger_at_ix", "project_id", "at"),
)
