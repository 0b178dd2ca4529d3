"""Add continuous evaluations and triggers of the loop."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    _create_loop_policies()
    _create_monitor_tables()
    _create_alarm_and_review_tables()


def _create_loop_policies() -> None:
    op.create_table(
        "loop_policies",
        project_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("definition", pg.JSONB, nullable=False),
        sa.Column("consent", pg.JSONB, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("state", pg.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", name="loop_policies_pk"),
    )
    op.create_index("loop_policies_route_ix", "loop_policies", ["project_id", "route"])
    op.create_table(
        "loop_policy_runs",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("definition", pg.JSONB, nullable=False),
        sa.Column("consent", pg.JSONB, nullable=False),
        sa.Column("trigger", pg.JSONB, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("harvest_since", sa.DateTime(timezone=True)),
        sa.Column("harvest_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("base", sa.Text),
        sa.Column("model", sa.Text),
        sa.Column("steps", pg.JSONB, nullable=False),
        sa.Column("human_actions", sa.Integer, nullable=False),
        sa.Column("last_correction_at", sa.DateTime(timezone=True)),
        sa.Column("minutes", sa.Double),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("project_id", "policy", "number", name="loop_policy_runs_number_uq"),
    )
    op.create_index(
        "loop_policy_runs_active",
        "loop_policy_runs",
        ["project_id", "policy"],
        unique=True,
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    tenancy.protect("loop_policies")
    tenancy.protect("loop_policy_runs", grants="SELECT, INSERT, UPDATE")


def _create_monitor_tables() -> None:
    op.create_table(
        "evals_monitors",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("settings", pg.JSONB, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        # Key and user on whose behalf models are called, as ids; null for the server itself.
        sa.Column("caller", pg.JSONB(none_as_null=True)),
        sa.Column("webhook_secret", sa.LargeBinary),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        # Last batch of stored spans that was read, and when.
        sa.Column("cursor", sa.BigInteger, nullable=False),
        sa.Column("cursor_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", pg.JSONB, nullable=False),
        sa.Column("drift", pg.JSONB, nullable=False),
        sa.Column("blocked", sa.Text),
        sa.Column("blocked_until", sa.DateTime(timezone=True)),
        # Worker that samples and scores now.
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("project_id", "name", name="evals_monitors_uq"),
    )
    op.create_table(
        "evals_monitor_samples",
        project_column(),
        sa.Column(
            "monitor_id", pg.UUID(as_uuid=True), sa.ForeignKey("evals_monitors.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("span_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("scores", pg.JSONB, nullable=False),
        sa.Column("details", pg.JSONB, nullable=False),
        sa.Column("model", sa.Text),
        sa.Column("model_version", sa.Text),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("cost", sa.BigInteger),
        sa.Column("error", sa.Text),
        sa.Column("span_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True)),
        sa.Column("scored_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("monitor_id", "span_id", name="evals_monitor_samples_pk"),
    )
    op.create_index(
        "evals_monitor_samples_pending_ix",
        "evals_monitor_samples",
        ["monitor_id", "created_at"],
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index("evals_monitor_samples_newest_ix", "evals_monitor_samples", ["monitor_id", "created_at"])
    for table in ("evals_monitors", "evals_monitor_samples"):
        tenancy.protect(table)


def _create_alarm_and_review_tables() -> None:
    op.create_table(
        "evals_monitor_alarms",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column(
            "monitor_id", pg.UUID(as_uuid=True), sa.ForeignKey("evals_monitors.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("monitor", sa.Text, nullable=False),
        sa.Column("route", sa.Text),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("mean", sa.Double, nullable=False),
        sa.Column("reference", pg.JSONB, nullable=False),
        sa.Column("evidence", sa.Double, nullable=False),
        sa.Column("alpha", sa.Double, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.Column("resolved_by", sa.Text),
        sa.Column("delivery", sa.Text, nullable=False),
        sa.Column("delivery_attempts", sa.Integer, nullable=False),
        sa.Column("deliver_at", sa.DateTime(timezone=True)),
        sa.Column("delivery_error", sa.Text),
    )
    op.create_table(
        "evals_review_items",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("monitor_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("monitor", sa.Text, nullable=False),
        sa.Column("span_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("route", sa.Text),
        sa.Column("model", sa.Text),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("bound", sa.Double, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("assignee", sa.Text),
        sa.Column("resolution", sa.Text),
        sa.Column("comment", sa.Text),
        sa.Column("score_id", pg.UUID(as_uuid=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("done_by", sa.Text),
        sa.UniqueConstraint("project_id", "monitor_id", "span_id", name="evals_review_items_uq"),
    )
    op.create_index("evals_monitor_alarms_newest_ix", "evals_monitor_alarms", ["project_id", "created_at"])
    op.create_index(
        "evals_monitor_alarms_pending_ix",
        "evals_monitor_alarms",
        ["deliver_at"],
        postgresql_where=sa.text("delivery = 'pending'"),
    )
    op.create_index("evals_review_items_newest_ix", "evals_review_items", ["project_id", "status", "id"])
    for table in ("evals_monitor_alarms", "evals_review_items"):
        tenancy.protect(table)
