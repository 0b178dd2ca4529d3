"""Create the tables of jobs, and procrastinate's queue in a schema of its own."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.database import REQUEST_ROLE
from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0002"
down_revision = "0001"

# Both look at the project of the transaction themselves: they run as their owner, whom row-level security does not
# bind, so that the restricted role can reach the queue through them and in no other way.
DEFER = """
CREATE FUNCTION jobs_defer(wanted uuid, delay double precision) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = procrastinate, public, pg_temp AS $$
DECLARE
  owned public.jobs_jobs;
  entry bigint;
BEGIN
  SELECT * INTO owned FROM public.jobs_jobs
   WHERE id = wanted AND project_id = nullif(current_setting('vong.project_id', true), '')::uuid;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no job % in this project', wanted USING ERRCODE = 'insufficient_privilege';
  END IF;
  entry := (procrastinate_defer_jobs_v1(ARRAY[ROW(
    owned.kind, 'run', 0, NULL, NULL,
    jsonb_build_object('job', owned.id, 'project', owned.project_id),
    CASE WHEN delay > 0 THEN clock_timestamp() + make_interval(secs => delay) END
  )::procrastinate_job_to_defer_v1]))[1];
  UPDATE public.jobs_jobs SET task = entry WHERE id = wanted;
  RETURN entry;
END $$
"""

ABORT = """
CREATE FUNCTION jobs_abort(wanted uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = procrastinate, public, pg_temp AS $$
DECLARE
  entry bigint;
BEGIN
  SELECT task INTO entry FROM public.jobs_jobs
   WHERE id = wanted AND project_id = nullif(current_setting('vong.project_id', true), '')::uuid;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no job % in this project', wanted USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM procrastinate_cancel_job_v1(entry, true, true);
END $$
"""

# procrastinate's functions and triggers name its tables without the schema; so they find them for every caller.
FIND_OWN_TABLES = """
DO $$ DECLARE function regprocedure; BEGIN
  FOR function IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'procrastinate'::regnamespace LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = procrastinate, public, pg_temp', function);
  END LOOP;
END $$
"""


def upgrade() -> None:
    _queue()
    op.create_table(
        "jobs_jobs",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("params", pg.JSONB, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("progress", pg.JSONB, nullable=False),
        sa.Column("result", pg.JSONB),
        sa.Column("error", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("worker", sa.Text),
        sa.Column("key", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("retries", sa.Integer),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("rescues", sa.Integer, nullable=False),
        sa.Column("cancel_asked", sa.Boolean, nullable=False),
        sa.Column("task", sa.BigInteger),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("project_id", "key", name="jobs_jobs_project_id_key_uq"),
    )
    live = sa.text("status IN ('queued', 'running')")
    op.create_index("jobs_jobs_live_ix", "jobs_jobs", ["status"], postgresql_where=live)
    op.create_index("jobs_jobs_project_id_id_ix", "jobs_jobs", ["project_id", "id"])
    tenancy.protect("jobs_jobs", grants="SELECT, INSERT, UPDATE")
    op.create_table(
        "jobs_log",
        project_column(),
        _job_id(),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "number", name="jobs_log_pk"),
    )
    tenancy.protect("jobs_log", grants="SELECT, INSERT")
    op.create_table(
        "jobs_steps",
        project_column(),
        _job_id(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("result", pg.JSONB, nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "name", name="jobs_steps_pk"),
    )
    tenancy.protect("jobs_steps", grants="SELECT, INSERT")
    for function, body in (("jobs_defer(uuid, double precision)", DEFER), ("jobs_abort(uuid)", ABORT)):
        op.execute(sa.text(body.replace(":", "\\:")))
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {REQUEST_ROLE}")


def _queue() -> None:
    """Apply procrastinate's schema, as the installed version has it."""
    from procrastinate.schema import SchemaManager  # only when it is applied: it takes half a second

    connection = op.get_bind()
    for statement in (
        "CREATE SCHEMA procrastinate",
        "SET LOCAL search_path = procrastinate, public",
        SchemaManager.get_schema(),
        "SET LOCAL search_path TO DEFAULT",
        FIND_OWN_TABLES,
    ):
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def _job_id() -> sa.Column[Any]:
    key = sa.ForeignKey("jobs_jobs.id", ondelete="CASCADE")
    return sa.Column("job_id", pg.UUID(as_uuid=True), key, nullable=False)
