"""SQL tables of pipeline runs and of the secrets of steps."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

import vong.pipelines.publication_tables  # pyright: ignore[reportUnusedImport]: declares tables
import vong.pipelines.version_tables  # noqa: F401 # pyright: ignore[reportUnusedImport]: declares tables
from vong.store.schema import project_table

definitions = project_table(
    "pipelines_definitions",
    Column("hash", Text, nullable=False),
    Column("definition", JSON, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "hash", name="pipelines_definitions_pk"),
)

runs = project_table(
    "pipelines_runs",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("pipeline", Text),
    Column("version", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("inputs", JSON, nullable=False),
    Column("outputs", JSON(none_as_null=True)),
    Column("error", JSON(none_as_null=True)),
    Column("trace_id", Text, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("limits", JSON, nullable=False),
    Column("caller", JSON, nullable=False),
    Column("started_by", Text, nullable=False),
    Column("conversation_id", UUID(as_uuid=True)),
    Column("replay_of", UUID(as_uuid=True)),
    Column("options", JSON, nullable=False),
    Column("idempotency_key", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("lease_owner", Text),
    Column("lease_expires_at", DateTime(timezone=True)),
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
    Column("wake_at", DateTime(timezone=True)),
    UniqueConstraint("project_id", "idempotency_key", name="pipelines_runs_idempotency_uq"),
    Index("pipelines_runs_pipeline_ix", "project_id", "pipeline", "id"),
    Index("pipelines_runs_version_ix", "project_id", "version"),
    Index("pipelines_runs_conversation_ix", "project_id", "conversation_id"),
    Index("pipelines_runs_open_ix", "state", postgresql_where=text("state IN ('queued', 'running', 'waiting')")),
)

run_steps = project_table(
    "pipelines_run_steps",
    Column("run_id", UUID(as_uuid=True), ForeignKey("pipelines_runs.id", ondelete="CASCADE"), nullable=False),
    Column("path", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("port", Text),
    Column("inputs", JSON(none_as_null=True)),
    Column("outputs", JSON(none_as_null=True)),
    Column("error", JSON(none_as_null=True)),
    Column("cost", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("span_id", UUID(as_uuid=True)),
    Column("started_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("decision", JSON(none_as_null=True)),
    Column("decide_by", DateTime(timezone=True)),
    PrimaryKeyConstraint("run_id", "path", name="pipelines_run_steps_pk"),
)

secrets = project_table(
    "pipelines_secrets",
    Column("name", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("origin", Text, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "name", name="pipelines_secrets_pk"),
)
