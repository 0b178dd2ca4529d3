"""SQL tables of question sets, evaluations of retrieval and index switches."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from vong.store.schema import project_table


def _belongs_to_base(table: str) -> ForeignKeyConstraint:
    """Return the constraint that deletes a row with its base."""
    return ForeignKeyConstraint(
        ["project_id", "base"],
        ["knowledge_bases.project_id", "knowledge_bases.name"],
        name=f"{table}_base_fk",
        ondelete="CASCADE",
    )


questions = project_table(
    "knowledge_questions",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("base", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("answer", Text),
    Column("answerable", Boolean, nullable=False),
    Column("passages", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("origin", JSONB, nullable=False),
    Column("edited", Boolean, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("reviewed_by", Text),
    Column("reviewed_at", DateTime(timezone=True)),
    UniqueConstraint("project_id", "base", "key"),
    _belongs_to_base("knowledge_questions"),
)

question_sets = project_table(
    "knowledge_question_sets",
    Column("base", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("questions", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "base", "number", name="knowledge_question_sets_pk"),
    UniqueConstraint("project_id", "base", "hash"),
    _belongs_to_base("knowledge_question_sets"),
)

evaluations = project_table(
    "knowledge_evaluations",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("base", Text, nullable=False),
    Column("index_number", Integer, nullable=False),
    Column("index_hash", Text, nullable=False),
    Column("question_set", Integer, nullable=False),
    Column("question_set_hash", Text, nullable=False),
    Column("settings", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("questions", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("metrics", JSONB, nullable=False),
    Column("cost", BigInteger),
    Column("warnings", JSONB, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    _belongs_to_base("knowledge_evaluations"),
    Index("knowledge_evaluations_newest_ix", "project_id", "base", "id"),
)

results = project_table(
    "knowledge_evaluation_results",
    Column(
        "evaluation_id", UUID(as_uuid=True), ForeignKey("knowledge_evaluations.id", ondelete="CASCADE"), nullable=False
    ),
    Column("position", Integer, nullable=False),
    Column("question_id", UUID(as_uuid=True), nullable=False),
    Column("question", Text, nullable=False),
    Column("passages", JSONB, nullable=False),
    Column("missing", JSONB, nullable=False),
    Column("scores", JSONB, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("answer", Text),
    Column("span_id", UUID(as_uuid=True)),
    Column("cost", BigInteger),
    Column("error", Text),
    PrimaryKeyConstraint("evaluation_id", "position", name="knowledge_evaluation_results_pk"),
)

index_switches = project_table(
    "knowledge_index_switches",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("base", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("previous", Integer),
    Column("reason", Text),
    Column("evidence", JSONB, nullable=False),
    Column("switched_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    _belongs_to_base("knowledge_index_switches"),
    Index("knowledge_index_switches_base_ix", "project_id", "base", "id"),
)
