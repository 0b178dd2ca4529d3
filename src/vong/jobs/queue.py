"""Job operations of a caller: submit, read, cancel, retry. Each runs in the transaction of the caller."""

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, select, update
from sqlalchemy.dialects.postgresql import insert

from vong.errors import Conflict, NotFound
from vong.jobs import tables
from vong.jobs.json_values import plain
from vong.records import Job, Progress, new_id, now
from vong.records.job import JobStatus, LogLine

ENDED = frozenset({"finished", "failed", "cancelled"})

SHOWN = [tables.jobs.c[name] for name in Job.model_fields]


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
    job = Job(id=id or new_id(), kind=kind, params=plain(params), status="queued", created_at=now())
    values = {**job.model_dump(), "key": key, "retries": retries}
    values |= {"failures": 0, "rescues": 0, "cancel_asked": False, "version": 1}
    inserted = connection.scalar(
        insert(tables.jobs).values(values).on_conflict_do_nothing().returning(tables.jobs.c.id)
    )
    if inserted is None:
        return _submitted_before(connection, job, key)
    connection.execute(tables.DEFER, {"job": job.id, "delay": 0.0})
    changed(connection, job.id)
    return job


def get(connection: Connection, id: UUID) -> Job:
    """Return a job. Raises NotFound if this project has no job of that id."""
    row = connection.execute(select(*SHOWN).where(tables.jobs.c.id == id)).mappings().first()
    if row is None:
        raise unknown(id)
    return as_job(row)


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
    query = select(*SHOWN).order_by(jobs.id.desc()).limit(limit)
    for column, value in ((jobs.status, status), (jobs.kind, kind)):
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        query = query.where(jobs.id < after)
    return [as_job(row) for row in connection.execute(query).mappings()]


def cancel(connection: Connection, id: UUID) -> Job:
    """Cancel a job: a queued job at once, a running job as soon as its worker has stopped it.

    Cancelling a cancelled job changes nothing.

    Raises:
        Conflict: the job has already finished or failed.
    """
    job = _locked(connection, id)
    if job.status in {"finished", "failed"}:
        raise Conflict(f"job {str(id)!r} has already {job.status}", f"show it with: vong jobs show {id}")
    if job.status == "cancelled":
        return job
    values: dict[str, Any] = {"cancel_asked": True, "version": tables.jobs.c.version + 1}
    if job.status == "queued":
        values |= {"status": "cancelled", "finished_at": now()}
    connection.execute(update(tables.jobs).where(tables.jobs.c.id == id).values(values))
    connection.execute(tables.ABORT, {"job": id})
    changed(connection, id)
    return get(connection, id)


def retry(connection: Connection, id: UUID) -> Job:
    """Queue a failed or cancelled job again. Finished steps are kept and failure counts are reset."""
    job = _locked(connection, id)
    if job.status not in {"failed", "cancelled"}:
        raise Conflict(f"job {str(id)!r} is {job.status}", "retry only failed and cancelled jobs")
    values = {"status": "queued", "error": None, "finished_at": None, "worker": None, "cancel_asked": False}
    values |= {"failures": 0, "rescues": 0, "version": tables.jobs.c.version + 1}
    connection.execute(update(tables.jobs).where(tables.jobs.c.id == id).values(values))
    connection.execute(tables.DEFER, {"job": id, "delay": 0.0})
    changed(connection, id)
    return get(connection, id)


def log_lines(connection: Connection, id: UUID, after: int = 0, limit: int = 500) -> list[LogLine]:
    """Return the log of a job after line `after`. Raises NotFound if this project has no such job."""
    log = tables.log.c
    query = select(log.number, log.at, log.line).where(log.job_id == id, log.number > after).order_by(log.number)
    lines = [LogLine.model_validate(dict(row)) for row in connection.execute(query.limit(limit)).mappings()]
    if not lines:
        get(connection, id)
    return lines


def news(connection: Connection, id: UUID, after: int = 0, limit: int = 500) -> JobUpdate:
    """Return a job with its version, which increases with every change, and its log after line `after`."""
    jobs = tables.jobs.c
    row = connection.execute(select(*SHOWN, jobs.version).where(jobs.id == id)).mappings().first()
    if row is None:
        raise unknown(id)
    return JobUpdate(as_job(row), row["version"], log_lines(connection, id, after, limit))


def changed(connection: Connection, id: UUID) -> None:
    """Notify watchers of a job when this transaction commits."""
    connection.execute(tables.NOTIFY, {"job": str(id)})


def as_job(row: RowMapping) -> Job:
    """Convert a row to a record."""
    values = {name: row[name] for name in Job.model_fields}
    return Job.model_validate({**values, "progress": Progress.model_validate(row["progress"])})


def unknown(id: UUID) -> NotFound:
    """Return the error for an unknown job id."""
    return NotFound(f"no job {str(id)!r}", "list them with: vong jobs list")


def _locked(connection: Connection, id: UUID) -> Job:
    row = connection.execute(select(*SHOWN).where(tables.jobs.c.id == id).with_for_update()).mappings().first()
    if row is None:
        raise unknown(id)
    return as_job(row)


def _submitted_before(connection: Connection, wanted: Job, key: str | None) -> Job:
    same = tables.jobs.c.id == wanted.id if key is None else tables.jobs.c.key == key
    row = connection.execute(select(*SHOWN).where(same)).mappings().first()
    if row is None:
        raise Conflict(f"job id {str(wanted.id)!r} is taken", "omit the id to have one generated")
    job = as_job(row)
    if job.kind != wanted.kind:
        raise Conflict(f"key {key!r} belongs to a job of kind {job.kind!r}", "use another Idempotency-Key")
    return job
