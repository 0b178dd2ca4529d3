"""Tables and SQL of jobs. Procrastinate's queue has its own schema; these tables are what users see."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from vong.store.schema import metadata, project_table

JOBS_CHANNEL = "vong_jobs"
"""NOTIFY channel for the ids of changed jobs."""

QUEUE_SCHEMA = "procrastinate"
"""Schema of the queue tables of procrastinate."""

jobs: Table = project_table(
    "jobs_jobs",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("progress", JSONB, nullable=False),
    Column("result", JSONB),
    Column("error", Text),
    Column("attempts", Integer, nullable=False),
    Column("worker", Text),
    Column("key", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    # Allowed retries (null: the value of the kind), failures since the last finished step,
    # and how often a worker died while the job ran.
    Column("retries", Integer),
    Column("failures", Integer, nullable=False),
    Column("reclaims", Integer, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    # The queue entry that may run the job, and a version that increases with every change.
    Column("queue_entry_id", BigInteger),
    Column("version", BigInteger, nullable=False),
    UniqueConstraint("project_id", "key", name="jobs_jobs_project_id_key_uq"),
    Index("jobs_jobs_live_ix", "status", postgresql_where=text("status IN ('queued', 'running')")),
    Index("jobs_jobs_project_id_id_ix", "project_id", "id"),
)

log: Table = project_table(
    "jobs_log",
    Column("job_id", UUID(as_uuid=True), ForeignKey("jobs_jobs.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("line", Text, nullable=False),
    PrimaryKeyConstraint("job_id", "number", name="jobs_log_pk"),
)

steps: Table = project_table(
    "jobs_steps",
    Column("job_id", UUID(as_uuid=True), ForeignKey("jobs_jobs.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("result", JSONB, nullable=False),
    Column("finished_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("job_id", "name", name="jobs_steps_pk"),
)

__all__ = ["JOBS_CHANNEL", "QUEUE_SCHEMA", "jobs", "log", "metadata", "steps"]

ENQUEUE = text("SELECT jobs_defer(:job, :delay)")
"""Enqueue the job in this transaction, to run after `delay` seconds."""

ABORT_ENTRY = text("SELECT jobs_abort(:job)")
"""Remove the job from the queue, or signal the worker that runs it."""

NOTIFY = text(f"SELECT pg_notify('{JOBS_CHANNEL}', :job)")

ORPHAN_CANDIDATES = text("""
    SELECT job.id, job.project_id, job.worker, job.queue_entry_id,
           entry.id IS NULL
           OR entry.status = 'doing' AND (
                worker.id IS NULL
                OR worker.last_heartbeat < now() - make_interval(secs => :stalled_after)
           ) AS stalled,
           worker.id AS holder
      FROM public.jobs_jobs job
      LEFT JOIN procrastinate.procrastinate_jobs entry ON entry.id = job.queue_entry_id
      LEFT JOIN procrastinate.procrastinate_workers worker ON worker.id = entry.worker_id
     WHERE job.status IN ('queued', 'running')
       AND (entry.id IS NULL OR entry.status = 'doing')
""")
"""Jobs that a worker should be running, with their worker. `stalled`: its heartbeat stopped or the entry is gone."""

DELETE_ENTRY = text("DELETE FROM procrastinate.procrastinate_jobs WHERE id = :entry")
"""Delete a queue entry."""
