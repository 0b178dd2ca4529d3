"""One run of a job, from its lease to its end: the same in a thread of the worker and in a process of its own."""

import logging
import os
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from vong.errors import Misconfigured
from vong.jobs import lifecycle
from vong.jobs.config import JobHandler
from vong.jobs.context import JobContext
from vong.jobs.lifecycle import JobRetryPolicy
from vong.jobs.lock import JobLock, JobLockHeld
from vong.jobs.progress import ProgressWriter
from vong.records import Job
from vong.store.database import Database
from vong.store.retry import patiently

log = logging.getLogger(__name__)

SHOWN_FRAMES = 12
"""Lines of a traceback that go into the job's log; the whole of it goes to the process's own."""


class JobRun(NamedTuple):
    """What a run needs to know: the started job, its project, how its kind is done, and where its folders are."""

    job: Job
    project_id: UUID
    handler: JobHandler
    home: Path

    @property
    def policy(self) -> JobRetryPolicy:
        """How often its kind may fail."""
        return JobRetryPolicy(self.handler.retries, self.handler.backoff)

    @property
    def folder(self) -> Path:
        """The job's own folder."""
        return self.home / "jobs" / str(self.job.id)


def perform(
    run: JobRun,
    database: Database,
    platform: Any,
    *,
    wait: float = 30.0,
    watch: Callable[[ProgressWriter], None] | None = None,
) -> None:
    """Run the job and write down how it ended. `watch` is told of the recorder, through which it can stop the run."""
    run.folder.mkdir(parents=True, exist_ok=True)
    try:
        with (
            JobLock(database.url, run.job.id, wait=wait) as lease,
            ProgressWriter(database, run.project_id, run.job.id, run.job.attempts, lease) as recorder,
        ):
            if watch is not None:
                watch(recorder)
            ended = _call(run, platform, recorder)
    except JobLockHeld:
        reason = "the run before it has not ended yet"
        settle(run, database, lambda connection, id, n: lifecycle.give_back(connection, id, n, reason, 5.0))
    else:
        settle(run, database, ended)


Ending = Callable[[Connection, UUID, int], None]
"""How a run ended, as the change that says so."""


def settle(run: JobRun, database: Database, ending: Ending) -> None:
    """Write down how it ended, waiting for a database that is away: hours of work may hang on it."""

    def write(connection: Connection) -> None:
        ending(connection, run.job.id, run.job.attempts)

    patiently(database, run.project_id, write, seconds=600)


def _call(run: JobRun, platform: Any, recorder: ProgressWriter) -> Ending:
    job = JobContext(run.job, run.project_id, run.folder, recorder)
    try:
        result = function_of(run.handler)(job, platform)
    except Exception as error:  # noqa: BLE001 - the boundary of a job: whatever happens is written into its record
        return _failed(run, recorder, error)
    return lambda connection, id, attempt: lifecycle.finish(connection, id, attempt, result)


def _failed(run: JobRun, recorder: ProgressWriter, error: Exception) -> Ending:
    if recorder.stop.reason == "cancel":
        return lifecycle.cancelled
    if recorder.stop.reason is not None:
        reason = "its worker was asked to stop" if recorder.stop.reason == "shutdown" else "it was taken over"
        return lambda connection, id, attempt: lifecycle.give_back(connection, id, attempt, reason)
    log.warning("job %s (%s) failed", run.job.id, run.job.kind, exc_info=error)
    for line in "".join(traceback.format_exception(error)).splitlines()[-SHOWN_FRAMES:]:
        recorder.log(line)
    return lambda connection, id, attempt: lifecycle.fail(connection, id, attempt, error, run.policy)


def function_of(handler: JobHandler) -> Callable[[JobContext, Any], Any]:
    """The function that a handler names, imported now and not before."""
    module, _, name = handler.run.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise Misconfigured(f"{handler.run} does not load: {error}", "reinstall Vong, or its missing extra") from error


def last_lines(file: Path, count: int = 20) -> list[str]:
    """The end of what a process printed."""
    if not file.is_file():
        return []
    with file.open("rb") as opened:
        opened.seek(0, os.SEEK_END)
        opened.seek(max(0, opened.tell() - 16_384))
        return opened.read().decode(errors="replace").splitlines()[-count:]
