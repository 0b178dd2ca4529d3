"""SQL tables of judges: versions, cached judgements, calibrations, and labels of people."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from vong.store.schema import project_table

judges = project_table(
    "evals_judges",
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("definition", JSONB, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("tuning", JSONB(none_as_null=True)),
    Column("author", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "name", "version", name="evals_judges_pk"),
    Index("evals_judges_current", "project_id", "name", unique=True, postgresql_where=text("current")),
)

judgements = project_table(
    "evals_judgements",
    Column("version", Text, nullable=False),
    Column("input_hash", Text, nullable=False),
    Column("judgement", JSONB, nullable=False),
    Column("span_ids", ARRAY(UUID(as_uuid=True)), nullable=False),
    Column("cost", BigInteger),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "version", "input_hash", name="evals_judgements_pk"),
)

calibrations = project_table(
    "evals_calibrations",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("judge", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("settings", JSONB, nullable=False),
    Column("labels", Integer, nullable=False),
    Column("kappa", Double),
    Column("low", Double),
    Column("high", Double),
    Column("can_gate", Boolean, nullable=False),
    Column("report", JSONB(none_as_null=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Index("evals_calibrations_newest", "project_id", "judge", "id"),
)

labels = project_table(
    "evals_labels",
    Column("run_id", UUID(as_uuid=True), ForeignKey("evals_runs.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("author", Text, nullable=False),
    Column("value", Double, nullable=False),
    Column("levels", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("run_id", "position", "author", name="evals_labels_pk"),
)
