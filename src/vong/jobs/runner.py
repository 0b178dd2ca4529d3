"""Execution of one job attempt, from lock to outcome, in a thread of the worker or in a separate process."""

import logging
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from vong.errors import Misconfigured, VongError
from vong.jobs import lifecycle
from vong.jobs.config import JobHandler
from vong.jobs.context import JobContext
from vong.jobs.lifecycle import JobRetryPolicy
from vong.jobs.lock import JobLock, JobLockHeld
from vong.jobs.progress import ProgressWriter
from vong.records import Job
from vong.store.database import Database
from vong.store.retry import retry_while_unavailable

log = logging.getLogger(__name__)

MAX_TRACEBACK_LINES = 12
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


def run_job(
    run: JobRun,
    database: Database,
    platform: Any,
    *,
    lock_wait: float = 30.0,
    on_start: Callable[[ProgressWriter], None] | None = None,
) -> None:
    """Run a job attempt and commit its outcome.

    `on_start` receives the progress writer before the function starts; its `stop` can stop the attempt.
    """
    run.folder.mkdir(parents=True, exist_ok=True)
    try:
        with (
            JobLock(database.url, run.job.id, wait=lock_wait) as lease,
            ProgressWriter(database, run.project_id, run.job.id, run.job.attempts, lease) as recorder,
        ):
            if on_start is not None:
                on_start(recorder)
            outcome = _call_function(run, platform, recorder)
    except JobLockHeld:
        reason = "the previous attempt has not ended yet"
        commit_outcome(run, database, lambda connection, id, n: lifecycle.requeue(connection, id, n, reason, 5.0))
    else:
        commit_outcome(run, database, outcome)


Outcome = Callable[[Connection, UUID, int], None]
"""Function that commits how an attempt ended: (connection, job id, attempt number)."""


def commit_outcome(run: JobRun, database: Database, outcome: Outcome) -> None:
    """Commit the outcome of an attempt. Retries while the database is unavailable, to save hours of work."""

    def write(connection: Connection) -> None:
        outcome(connection, run.job.id, run.job.attempts)

    retry_while_unavailable(database, run.project_id, write, timeout_seconds=600)


def _call_function(run: JobRun, platform: Any, writer: ProgressWriter) -> Outcome:
    job = JobContext(run.job, run.project_id, run.folder, writer)
    try:
        result = load_function(run.handler)(job, platform)
    except Exception as error:  # noqa: BLE001 - boundary of a job: every exception is recorded in the job
        return _failure_outcome(run, writer, error)
    return lambda connection, id, attempt: lifecycle.mark_finished(connection, id, attempt, result)


def _failure_outcome(run: JobRun, writer: ProgressWriter, error: Exception) -> Outcome:
    if writer.stop.reason == "cancel":
        return lifecycle.mark_cancelled
    if writer.stop.reason is not None:
        reason = "its worker was asked to stop" if writer.stop.reason == "shutdown" else "it was taken over"
        return lambda connection, id, attempt: lifecycle.requeue(connection, id, attempt, reason)
    if isinstance(error, VongError) and error.fault == "caller":
        log.warning("job %s (%s) failed: %s", run.job.id, run.job.kind, error)
    else:
        log.warning("job %s (%s) failed", run.job.id, run.job.kind, exc_info=error)
        for line in "".join(traceback.format_exception(error)).splitlines()[-MAX_TRACEBACK_LINES:]:
            writer.log(line)
    return lambda connection, id, attempt: lifecycle.record_failure(connection, id, attempt, error, run.policy)


def load_function(handler: JobHandler) -> Callable[[JobContext, Any], Any]:
    """Import the function of a handler."""
    module, _, name = handler.function.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise Misconfigured(
            f"{handler.function} could not be loaded: {error}", "reinstall Vong, or install the missing extra"
        ) from error
