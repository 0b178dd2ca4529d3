"""Add gate policies, gate decisions with approvals, and releases with their evidence."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    _create_gate_tables()
    _create_release_tables()
    _create_release_histories()
    # The release or the gate decision that caused a version of a route, and who changed it.
    op.add_column("gateway_route_versions", sa.Column("cause", pg.JSONB(none_as_null=True)))


def _create_gate_tables() -> None:
    op.create_table(
        "evals_gate_policies",
        project_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("pattern", sa.Text, nullable=False),
        sa.Column("requirements", pg.JSONB, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", "version", name="evals_gate_policies_pk"),
    )
    op.create_table(
        "evals_gate_decisions",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("candidate", sa.Text, nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("decision", pg.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("evals_gate_decisions_subject_ix", "evals_gate_decisions", ["project_id", "kind", "name", "id"])
    op.create_table(
        "evals_gate_approvals",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("candidate", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("approved_by", sa.Text, nullable=False),
        sa.Column("comment", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("project_id", "kind", "name", "candidate", "approved_by", name="evals_gate_approvals_uq"),
    )
    for table in ("evals_gate_policies", "evals_gate_decisions", "evals_gate_approvals"):
        tenancy.protect(table, grants="SELECT, INSERT")


def _create_release_tables() -> None:
    op.create_table(
        "loop_releases",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("candidate", sa.Text, nullable=False),
        sa.Column("model", sa.Text),
        sa.Column("plan", pg.JSONB, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("blocked", sa.Text),
        sa.Column("previous_targets", pg.JSONB, nullable=False),
        sa.Column("previous_policy", pg.JSONB(none_as_null=True)),
        sa.Column("route_version", sa.Text),
        sa.Column("canary_versions", pg.JSONB, nullable=False),
        sa.Column("evidence", pg.JSONB, nullable=False),
        sa.Column("gates", pg.JSONB, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("decided_by", sa.Text),
        sa.Column("started_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True)),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("stage_started_at", sa.DateTime(timezone=True)),
        sa.Column("step_started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("reaction_seconds", sa.Double),
    )
    op.create_index(
        "loop_releases_active",
        "loop_releases",
        ["project_id", "route"],
        unique=True,
        postgresql_where=sa.text("status IN ('scheduled', 'running')"),
    )
    tenancy.protect("loop_releases", grants="SELECT, INSERT, UPDATE")


def _create_release_histories() -> None:
    release = sa.ForeignKey("loop_releases.id", ondelete="CASCADE")
    op.create_table(
        "loop_release_observations",
        project_column(),
        sa.Column("release_id", pg.UUID(as_uuid=True), release, nullable=False),
        sa.Column("series", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("span_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("source", sa.Text),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("release_id", "series", "position", name="loop_release_observations_pk"),
        sa.UniqueConstraint("release_id", "series", "span_id"),
    )
    release = sa.ForeignKey("loop_releases.id", ondelete="CASCADE")
    op.create_table(
        "loop_release_events",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("release_id", pg.UUID(as_uuid=True), release, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("data", pg.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("loop_release_events_release_ix", "loop_release_events", ["release_id", "id"])
    for table in ("loop_release_observations", "loop_release_events"):
        tenancy.protect(table, grants="SELECT, INSERT")
