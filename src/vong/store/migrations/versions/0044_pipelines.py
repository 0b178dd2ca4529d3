"""Add the tables of pipelines: runs, their steps, the definitions they execute, and secrets of steps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    op.create_table(
        "pipelines_definitions",
        project_column(),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("definition", sa.JSON, nullable=False),  # JSONB would not keep the order of the steps
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "hash", name="pipelines_definitions_pk"),
    )
    _create_runs()
    op.create_table(
        "pipelines_run_steps",
        project_column(),
        sa.Column(
            "run_id",
            pg.UUID(as_uuid=True),
            sa.ForeignKey("pipelines_runs.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("port", sa.Text),
        sa.Column("inputs", sa.JSON(none_as_null=True)),
        sa.Column("outputs", sa.JSON(none_as_null=True)),
        sa.Column("error", sa.JSON(none_as_null=True)),
        sa.Column("cost", sa.BigInteger, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("span_id", pg.UUID(as_uuid=True)),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        # Decision of a person, and the time after which the step continues without one.
        sa.Column("decision", sa.JSON(none_as_null=True)),
        sa.Column("decide_by", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("run_id", "path", name="pipelines_run_steps_pk"),
    )
    op.create_table(
        "pipelines_secrets",
        project_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        # Origin (scheme, host and port) to which the secret may be sent.
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", name="pipelines_secrets_pk"),
    )
    for table in ("definitions", "runs", "run_steps", "secrets"):
        tenancy.protect(f"pipelines_{table}")


def _create_runs() -> None:
    op.create_table(
        "pipelines_runs",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        # Null for a run of a definition that is not stored under a name.
        sa.Column("pipeline", sa.Text),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("inputs", sa.JSON, nullable=False),
        sa.Column("outputs", sa.JSON(none_as_null=True)),
        sa.Column("error", sa.JSON(none_as_null=True)),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("cost", sa.BigInteger, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("limits", sa.JSON, nullable=False),
        # Ids of the key and the user on whose behalf the run calls models.
        sa.Column("caller", sa.JSON, nullable=False),
        sa.Column("started_by", sa.Text, nullable=False),
        sa.Column("conversation_id", pg.UUID(as_uuid=True)),
        sa.Column("replay_of", pg.UUID(as_uuid=True)),
        # Versions that refs name in this run, and what a replay changes.
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("idempotency_key", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        # Server that executes the run, until the lease expires.
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True)),
        sa.Column("cancel_requested", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("wake_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("project_id", "idempotency_key", name="pipelines_runs_idempotency_uq"),
    )
    op.create_index("pipelines_runs_pipeline_ix", "pipelines_runs", ["project_id", "pipeline", "id"])
    op.create_index("pipelines_runs_version_ix", "pipelines_runs", ["project_id", "version"])
    op.create_index("pipelines_runs_conversation_ix", "pipelines_runs", ["project_id", "conversation_id"])
    op.create_index(
        "pipelines_runs_open_ix",
        "pipelines_runs",
        ["state"],
        postgresql_where=sa.text("state IN ('queued', 'running', 'waiting')"),
    )
