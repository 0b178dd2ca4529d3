"""Progress and log of a job attempt: progress is written at most twice a second, log lines in batches.

A thread writes both, so that the job never waits for the database and an unavailable database only delays the writes.
The same thread renews the job lock and detects that the attempt must stop.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Literal, TypeVar
from uuid import UUID

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import DBAPIError

from vong.errors import JobCancelled
from vong.jobs import tables
from vong.jobs.json_values import to_jsonb_safe
from vong.jobs.lock import JobLock
from vong.jobs.queue import notify_changed
from vong.records import Progress, now
from vong.store.database import Database
from vong.store.retry import is_unavailable, retry_while_unavailable

T = TypeVar("T")

WRITE_INTERVAL_SECONDS = 0.5
"""Interval between two writes."""

RATE_WINDOW_SECONDS = 30.0
"""Window over which the rate is computed."""

MAX_LINE_CHARS = 4000
"""Maximum characters of a log line. A longer line is cut and marked with its length."""

MAX_BUFFERED_LINES = 10_000
"""Log lines that are buffered while the database is unavailable. Beyond it the oldest lines are dropped."""

StopReason = Literal["cancel", "shutdown", "lost"]


class StopRequest:
    """Request to stop an attempt, with a reason.

    The reasons are `cancel`, `shutdown` of the worker, and `lost`: another attempt took over. `event` is set with the
    request.
    """

    def __init__(self) -> None:
        self.event = threading.Event()
        self.reason: StopReason | None = None

    def set(self, reason: StopReason) -> None:
        """Request the stop. The first reason is kept."""
        self.reason = self.reason or reason
        self.event.set()

    def is_set(self) -> bool:
        """Return true if a stop was requested."""
        return self.event.is_set()


class RateEstimator:
    """Estimator of units per second over the last 30 seconds of reported progress."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, float]] = deque()

    def add(self, at: float, done: float) -> float | None:
        """Add a point and return the rate. Returns None until there are enough points. A decrease resets the rate."""
        points = self._points
        if points and done < points[-1][1]:
            points.clear()
        points.append((at, done))
        while len(points) > 2 and at - points[1][0] > RATE_WINDOW_SECONDS:
            points.popleft()
        (first, start), (last, end) = points[0], points[-1]
        return (end - start) / (last - first) if last - first > 0.2 and end > start else None


class ProgressWriter:
    """Writer of the progress, log and steps of one attempt.

    `attempt` is a fencing token: an attempt whose job was taken over cannot write.
    """

    def __init__(self, database: Database, project_id: UUID, job_id: UUID, attempt: int, job_lock: JobLock) -> None:
        self.stop = StopRequest()
        self._database = database
        self._project = project_id
        self._job = job_id
        self._attempt = attempt
        self._job_lock = job_lock
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._lines: deque[tuple[Any, str]] = deque(maxlen=MAX_BUFFERED_LINES)
        self._rate = RateEstimator()
        self._unit = ""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"job {job_id}", daemon=True)

    def __enter__(self) -> "ProgressWriter":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join(timeout=10)

    def set_progress(self, done: float, total: float | None, unit: str, message: str) -> None:
        """Set the progress. Only the newest value is written."""
        with self._lock:
            if unit != self._unit:
                self._rate, self._unit = RateEstimator(), unit
            rate = self._rate.add(time.monotonic(), done)
            remaining = max(0.0, (total - done) / rate) if rate and total is not None else None
            values = {"done": done, "total": total, "unit": unit, "rate": rate, "seconds_left": remaining}
            self._progress = Progress.model_validate(to_jsonb_safe({**values, "message": message}))

    def log(self, text: str) -> None:
        """Append lines to the log."""
        for line in text.splitlines() or [""]:
            cut = line if len(line) <= MAX_LINE_CHARS else f"{line[:MAX_LINE_CHARS]}… ({len(line)} characters)"
            with self._lock:
                self._lines.append((now(), to_jsonb_safe(cut)))

    def load_step(self, name: str) -> tuple[bool, Any]:
        """Return whether a step has finished, and its result."""

        def read(connection: Connection) -> tuple[bool, Any]:
            steps = tables.steps.c
            query = select(steps.result).where(steps.job_id == self._job, steps.name == name)
            row = connection.execute(query).first()
            return (False, None) if row is None else (True, row[0])

        return self._retry(read)

    def store_step(self, name: str, result: T) -> T:
        """Store the result of a step and return the stored value.

        Resets the failure count of the job, because the job makes progress.
        """
        value = to_jsonb_safe(result)
        self._retry(lambda connection: self._insert_step(connection, name, value))
        return value

    def _insert_step(self, connection: Connection, name: str, value: Any) -> None:
        if self._update_job(connection, {"failures": 0}) is None:
            raise JobCancelled(f"job {str(self._job)!r} was taken over by another attempt", "no action is needed")
        row = {"job_id": self._job, "name": name, "result": value, "finished_at": now()}
        connection.execute(insert(tables.steps).values(row))

    def _retry(self, work: Callable[[Connection], T]) -> T:
        return retry_while_unavailable(self._database, self._project, work, cancelled=self.stop.event)

    def _run(self) -> None:
        last = False
        while not last:
            last = self._closing.wait(WRITE_INTERVAL_SECONDS)
            try:
                if not self._job_lock.ensure_held():
                    self.stop.set("lost")
                self._write()
            except DBAPIError as error:
                if not is_unavailable(error):
                    raise

    def _write(self) -> None:
        with self._lock:
            progress, lines = self._progress, list(self._lines)
        values: dict[str, Any] = {} if progress is None else {"progress": progress.model_dump()}
        with self._database.scope(self._project) as connection:
            cancelled = self._update_job(connection, values) if values or lines else self._is_cancelled(connection)
            if cancelled is not None and lines:
                append_lines(connection, self._job, lines)
        with self._lock:
            self._progress = None if self._progress is progress else self._progress
            for _ in lines:
                self._lines.popleft()
        if cancelled is None:
            self.stop.set("lost")
        elif cancelled:
            self.stop.set("cancel")

    def _update_job(self, connection: Connection, values: dict[str, Any]) -> bool | None:
        """Update the job and return whether its cancellation was requested.

        Returns None if another attempt took over.
        """
        jobs = tables.jobs.c
        own = (jobs.id == self._job, jobs.attempts == self._attempt, jobs.status == "running")
        change = update(tables.jobs).where(*own).values({**values, "version": jobs.version + 1})
        cancelled = connection.scalar(change.returning(jobs.cancel_requested))
        if cancelled is not None:
            notify_changed(connection, self._job)
        return cancelled

    def _is_cancelled(self, connection: Connection) -> bool | None:
        jobs = tables.jobs.c
        own = (jobs.id == self._job, jobs.attempts == self._attempt, jobs.status == "running")
        return connection.scalar(select(jobs.cancel_requested).where(*own))


def append_lines(connection: Connection, job_id: UUID, lines: list[tuple[Any, str]]) -> None:
    """Append (time, text) lines to the log of a job. The caller must lock the job's row: no gaps in numbers."""
    log = tables.log.c
    query = select(log.number).where(log.job_id == job_id).order_by(log.number.desc()).limit(1)
    last = connection.scalar(query) or 0
    rows = [
        {"job_id": job_id, "number": number, "created_at": created_at, "line": line}
        for number, (created_at, line) in enumerate(lines, start=last + 1)
    ]
    connection.execute(insert(tables.log), rows)
