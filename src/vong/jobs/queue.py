"""Job operations of a caller: submit, read, cancel, retry. Each runs in the transaction of the caller."""

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, select, update
from sqlalchemy.dialects.postgresql import insert

from vong.errors import Conflict, NotFound
from vong.jobs import tables
from vong.jobs.json_values import to_jsonb_safe
from vong.records import Job, Progress, new_id, now
from vong.records.job import JobStatus, LogLine

JOB_COLUMNS = [tables.jobs.c[name] for name in Job.model_fields]


class JobUpdate(NamedTuple):
    """State of a job for a watcher: the job, its version and the new log lines."""

    job: Job
    version: int
    lines: list[LogLine]


def submit(
    connection: Connection,
    kind: str,
    params: dict[str, Any],
    *,
    id: UUID | None = None,
    key: str | None = None,
    retries: int | None = None,
) -> Job:
    """Queue a job in this transaction. The job exists, and may run, only after the transaction commits.

    The same `key` (or `id`) returns the existing job in any status. `retries` is the number of retries after failures;
    None uses the value of its kind.

    Raises:
        Conflict: the key belongs to a job of another kind, or the id is taken.
    """
    job = Job(id=id or new_id(), kind=kind, params=to_jsonb_safe(params), status="queued", created_at=now())
    values = {**job.model_dump(), "key": key, "retries": retries}
    values |= {"failures": 0, "reclaims": 0, "cancel_requested": False, "version": 1}
    inserted = connection.scalar(
        insert(tables.jobs).values(values).on_conflict_do_nothing().returning(tables.jobs.c.id)
    )
    if inserted is None:
        return _existing_job(connection, job, key)
    connection.execute(tables.ENQUEUE, {"job": job.id, "delay": 0.0})
    notify_changed(connection, job.id)
    return job


def get(connection: Connection, id: UUID) -> Job:
    """Return a job. Raises NotFound if this project has no job of that id."""
    row = connection.execute(select(*JOB_COLUMNS).where(tables.jobs.c.id == id)).mappings().first()
    if row is None:
        raise job_not_found(id)
    return to_job(row)


def list_jobs(
    connection: Connection,
    *,
    status: JobStatus | None = None,
    kind: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Job]:
    """List the jobs of the project, newest first. `after` is the last id of the previous page."""
    jobs = tables.jobs.c
    query = select(*JOB_COLUMNS).order_by(jobs.id.desc()).limit(limit)
    for column, value in ((jobs.status, status), (jobs.kind, kind)):
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        query = query.where(jobs.id < after)
    return [to_job(row) for row in connection.execute(query).mappings()]


def cancel(connection: Connection, id: UUID) -> Job:
    """Cancel a job: a queued job at once, a running job as soon as its worker has stopped it.

    Cancelling a cancelled job changes nothing.

    Raises:
        Conflict: the job has already finished or failed.
    """
    job = _lock_job(connection, id)
    if job.status in {"finished", "failed"}:
        raise Conflict(f"job {str(id)!r} has already {job.status}", f"show it with: vong jobs show {id}")
    if job.status == "cancelled":
        return job
    values: dict[str, Any] = {"cancel_requested": True, "version": tables.jobs.c.version + 1}
    if job.status == "queued":
        values |= {"status": "cancelled", "finished_at": now()}
    connection.execute(update(tables.jobs).where(tables.jobs.c.id == id).values(values))
    connection.execute(tables.ABORT_ENTRY, {"job": id})
    notify_changed(connection, id)
    return get(connection, id)


def retry(connection: Connection, id: UUID) -> Job:
    """Queue a failed or cancelled job again. Finished steps are kept and failure counts are reset."""
    job = _lock_job(connection, id)
    if job.status not in {"failed", "cancelled"}:
        raise Conflict(f"job {str(id)!r} is {job.status}", "retry only failed and cancelled jobs")
    values = {"status": "queued", "error": None, "finished_at": None, "worker": None, "cancel_requested": False}
    values |= {"failures": 0, "reclaims": 0, "version": tables.jobs.c.version + 1}
    connection.execute(update(tables.jobs).where(tables.jobs.c.id == id).values(values))
    connection.execute(tables.ENQUEUE, {"job": id, "delay": 0.0})
    notify_changed(connection, id)
    return get(connection, id)


def log_lines(connection: Connection, id: UUID, after: int = 0, limit: int = 500) -> list[LogLine]:
    """Return the log of a job after line `after`. Raises NotFound if this project has no such job."""
    log = tables.log.c
    query = select(log.number, log.created_at, log.line).where(log.job_id == id, log.number > after)
    rows = connection.execute(query.order_by(log.number).limit(limit)).mappings()
    lines = [LogLine.model_validate(dict(row)) for row in rows]
    if not lines:
        get(connection, id)
    return lines


def updates_since(connection: Connection, id: UUID, after: int = 0, limit: int = 500) -> JobUpdate:
    """Return a job with its version, which increases with every change, and its log after line `after`."""
    jobs = tables.jobs.c
    row = connection.execute(select(*JOB_COLUMNS, jobs.version).where(jobs.id == id)).mappings().first()
    if row is None:
        raise job_not_found(id)
    return JobUpdate(to_job(row), row["version"], log_lines(connection, id, after, limit))


def notify_changed(connection: Connection, id: UUID) -> None:
    """Notify watchers of a job when this transaction commits."""
    connection.execute(tables.NOTIFY, {"job": str(id)})


def to_job(row: RowMapping) -> Job:
    """Convert a row to a record."""
    values = {name: row[name] for name in Job.model_fields}
    return Job.model_validate({**values, "progress": Progress.model_validate(row["progress"])})


def job_not_found(id: UUID) -> NotFound:
    """Return the error for an unknown job id."""
    return NotFound(f"no job {str(id)!r}", "list them with: vong jobs list")


def _lock_job(connection: Connection, id: UUID) -> Job:
    row = connection.execute(select(*JOB_COLUMNS).where(tables.jobs.c.id == id).with_for_update()).mappings().first()
    if row is None:
        raise job_not_found(id)
    return to_job(row)


def _existing_job(connection: Connection, submitted: Job, key: str | None) -> Job:
    same = tables.jobs.c.id == submitted.id if key is None else tables.jobs.c.key == key
    row = connection.execute(select(*JOB_COLUMNS).where(same)).mappings().first()
    if row is None:
        raise Conflict(f"job id {str(submitted.id)!r} is taken", "omit the id to have one generated")
    job = to_job(row)
    if job.kind != submitted.kind:
        raise Conflict(f"key {key!r} belongs to a job of kind {job.kind!r}", "use another Idempotency-Key")
    return job
