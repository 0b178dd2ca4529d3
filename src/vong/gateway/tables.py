"""The SQL of the gateway."""

from sqlalchemy import Column, DateTime, Double, LargeBinary, PrimaryKeyConstraint, Text
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
