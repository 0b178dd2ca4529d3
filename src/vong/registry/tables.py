"""Database tables of the registry stage. Versions never change; alias changes are append-only."""

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, PrimaryKeyConstraint, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB, UUID

from vong.store.schema import project_table

versions = project_table(
    "registry_versions",
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("files", JSONB, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("licence", Text),
    Column("chat_template", Text),
    Column("base", Text),
    Column("dataset", Text),
    Column("run", UUID(as_uuid=True)),
    Column("metadata", JSONB, nullable=False),
    Column("bundle", JSONB(none_as_null=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "name", "hash", name="registry_versions_pk"),
    UniqueConstraint("project_id", "name", "number", name="registry_versions_number_uq"),
    Index("registry_versions_dataset_ix", "project_id", "dataset"),
    Index("registry_versions_base_ix", "project_id", "base"),
)

aliases = project_table(
    "registry_aliases",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("alias", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("evidence", JSONB, nullable=False),
    Column("reason", Text),
    Column("moved_by", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("registry_aliases_name_ix", "project_id", "name", "alias", "id"),
)

exports = project_table(
    "registry_exports",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("quantization", Text),
    Column("files", JSONB, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("parity", JSONB(none_as_null=True)),
    Column("measurement", JSONB(none_as_null=True)),
    Column("notes", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("registry_exports_version_ix", "project_id", "name", "hash", "id"),
)
