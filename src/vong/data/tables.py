"""The SQL of data."""

from sqlalchemy import Column, DateTime, ForeignKey, Integer, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB, UUID

from vong.store.schema import project_table

versions = project_table(
    "data_versions",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("blob", Text, nullable=False),
    Column("parents", JSONB, nullable=False),
    Column("operation", JSONB, nullable=False),
    Column("splits", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("project_id", "name", "hash"),
    UniqueConstraint("project_id", "name", "number"),
)

reports = project_table(
    "data_reports",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("version_id", UUID(as_uuid=True), ForeignKey("data_versions.id"), nullable=False, index=True),
    Column("settings", JSONB, nullable=False),
    Column("blob", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)
