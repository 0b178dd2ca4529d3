"""SQL tables of canaries."""

from sqlalchemy import (
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from vong.store.schema import project_table

canaries = project_table(
    "loop_canaries",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("route", Text, nullable=False),
    Column("candidate", Text, nullable=False),
    Column("share", Double, nullable=False),
    Column("metric", Text, nullable=False),
    Column("rules", JSONB, nullable=False),
    Column("previous_targets", JSONB, nullable=False),
    Column("route_version", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("decided_by", Text),
    Column("model", Text),
    Column("evidence", JSONB),
    Column("evidence_history", JSONB, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    # Allows one running canary per route, even for concurrent requests.
    Index("loop_canaries_running", "project_id", "route", unique=True, postgresql_where=text("status = 'running'")),
)

scores = project_table(
    "loop_scores",
    Column("canary_id", UUID(as_uuid=True), ForeignKey("loop_canaries.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("score_id", UUID(as_uuid=True), nullable=False),
    Column("span_id", UUID(as_uuid=True), nullable=False),
    Column("side", Text, nullable=False),
    Column("value", Double, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("canary_id", "position", name="loop_scores_pk"),
    UniqueConstraint("canary_id", "span_id"),
)
