"""SQL tables of canaries."""

from sqlalchemy import (
    Boolean,
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

releases = project_table(
    "loop_releases",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("route", Text, nullable=False),
    Column("candidate", Text, nullable=False),
    Column("model", Text),
    Column("plan", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("blocked", Text),
    Column("previous_targets", JSONB, nullable=False),
    Column("previous_policy", JSONB(none_as_null=True)),
    Column("route_version", Text),
    Column("canary_versions", JSONB, nullable=False),
    Column("evidence", JSONB, nullable=False),
    Column("gates", JSONB, nullable=False),
    Column("reason", Text),
    Column("decided_by", Text),
    Column("started_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("start_at", DateTime(timezone=True)),
    Column("started_at", DateTime(timezone=True)),
    Column("stage_started_at", DateTime(timezone=True)),
    Column("step_started_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("reaction_seconds", Double),
    # Allows one active release per route, even for concurrent requests.
    Index(
        "loop_releases_active",
        "project_id",
        "route",
        unique=True,
        postgresql_where=text("status IN ('scheduled', 'running')"),
    ),
)

# Observations of a release in the order of counting: scores, shadow scores, and calls for the guard rails.
release_observations = project_table(
    "loop_release_observations",
    Column("release_id", UUID(as_uuid=True), ForeignKey("loop_releases.id", ondelete="CASCADE"), nullable=False),
    Column("series", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("span_id", UUID(as_uuid=True), nullable=False),
    Column("side", Text, nullable=False),
    Column("value", Double),
    Column("source", Text),
    Column("observed_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("release_id", "series", "position", name="loop_release_observations_pk"),
    UniqueConstraint("release_id", "series", "span_id"),
)

# Append-only log of a release: every change with its actor.
release_events = project_table(
    "loop_release_events",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("release_id", UUID(as_uuid=True), ForeignKey("loop_releases.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("loop_release_events_release_ix", "release_id", "id"),
)

policies = project_table(
    "loop_policies",
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("route", Text, nullable=False),
    Column("definition", JSONB, nullable=False),
    Column("consent", JSONB, nullable=False),
    Column("paused", Boolean, nullable=False),
    # What the triggers have seen last: the version of the base, and the measured drift with its time.
    Column("state", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "name", name="loop_policies_pk"),
    Index("loop_policies_route_ix", "project_id", "route"),
)

policy_runs = project_table(
    "loop_policy_runs",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("policy", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("definition", JSONB, nullable=False),
    Column("consent", JSONB, nullable=False),
    Column("trigger", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("harvest_since", DateTime(timezone=True)),
    Column("harvest_until", DateTime(timezone=True), nullable=False),
    Column("base", Text),
    Column("model", Text),
    Column("steps", JSONB, nullable=False),
    Column("human_actions", Integer, nullable=False),
    Column("last_correction_at", DateTime(timezone=True)),
    Column("minutes", Double),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    UniqueConstraint("project_id", "policy", "number", name="loop_policy_runs_number_uq"),
    # Allows one active run per policy, even for concurrent triggers.
    Index(
        "loop_policy_runs_active",
        "project_id",
        "policy",
        unique=True,
        postgresql_where=text("status IN ('queued', 'running')"),
    ),
)
