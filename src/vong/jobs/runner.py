"""Execution of one job attempt, from lock to outcome, in a thread of the worker or in a separate process."""

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
"""Lines of a traceback in the log of the job. The log of the process contains the whole traceback."""


class JobRun(NamedTuple):
    """Attempt of a job: the started job, its project, its handler and the home folder."""

    job: Job
    project_id: UUID
    handler: JobHandler
    home: Path

    @property
    def policy(self) -> JobRetryPolicy:
        """Return the retry policy of the handler."""
        return JobRetryPolicy(self.handler.retries, self.handler.backoff)

    @property
    def folder(self) -> Path:
        """Return the folder of the job."""
        return self.home / "jobs" / str(self.job.id)


def perform(
    run: JobRun,
    database: Database,
    platform: Any,
    *,
    wait: float = 30.0,
    watch: Callable[[ProgressWriter], None] | None = None,
) -> None:
    """Run a job attempt and commit its outcome.

    `on_start` receives the progress writer before the function starts; its `stop` can stop the attempt.
    """
    run.folder.mkdir(parents=True, exist_ok=True)
    try:
        with (
            JobLock(database.url, run.job.id, wait=wait) as lease,
            ProgressWriter(database, run.project_id, run.job.id, run.job.attempts, lease) as recorder,
        ):
            if watch is not None:
                watch(recorder)
            outcome = _call(run, platform, recorder)
    except JobLockHeld:
        reason = "the previous attempt has not ended yet"
        settle(run, database, lambda connection, id, n: lifecycle.give_back(connection, id, n, reason, 5.0))
    else:
        settle(run, database, outcome)


Ending = Callable[[Connection, UUID, int], None]
"""Function that commits how an attempt ended: (connection, job id, attempt number)."""


def settle(run: JobRun, database: Database, ending: Ending) -> None:
    """Commit the outcome of an attempt. Retries while the database is unavailable, to save hours of work."""

    def write(connection: Connection) -> None:
        ending(connection, run.job.id, run.job.attempts)

    patiently(database, run.project_id, write, seconds=600)


def _call(run: JobRun, platform: Any, recorder: ProgressWriter) -> Ending:
    job = JobContext(run.job, run.project_id, run.folder, recorder)
    try:
        result = function_of(run.handler)(job, platform)
    except Exception as error:  # noqa: BLE001 - boundary of a job: every exception is recorded in the job
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
    """Import the function of a handler."""
    module, _, name = handler.run.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise Misconfigured(
            f"{handler.run} could not be loaded: {error}", "reinstall Vong, or install the missing extra"
        ) from error


def last_lines(file: Path, count: int = 20) -> list[str]:
    """Return the last lines of a file."""
    if not file.is_file():
        return []
    with file.open("rb") as opened:
        opened.seek(0, os.SEEK_END)
        opened.seek(max(0, opened.tell() - 16_384))
        return opened.read().decode(errors="replace").splitlines()[-count:]
