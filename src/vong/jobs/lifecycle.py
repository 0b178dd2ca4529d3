"""How a run begins and ends: every change of a job's status but the caller's own, each in one transaction.

`attempt`, the number of starts, fences all of them: what a run that was taken over still wants to say changes nothing.
"""

import os
import socket
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, select, text, update

from vong.errors import VongError
from vong.jobs import tables
from vong.jobs.json_values import plain
from vong.jobs.lock import lock_number
from vong.jobs.progress import add_lines
from vong.jobs.queue import SHOWN, as_job, changed
from vong.records import Job, now
from vong.store.schema import PROJECT

LONGEST_DELAY = 300.0
"""Seconds between two attempts, at most."""

MOST_RESCUES = 20
"""How often a job may be taken over from a worker that died under it, between two finished steps."""

HOST = socket.gethostname()


class JobRetryPolicy(NamedTuple):
    """How often a kind may fail, and the seconds before the first new attempt."""

    retries: int
    backoff: float


class OrphanedJob(NamedTuple):
    """A job that is queued or running but whose queue entry has no living worker."""

    id: UUID
    project_id: UUID
    worker: str | None
    task: int | None


class ClaimedTasks(NamedTuple):
    """The queue entries that a living worker knows to have taken, and its number there."""

    holder: int | None
    tasks: frozenset[int]


def begin(connection: Connection, job_id: UUID, task: int, worker: str) -> Job | None:
    """Start the job's next attempt for a queue entry. None where that entry is not the one in force any more."""
    jobs = tables.jobs.c
    values = {"status": "running", "attempts": jobs.attempts + 1, "worker": worker, "error": None}
    mine = (jobs.id == job_id, jobs.task == task, jobs.status == "queued")
    started = {"started_at": text("coalesce(started_at, :now)").bindparams(now=now())}
    change = update(tables.jobs).where(*mine).values({**values, **started, "version": jobs.version + 1})
    row = connection.execute(change.returning(*SHOWN)).mappings().first()
    if row is None:
        return None
    changed(connection, job_id)
    return as_job(row)


def started(connection: Connection, job_id: UUID, attempt: int) -> tuple[Job, UUID] | None:
    """The job of a begun attempt, and its project. None where it is not the one that runs any more.

    The connection is the owner's: a process that is told an id does not know the project yet.
    """
    row = _running(connection, job_id, attempt)
    return None if row is None else (as_job(row), row["project_id"])


def finish(connection: Connection, job_id: UUID, attempt: int, result: Any) -> None:
    """The job is done."""
    if _running(connection, job_id, attempt) is not None:
        _end(connection, job_id, {"status": "finished", "result": plain(result), "error": None})


def cancelled(connection: Connection, job_id: UUID, attempt: int) -> None:
    """The run has stopped because its cancellation was asked for."""
    if _running(connection, job_id, attempt) is not None:
        _end(connection, job_id, {"status": "cancelled"})


def fail(connection: Connection, job_id: UUID, attempt: int, error: Exception | str, policy: JobRetryPolicy) -> None:
    """The run has failed: queue the job again after a while, or, where that is useless or was done enough, give up.

    The fault of a caller or of the configuration is the same the next time, so it is said at once.
    """
    row = _running(connection, job_id, attempt)
    if row is None:
        return
    said = describe(error)
    retries = policy.retries if row["retries"] is None else row["retries"]
    hopeless = isinstance(error, VongError) and error.fault in {"caller", "configuration"}
    failures = row["failures"] + 1
    if hopeless or failures > retries:
        tried = "" if hopeless or failures == 1 else f" (failed {failures} times in a row)"
        add_lines(connection, job_id, [(now(), f"attempt {attempt} failed: {said}{tried}")])
        _end(connection, job_id, {"status": "failed", "error": said + tried, "failures": failures})
        return
    delay = min(policy.backoff * 4 ** (failures - 1), LONGEST_DELAY)
    line = f"attempt {attempt} failed: {said}; trying again in {delay:.3g} s ({failures} of {retries})"
    _again(connection, job_id, {"error": said, "failures": failures}, line, delay)


def give_back(connection: Connection, job_id: UUID, attempt: int, reason: str, delay: float = 0.0) -> None:
    """Queue the job again without counting a failure: its worker goes down, or the run before still lives."""
    if _running(connection, job_id, attempt) is not None:
        _again(connection, job_id, {}, f"attempt {attempt} stopped: {reason}; another one follows", delay)


def orphans(connection: Connection, stalled_after: float, taken: ClaimedTasks) -> list[OrphanedJob]:
    """Jobs without a living worker. The connection is the owner's: a worker serves every project.

    Also those that the queue has given to the asking worker without its ever hearing of it, because the database went
    away in that moment. What the asking worker itself runs is no orphan, however late its heartbeat is: a machine that
    stood still, or that has too much to do, gives none.
    """
    rows = connection.execute(tables.UNATTENDED, {"stalled_after": stalled_after}).mappings()
    return [
        OrphanedJob(row["id"], row["project_id"], row["worker"], row["task"])
        for row in rows
        if row["task"] not in taken.tasks
        and (row["stalled"] or _is_gone(row["worker"]) or (row["holder"] is not None and row["holder"] == taken.holder))
    ]


def rescue(connection: Connection, orphan: OrphanedJob) -> bool:
    """Queue an orphan again, unless its run is alive after all. The connection is the owner's.

    False: nothing was done, because its lease is held or somebody else was quicker.
    """
    connection.execute(text("SELECT set_config(:name, :project, true)"), _setting(orphan.project_id))
    jobs = tables.jobs.c
    query = select(tables.jobs).where(jobs.id == orphan.id).with_for_update(skip_locked=True)
    row = connection.execute(query).mappings().first()
    if row is None or row["task"] != orphan.task or row["status"] not in {"queued", "running"}:
        return False
    free = text("SELECT pg_try_advisory_xact_lock(:number)").bindparams(number=lock_number(orphan.id))
    if not connection.scalar(free):
        return False
    connection.execute(tables.DROP, {"task": orphan.task})
    if row["cancel_asked"]:
        _end(connection, orphan.id, {"status": "cancelled"})
    elif row["status"] == "queued":
        connection.execute(tables.DEFER, {"job": orphan.id, "delay": 0.0})
    elif row["rescues"] >= MOST_RESCUES:
        said = f"its worker died {MOST_RESCUES + 1} times while it ran"
        add_lines(connection, orphan.id, [(now(), said)])
        _end(connection, orphan.id, {"status": "failed", "error": said})
    else:
        line = f"the worker {row['worker']} died; the job is taken over"
        _again(connection, orphan.id, {"rescues": row["rescues"] + 1}, line, 0.0)
    return True


def describe(error: Exception | str) -> str:
    """What went wrong, for a person: a known error's message and hint, another one's type and text."""
    if isinstance(error, str | VongError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def worker_name() -> str:
    """This process as `host:pid`."""
    return f"{HOST}:{os.getpid()}"


def _is_gone(worker: str | None) -> bool:
    """Whether a worker of this host has no process any more, which needs no waiting for its heartbeat."""
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


def _running(connection: Connection, job_id: UUID, attempt: int) -> RowMapping | None:
    """The job's row, locked, if this attempt is the one that runs."""
    jobs = tables.jobs.c
    mine = (jobs.id == job_id, jobs.attempts == attempt, jobs.status == "running")
    return connection.execute(select(tables.jobs).where(*mine).with_for_update()).mappings().first()


def _end(connection: Connection, job_id: UUID, values: dict[str, Any]) -> None:
    _change(connection, job_id, {**values, "finished_at": now()})


def _again(connection: Connection, job_id: UUID, values: dict[str, Any], line: str, delay: float) -> None:
    _change(connection, job_id, {**values, "status": "queued", "worker": None})
    add_lines(connection, job_id, [(now(), line)])
    connection.execute(tables.DEFER, {"job": job_id, "delay": delay})


def _change(connection: Connection, job_id: UUID, values: dict[str, Any]) -> None:
    jobs = tables.jobs
    connection.execute(update(jobs).where(jobs.c.id == job_id).values({**values, "version": jobs.c.version + 1}))
    changed(connection, job_id)


def _setting(project_id: UUID) -> dict[str, Any]:
    return {"name": PROJECT, "project": str(project_id)}


def note(connection: Connection, job_id: UUID, attempt: int, lines: Sequence[str]) -> None:
    """Add lines to the log of a run that cannot do it itself any more."""
    if lines and _running(connection, job_id, attempt) is not None:
        add_lines(connection, job_id, [(now(), line) for line in lines])
        _change(connection, job_id, {})
