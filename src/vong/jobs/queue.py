"""What a caller does with jobs: submit, look, cancel, try again. Each takes the caller's own transaction."""

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
    """What has changed of a job since somebody looked: the job as it stands, its version, its next log lines."""

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
    """Queue a job in this transaction: it exists, and may run, exactly when the transaction commits.

    The same `key` (or `id`) gives the same job again, however far it is. `retries` is how often it may fail
    and be tried again; None takes what its kind says. Conflict where the key belongs to a job of another kind.
    """
    job = Job(id=id or new_id(), kind=kind, params=plain(params), status="queued", created_at=now())
    values = {**job.model_dump(), "key": key, "retries": retries}
    values |= {"failures": 0, "rescues": 0, "cancel_asked": False, "version": 1}
    made = connection.scalar(insert(tables.jobs).values(values).on_conflict_do_nothing().returning(tables.jobs.c.id))
    if made is None:
        return _submitted_before(connection, job, key)
    connection.execute(tables.DEFER, {"job": job.id, "delay": 0.0})
    changed(connection, job.id)
    return job


def get(connection: Connection, id: UUID) -> Job:
    """The job as it stands. NotFound where this project has none of that id."""
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
    """The project's jobs, newest first; `after` is the last id of the page before."""
    jobs = tables.jobs.c
    query = select(*SHOWN).order_by(jobs.id.desc()).limit(limit)
    for column, value in ((jobs.status, status), (jobs.kind, kind)):
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        query = query.where(jobs.id < after)
    return [as_job(row) for row in connection.execute(query).mappings()]


def cancel(connection: Connection, id: UUID) -> Job:
    """Cancel a job: a queued one at once, a running one as soon as its worker has stopped it.

    Conflict where it finished or failed already; cancelling twice is the same as once.
    """
    job = _locked(connection, id)
    if job.status in {"finished", "failed"}:
        raise Conflict(f"job {str(id)!r} has {job.status} already", f"look at it with: vong jobs show {id}")
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
    """Queue a failed or cancelled job again, with its finished steps kept and its failures forgiven."""
    job = _locked(connection, id)
    if job.status not in {"failed", "cancelled"}:
        raise Conflict(f"job {str(id)!r} is {job.status}", "only failed and cancelled jobs are tried again")
    values = {"status": "queued", "error": None, "finished_at": None, "worker": None, "cancel_asked": False}
    values |= {"failures": 0, "rescues": 0, "version": tables.jobs.c.version + 1}
    connection.execute(update(tables.jobs).where(tables.jobs.c.id == id).values(values))
    connection.execute(tables.DEFER, {"job": id, "delay": 0.0})
    changed(connection, id)
    return get(connection, id)


def log_lines(connection: Connection, id: UUID, after: int = 0, limit: int = 500) -> list[LogLine]:
    """The job's log from line `after` + 1 on. NotFound where this project has no such job."""
    log = tables.log.c
    query = select(log.number, log.at, log.line).where(log.job_id == id, log.number > after).order_by(log.number)
    lines = [LogLine.model_validate(dict(row)) for row in connection.execute(query.limit(limit)).mappings()]
    if not lines:
        get(connection, id)
    return lines


def news(connection: Connection, id: UUID, after: int = 0, limit: int = 500) -> JobUpdate:
    """The job with its version, which grows with every change, and its log from line `after` + 1 on."""
    jobs = tables.jobs.c
    row = connection.execute(select(*SHOWN, jobs.version).where(jobs.id == id)).mappings().first()
    if row is None:
        raise unknown(id)
    return JobUpdate(as_job(row), row["version"], log_lines(connection, id, after, limit))


def changed(connection: Connection, id: UUID) -> None:
    """Tell whoever watches, when this transaction commits."""
    connection.execute(tables.NOTIFY, {"job": str(id)})


def as_job(row: RowMapping) -> Job:
    """A row as its record."""
    values = {name: row[name] for name in Job.model_fields}
    return Job.model_validate({**values, "progress": Progress.model_validate(row["progress"])})


def unknown(id: UUID) -> NotFound:
    """The error for an id that this project does not have."""
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
        raise Conflict(f"the id {str(wanted.id)!r} is taken", "leave the id out, and one is made")
    job = as_job(row)
    if job.kind != wanted.kind:
        raise Conflict(f"the key {key!r} belongs to a job of the kind {job.kind!r}", "use another Idempotency-Key")
    return job
