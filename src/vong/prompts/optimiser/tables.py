"""SQL table of optimisations."""

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from vong.store.schema import project_table

optimisations = project_table(
    "prompts_optimisations",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("prompt", Text, nullable=False),
    Column("base", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("settings", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("rows", JSONB, nullable=False),
    Column("candidates", JSONB, nullable=False),
    Column("result", JSONB(none_as_null=True)),
    Column("calls", Integer, nullable=False),
    Column("cost", BigInteger),
    Column("warnings", JSONB, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Index("prompts_optimisations_newest_ix", "project_id", "prompt", "id"),
)
