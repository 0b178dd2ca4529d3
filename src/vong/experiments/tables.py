"""Database tables and SQL statements of the experiments stage."""

import uuid
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
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

prompts = project_table(
    "experiments_prompts",
    Column("run_id", UUID(as_uuid=True), ForeignKey("experiments_runs.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("base_output", Text, nullable=False),
    PrimaryKeyConstraint("run_id", "number", name="experiments_prompts_pk"),
)

samples = project_table(
    "experiments_samples",
    Column("run_id", UUID(as_uuid=True), ForeignKey("experiments_runs.id", ondelete="CASCADE"), nullable=False),
    Column("step", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("output", Text, nullable=False),
    Column("scores", JSONB, nullable=False),
    PrimaryKeyConstraint("run_id", "step", "number", name="experiments_samples_pk"),
)

SETTLE_RUNS = text(
    """
    UPDATE experiments_runs SET status = job.status, finished_at = job.finished_at
    FROM jobs_jobs job
    WHERE experiments_runs.status IN ('queued', 'running') AND job.id = experiments_runs.job_id
      AND job.status IN ('failed', 'cancelled')
    """
)
"""Set the status of runs whose job ended without running: cancelled while queued, or its process was killed."""


def upsert_metrics(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Store metrics; a step that is written again (after a resume) is overwritten."""
    upsert(connection, metrics, rows, ("run_id", "name", "step"))


def upsert(connection: Connection, table: Table, rows: list[dict[str, Any]], key: tuple[str, ...]) -> None:
    """Insert rows, and overwrite rows with the same key. Only the columns of the table are used."""
    names = [column.name for column in table.columns if column.name in rows[0]]
    statement = insert(table)
    updates = {name: statement.excluded[name] for name in names if name not in key}
    connection.execute(
        statement.on_conflict_do_update(index_elements=[table.c[name] for name in key], set_=updates),
        [{name: row[name] for name in names} for row in rows],
    )


def notify_run_changed(connection: Connection, run_id: uuid.UUID) -> None:
    """Notify the listeners of a run when this transaction commits."""
    connection.execute(text("SELECT pg_notify(:channel, :run)"), {"channel": CHANNEL, "run": str(run_id)})
