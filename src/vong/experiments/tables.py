"""Database tables and SQL statements of the experiments stage."""

import uuid
from typing import Any

from sqlalchemy import Column, Connection, DateTime, Float, ForeignKey, Index, Integer, PrimaryKeyConstraint, Text, text
from sqlalchemy.dialects.postgresql import JSONB, UUID, insert

from vong.store.schema import project_table

CHANNEL = "vong_experiments"
"""NOTIFY channel that carries the id of a run with new metrics or another status."""

runs = project_table(
    "experiments_runs",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("recipe", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("base", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("model", Text),
    Column("job_id", UUID(as_uuid=True)),
    Column("settings", JSONB, nullable=False),
    Column("summary", JSONB, nullable=False),
    Column("warnings", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Index("experiments_runs_project_ix", "project_id", "id"),
)

metrics = project_table(
    "experiments_metrics",
    Column("run_id", UUID(as_uuid=True), ForeignKey("experiments_runs.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("value", Float, nullable=False),
    Column("entry", UUID(as_uuid=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("run_id", "name", "step", name="experiments_metrics_pk"),
    Index("experiments_metrics_entry_ix", "run_id", "entry"),
)


def upsert_metrics(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Store metrics; a step that is written again (after a resume) is overwritten."""
    statement = insert(metrics)
    updates = {name: statement.excluded[name] for name in ("value", "entry", "recorded_at")}
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[metrics.c.run_id, metrics.c.name, metrics.c.step], set_=updates
        ),
        rows,
    )


def notify_run_changed(connection: Connection, run_id: uuid.UUID) -> None:
    """Notify the listeners of a run when this transaction commits."""
    connection.execute(text("SELECT pg_notify(:channel, :run)"), {"channel": CHANNEL, "run": str(run_id)})
