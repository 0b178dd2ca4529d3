"""SQL tables of versions, labels and replays of pipelines."""

from sqlalchemy import JSON, Column, DateTime, ForeignKey, Index, Integer, PrimaryKeyConstraint, Text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from vong.store.schema import project_table

versions = project_table(
    "pipelines_versions",
    Column("name", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    # JSON instead of JSONB preserves the order of steps and fields. Contains the newest layout and notes.
    Column("definition", JSON, nullable=False),
    Column("message", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("layout_changed_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("project_id", "name", "number", name="pipelines_versions_pk"),
    Index("pipelines_versions_hash_ix", "project_id", "name", "hash"),
)

labels = project_table(
    "pipelines_labels",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("hash", Text),  # null in the change that removed the label
    Column("evidence", JSONB, nullable=False),
    Column("reason", Text),
    Column("moved_by", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("pipelines_labels_name_ix", "project_id", "name", "label", "id"),
)

replays = project_table(
    "pipelines_replays",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("pipeline", Text, nullable=False),
    Column("version", Text),
    Column("changes", JSONB, nullable=False),
    Column("scorers", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("estimate", JSONB, nullable=False),
    Column("evaluations", JSONB(none_as_null=True)),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Index("pipelines_replays_pipeline_ix", "project_id", "pipeline", "id"),
)

replay_runs = project_table(
    "pipelines_replay_runs",
    Column("replay_id", UUID(as_uuid=True), ForeignKey("pipelines_replays.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("source_id", UUID(as_uuid=True), nullable=False),
    Column("run_id", UUID(as_uuid=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("error", Text),
    PrimaryKeyConstraint("replay_id", "position", name="pipelines_replay_runs_pk"),
)
