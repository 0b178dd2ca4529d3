"""Database tables of prompts. Versions never change; changes of labels are append-only."""

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB, UUID

import vong.prompts.optimiser.tables  # pyright: ignore[reportUnusedImport]: declares tables
import vong.prompts.red_team.tables  # noqa: F401 # pyright: ignore[reportUnusedImport]: declares tables
from vong.store.schema import project_table


def _prompt(table: str) -> ForeignKeyConstraint:
    columns, targets = ["project_id", "name"], ["prompts_prompts.project_id", "prompts_prompts.name"]
    return ForeignKeyConstraint(columns, targets, name=f"{table}_prompt_fk", ondelete="CASCADE")


prompts = project_table(
    "prompts_prompts",
    Column("name", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "name", name="prompts_prompts_pk"),
)

versions = project_table(
    "prompts_versions",
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("template", JSON, nullable=False),
    Column("branch", Text, nullable=False),
    Column("parents", ARRAY(Text), nullable=False),
    Column("message", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "name", "hash", name="prompts_versions_pk"),
    UniqueConstraint("project_id", "name", "number", name="prompts_versions_number_uq"),
    _prompt("prompts_versions"),
)

branches = project_table(
    "prompts_branches",
    Column("name", Text, nullable=False),
    Column("branch", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "name", "branch", name="prompts_branches_pk"),
    _prompt("prompts_branches"),
)

labels = project_table(
    "prompts_labels",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("hash", Text),
    Column("evidence", JSONB, nullable=False),
    Column("reason", Text),
    Column("decision", UUID(as_uuid=True)),
    Column("moved_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    _prompt("prompts_labels"),
    Index("prompts_labels_name_ix", "project_id", "name", "label", "id"),
)

comments = project_table(
    "prompts_comments",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("message", Integer),
    Column("text", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    _prompt("prompts_comments"),
    Index("prompts_comments_name_ix", "project_id", "name", "hash", "id"),
)
