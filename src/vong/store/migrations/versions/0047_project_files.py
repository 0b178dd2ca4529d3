"""Add versions, labels and replays of pipelines, and the state of project files."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    op.create_table(
        "pipelines_versions",
        project_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        # JSON instead of JSONB preserves the order of steps and fields. Contains the newest layout and notes.
        sa.Column("definition", sa.JSON, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("layout_changed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("project_id", "name", "number", name="pipelines_versions_pk"),
    )
    op.create_index("pipelines_versions_hash_ix", "pipelines_versions", ["project_id", "name", "hash"])
    op.create_table(
        "pipelines_labels",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        # Null in the change that removed the label.
        sa.Column("hash", sa.Text),
        sa.Column("evidence", pg.JSONB, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("moved_by", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("pipelines_labels_name_ix", "pipelines_labels", ["project_id", "name", "label", "id"])
    tenancy.protect("pipelines_versions")
    tenancy.protect("pipelines_labels")
    _create_replays()
    _create_project_files()


def _create_replays() -> None:
    op.create_table(
        "pipelines_replays",
        project_column(),
        # Id of the job.
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("pipeline", sa.Text, nullable=False),
        # Version that is executed; null if every run keeps its own version with the changes.
        sa.Column("version", sa.Text),
        sa.Column("changes", pg.JSONB, nullable=False),
        sa.Column("scorers", pg.JSONB, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("estimate", pg.JSONB, nullable=False),
        # Evaluations of the original outputs and of the new ones, after the end.
        sa.Column("evaluations", pg.JSONB(none_as_null=True)),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
    )
    op.create_index("pipelines_replays_pipeline_ix", "pipelines_replays", ["project_id", "pipeline", "id"])
    op.create_table(
        "pipelines_replay_runs",
        project_column(),
        sa.Column("replay_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        # No foreign keys: a replay remains when runs are deleted.
        sa.Column("source_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("run_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("replay_id", "position", name="pipelines_replay_runs_pk"),
        sa.ForeignKeyConstraint(
            ["replay_id"], ["pipelines_replays.id"], name="pipelines_replay_runs_replay_id_fk", ondelete="CASCADE"
        ),
    )
    tenancy.protect("pipelines_replays")
    tenancy.protect("pipelines_replay_runs")


def _create_project_files() -> None:
    op.create_table(
        "access_project_files",
        project_column(),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("applied_by", sa.Text, nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "path", name="access_project_files_pk"),
    )
    tenancy.protect("access_project_files")
