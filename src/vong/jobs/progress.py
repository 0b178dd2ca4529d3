"""What a run says of itself, written down cheaply: progress at most twice a second, log lines in batches.

A thread does the writing, so that the job's own work never waits for the database, and a database that is away for a
while costs nothing but delay. The same thread keeps the run's lease and learns that it should stop.
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
from vong.jobs.json_values import plain
from vong.jobs.lock import JobLock
from vong.jobs.queue import changed
from vong.records import Progress, now
from vong.store.database import Database
from vong.store.retry import is_away, patiently

T = TypeVar("T")

TICK = 0.5
"""Seconds between two writes."""

WINDOW = 30.0
"""Seconds over which the rate is taken."""

LONGEST_LINE = 4000
"""Characters of a log line; a longer one is cut and says so."""

MOST_LINES = 10_000
"""Log lines of one run held back while the database is away; older ones are dropped then."""

Reason = Literal["cancel", "shutdown", "lost"]


class StopRequest:
    """That a run should stop, and why: it was cancelled, its worker goes down, or another run has taken over."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.reason: Reason | None = None

    def set(self, reason: Reason) -> None:
        """Ask for it. The first reason stays."""
        self.reason = self.reason or reason
        self._event.set()

    def is_set(self) -> bool:
        """Whether it was asked for."""
        return self._event.is_set()


class RateEstimator:
    """Units a second over the last half minute, from the points reported."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, float]] = deque()

    def add(self, at: float, done: float) -> float | None:
        """Take one point and give the rate; None until it can be told. Going back starts anew."""
        points = self._points
        if points and done < points[-1][1]:
            points.clear()
        points.append((at, done))
        while len(points) > 2 and at - points[1][0] > WINDOW:
            points.popleft()
        (first, start), (last, end) = points[0], points[-1]
        return (end - start) / (last - first) if last - first > 0.2 and end > start else None


class ProgressWriter:
    """The written side of one run. `attempt` fences it: a run that was taken over can write nothing any more."""

    def __init__(self, database: Database, project_id: UUID, job_id: UUID, attempt: int, lease: JobLock) -> None:
        self.stop = StopRequest()
        self._database = database
        self._project = project_id
        self._job = job_id
        self._attempt = attempt
        self._lease = lease
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._lines: deque[tuple[Any, str]] = deque(maxlen=MOST_LINES)
        self._rate = RateEstimator()
        self._unit = ""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"job {job_id}", daemon=True)

    def __enter__(self) -> "ProgressWriter":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join(timeout=10)

    def progress(self, done: float, total: float | None, unit: str, message: str) -> None:
        """The newest progress; what came between two writes is not kept."""
        with self._lock:
            if unit != self._unit:
                self._rate, self._unit = RateEstimator(), unit
            rate = self._rate.add(time.monotonic(), done)
            left = max(0.0, (total - done) / rate) if rate and total is not None else None
            values = {"done": done, "total": total, "unit": unit, "rate": rate, "seconds_left": left}
            self._progress = Progress.model_validate(plain({**values, "message": message}))

    def log(self, text: str) -> None:
        """Lines for the log."""
        for line in text.splitlines() or [""]:
            shown = line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}… ({len(line)} characters)"
            with self._lock:
                self._lines.append((now(), plain(shown)))

    def kept_step(self, name: str) -> tuple[bool, Any]:
        """Whether a step has finished, and its result."""

        def read(connection: Connection) -> tuple[bool, Any]:
            steps = tables.steps.c
            query = select(steps.result).where(steps.job_id == self._job, steps.name == name)
            row = connection.execute(query).first()
            return (False, None) if row is None else (True, row[0])

        return self._patiently(read)

    def keep_step(self, name: str, result: T) -> T:
        """Keep a step's result, and forgive the failures before it: the job does get on. Gives what is kept."""
        value = plain(result)
        self._patiently(lambda connection: self._insert_step(connection, name, value))
        return value

    def _insert_step(self, connection: Connection, name: str, value: Any) -> None:
        if self._touch(connection, {"failures": 0}) is None:
            raise JobCancelled(f"job {str(self._job)!r} was taken over by another run", "nothing is to be done")
        row = {"job_id": self._job, "name": name, "result": value, "finished_at": now()}
        connection.execute(insert(tables.steps).values(row))

    def _patiently(self, work: Callable[[Connection], T]) -> T:
        return patiently(self._database, self._project, work, unless=self.stop.is_set)

    def _keep(self) -> None:
        last = False
        while not last:
            last = self._closing.wait(TICK)
            try:
                if not self._lease.keep():
                    self.stop.set("lost")
                self._write()
            except DBAPIError as error:
                if not is_away(error):
                    raise

    def _write(self) -> None:
        with self._lock:
            progress, lines = self._progress, list(self._lines)
        values: dict[str, Any] = {} if progress is None else {"progress": progress.model_dump()}
        with self._database.scope(self._project) as connection:
            asked = self._touch(connection, values) if values or lines else self._asked(connection)
            if asked is not None and lines:
                add_lines(connection, self._job, lines)
        with self._lock:
            self._progress = None if self._progress is progress else self._progress
            for _ in lines:
                self._lines.popleft()
        if asked is None:
            self.stop.set("lost")
        elif asked:
            self.stop.set("cancel")

    def _touch(self, connection: Connection, values: dict[str, Any]) -> bool | None:
        """Change the job, if it is still ours. Gives whether its cancellation was asked for; None: not ours."""
        jobs = tables.jobs.c
        ours = (jobs.id == self._job, jobs.attempts == self._attempt, jobs.status == "running")
        change = update(tables.jobs).where(*ours).values({**values, "version": jobs.version + 1})
        asked = connection.scalar(change.returning(jobs.cancel_asked))
        if asked is not None:
            changed(connection, self._job)
        return asked

    def _asked(self, connection: Connection) -> bool | None:
        jobs = tables.jobs.c
        ours = (jobs.id == self._job, jobs.attempts == self._attempt, jobs.status == "running")
        return connection.scalar(select(jobs.cancel_asked).where(*ours))


def add_lines(connection: Connection, job_id: UUID, lines: list[tuple[Any, str]]) -> None:
    """Append (time, text) to a job's log. The caller holds the job's row, so the numbers have no gaps."""
    log = tables.log.c
    query = select(log.number).where(log.job_id == job_id).order_by(log.number.desc()).limit(1)
    last = connection.scalar(query) or 0
    rows = [
        {"job_id": job_id, "number": number, "at": at, "line": line}
        for number, (at, line) in enumerate(lines, start=last + 1)
    ]
    connection.execute(insert(tables.log), rows)
