"""SQL tables of feedback.

`route`, `model` and `model_version` are copied from the span when a score is added, so that summaries need no other
stage.
"""

from sqlalchemy import Column, DateTime, Double, Index, PrimaryKeyConstraint, Text
from sqlalchemy.dialects.postgresql import UUID

from vong.store.schema import project_table

scores = project_table(
    "feedback_scores",
    Column("id", UUID(as_uuid=True), nullable=False),
    Column("span_id", UUID(as_uuid=True)),
    Column("example", Text),
    Column("name", Text, nullable=False),
    Column("value", Double),
    Column("comment", Text),
    Column("correction", Text),
    Column("source", Text, nullable=False),
    Column("author", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("route", Text),
    Column("model", Text),
    Column("model_version", Text),
    PrimaryKeyConstraint("project_id", "id", name="feedback_scores_pk"),
    Index("feedback_scores_span_ix", "project_id", "span_id"),
    Index("feedback_scores_newest_ix", "project_id", "created_at", "id"),
)

harvested = project_table(
    "feedback_harvested",
    Column("span_id", UUID(as_uuid=True), nullable=False),
    Column("dataset", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "span_id", "dataset", name="feedback_harvested_pk"),
)
