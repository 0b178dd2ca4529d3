"""State transitions of a job by workers, each in one transaction. `queue.py` has the transitions by callers.

`attempt`, the number of starts, is a fencing token: an attempt whose job was taken over cannot change anything.
"""

import os
import socket
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, select, text, update

from vong.errors import VongError
from vong.jobs import tables
from vong.jobs.json_values import to_jsonb_safe
from vong.jobs.lock import lock_id
from vong.jobs.progress import append_lines
from vong.jobs.queue import JOB_COLUMNS, notify_changed, to_job
from vong.records import Job, now
from vong.store.schema import PROJECT_SETTING

MAX_RETRY_DELAY_SECONDS = 300.0
"""Maximum delay between two attempts."""

MAX_RECLAIMS = 20
"""Maximum reclaims of a job between two finished steps. Beyond it the job fails."""

HOST = socket.gethostname()


class JobRetryPolicy(NamedTuple):
    """Number of retries of a kind, and the delay before the first retry in seconds."""

    retries: int
    backoff: float


class OrphanedJob(NamedTuple):
    """Queued or running job whose queue entry has no living worker."""

    id: UUID
    project_id: UUID
    worker: str | None
    queue_entry_id: int | None


class ClaimedEntries(NamedTuple):
    """Queue entries that a living worker has claimed, and the worker's id in the queue."""

    worker_id: int | None
    ids: frozenset[int]


def start_attempt(connection: Connection, job_id: UUID, entry_id: int, worker: str) -> Job | None:
    """Start the next attempt of a job for a queue entry. Returns None if the entry is no longer the current one."""
    jobs = tables.jobs.c
    values = {"status": "running", "attempts": jobs.attempts + 1, "worker": worker, "error": None}
    current = (jobs.id == job_id, jobs.queue_entry_id == entry_id, jobs.status == "queued")
    started = {"started_at": text("coalesce(started_at, :now)").bindparams(now=now())}
    change = update(tables.jobs).where(*current).values({**values, **started, "version": jobs.version + 1})
    row = connection.execute(change.returning(*JOB_COLUMNS)).mappings().first()
    if row is None:
        return None
    notify_changed(connection, job_id)
    return to_job(row)


def find_running_job(connection: Connection, job_id: UUID, attempt: int) -> tuple[Job, UUID] | None:
    """Return the job of a started attempt and its project. Returns None if the attempt is no longer the current one.

    The connection is the owner's, because a child process only knows the job id, not the project.
    """
    row = _lock_running(connection, job_id, attempt)
    return None if row is None else (to_job(row), row["project_id"])


def mark_finished(connection: Connection, job_id: UUID, attempt: int, result: Any) -> None:
    """Mark the job as finished and store its result."""
    if _lock_running(connection, job_id, attempt) is not None:
        _end_job(connection, job_id, {"status": "finished", "result": to_jsonb_safe(result), "error": None})


def mark_cancelled(connection: Connection, job_id: UUID, attempt: int) -> None:
    """Mark the job as cancelled after its attempt has stopped."""
    if _lock_running(connection, job_id, attempt) is not None:
        _end_job(connection, job_id, {"status": "cancelled"})


def record_failure(
    connection: Connection, job_id: UUID, attempt: int, error: Exception | str, policy: JobRetryPolicy
) -> None:
    """Record a failed attempt: requeue the job after a delay, or mark it as failed if no retries remain.

    A fault of the caller or the configuration fails the job at once, because a retry would fail in the same way.
    """
    row = _lock_running(connection, job_id, attempt)
    if row is None:
        return
    reason: str = to_jsonb_safe(describe_error(error))  # a message may quote text that PostgreSQL cannot store
    retries = policy.retries if row["retries"] is None else row["retries"]
    permanent = isinstance(error, VongError) and error.fault in {"caller", "configuration"}
    failures = row["failures"] + 1
    if permanent or failures > retries:
        suffix = "" if permanent or failures == 1 else f" (failed {failures} times in a row)"
        append_lines(connection, job_id, [(now(), f"attempt {attempt} failed: {reason}{suffix}")])
        _end_job(connection, job_id, {"status": "failed", "error": reason + suffix, "failures": failures})
        return
    delay = min(policy.backoff * 4 ** (failures - 1), MAX_RETRY_DELAY_SECONDS)
    line = f"attempt {attempt} failed: {reason}; retrying in {delay:.3g} s ({failures} of {retries})"
    _requeue(connection, job_id, {"error": reason, "failures": failures}, line, delay)


def requeue(connection: Connection, job_id: UUID, attempt: int, reason: str, delay: float = 0.0) -> None:
    """Requeue the job without counting a failure: its worker stops, or the previous attempt is still running."""
    if _lock_running(connection, job_id, attempt) is not None:
        _requeue(connection, job_id, {}, f"attempt {attempt} stopped: {reason}; another attempt follows", delay)


def find_orphans(connection: Connection, stalled_after: float, claimed: ClaimedEntries) -> list[OrphanedJob]:
    """Find jobs without a living worker. The connection is the owner's, because a worker serves every project.

    The result includes queue entries that were assigned to the calling worker without its knowledge, because the
    database became unavailable in that moment. Jobs that the calling worker runs are never orphans, however late its
    heartbeat is: a suspended or overloaded machine sends none.
    """
    rows = connection.execute(tables.ORPHAN_CANDIDATES, {"stalled_after": stalled_after}).mappings()
    return [
        OrphanedJob(row["id"], row["project_id"], row["worker"], row["queue_entry_id"])
        for row in rows
        if row["queue_entry_id"] not in claimed.ids
        and (
            row["stalled"]
            or _is_dead(row["worker"])
            or (row["holder"] is not None and row["holder"] == claimed.worker_id)
        )
    ]


def reclaim(connection: Connection, orphan: OrphanedJob) -> bool:
    """Requeue an orphaned job, unless its attempt is still running. The connection is the owner's.

    Returns false, without any change, if the job lock is held or another worker has already reclaimed the job.
    """
    connection.execute(text("SELECT set_config(:name, :project, true)"), _project_setting(orphan.project_id))
    jobs = tables.jobs.c
    query = select(tables.jobs).where(jobs.id == orphan.id).with_for_update(skip_locked=True)
    row = connection.execute(query).mappings().first()
    if row is None or row["queue_entry_id"] != orphan.queue_entry_id or row["status"] not in {"queued", "running"}:
        return False
    free = text("SELECT pg_try_advisory_xact_lock(:number)").bindparams(number=lock_id(orphan.id))
    if not connection.scalar(free):
        return False
    connection.execute(tables.DELETE_ENTRY, {"entry": orphan.queue_entry_id})
    if row["cancel_requested"]:
        _end_job(connection, orphan.id, {"status": "cancelled"})
    elif row["status"] == "queued":
        connection.execute(tables.ENQUEUE, {"job": orphan.id, "delay": 0.0})
    elif row["reclaims"] >= MAX_RECLAIMS:
        reason = f"its worker died {MAX_RECLAIMS + 1} times during the job"
        append_lines(connection, orphan.id, [(now(), reason)])
        _end_job(connection, orphan.id, {"status": "failed", "error": reason})
    else:
        line = f"worker {row['worker']} died; the job is reclaimed"
        _requeue(connection, orphan.id, {"reclaims": row["reclaims"] + 1}, line, 0.0)
    return True


def describe_error(error: Exception | str) -> str:
    """Describe an error: message and hint of a VongError, type and text of any other exception."""
    if isinstance(error, str | VongError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def worker_name() -> str:
    """Return the name of this process as `host:pid`."""
    return f"{HOST}:{os.getpid()}"


def _is_dead(worker: str | None) -> bool:
    """Check if the process of a worker on this host has ended, without waiting for its heartbeat to stop."""
    host, _, pid = (worker or "").rpartition(":")
    if host != HOST or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _lock_running(connection: Connection, job_id: UUID, attempt: int) -> RowMapping | None:
    """Lock and return the row of the job. Returns None if this attempt is not the current one."""
    jobs = tables.jobs.c
    current = (jobs.id == job_id, jobs.attempts == attempt, jobs.status == "running")
    return connection.execute(select(tables.jobs).where(*current).with_for_update()).mappings().first()


def _end_job(connection: Connection, job_id: UUID, values: dict[str, Any]) -> None:
    _update_job(connection, job_id, {**values, "finished_at": now()})


def _requeue(connection: Connection, job_id: UUID, values: dict[str, Any], line: str, delay: float) -> None:
    _update_job(connection, job_id, {**values, "status": "queued", "worker": None})
    append_lines(connection, job_id, [(now(), line)])
    connection.execute(tables.ENQUEUE, {"job": job_id, "delay": delay})


def _update_job(connection: Connection, job_id: UUID, values: dict[str, Any]) -> None:
    jobs = tables.jobs
    connection.execute(update(jobs).where(jobs.c.id == job_id).values({**values, "version": jobs.c.version + 1}))
    notify_changed(connection, job_id)


def _project_setting(project_id: UUID) -> dict[str, Any]:
    return {"name": PROJECT_SETTING, "project": str(project_id)}


def append_log(connection: Connection, job_id: UUID, attempt: int, lines: Sequence[str]) -> None:
    """Append lines to the log of an attempt whose own process has ended."""
    if lines and _lock_running(connection, job_id, attempt) is not None:
        append_lines(connection, job_id, [(now(), line) for line in lines])
        _update_job(connection, job_id, {})
