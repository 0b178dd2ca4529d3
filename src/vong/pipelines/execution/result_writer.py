"""Writer of runs and results of steps: collects those of all runs of a process and commits them together.

A commit costs about 2.4 ms of CPU, and a step of a fast pipeline less than that. One thread therefore writes what has
arrived, and resolves the futures of all callers after the commit. A process writes only results of runs whose lease it
holds.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from vong.errors import Conflict, Unavailable, VongError
from vong.pipelines.execution import write_statements as statements
from vong.pipelines.execution.rows import NewRun, RunUpdate, StepRow
from vong.store.database import Database, libpq_url

log = logging.getLogger(__name__)

COLLECT_SECONDS = 0.004
"""Time in which the results of several runs are collected while many arrive."""
QUIET_SECONDS = 0.02
"""Time since the last commit after which a result is written at once."""
RETRY_SECONDS = 0.5
MAX_BATCH = 500


@dataclass(slots=True)
class _Entry:
    row: NewRun | StepRow | RunUpdate
    future: "asyncio.Future[None] | None"


class ResultWriter:
    """Writer of one process. `owner` is the owner of its leases, `lease_seconds` their duration."""

    def __init__(self, database: Database, owner: str, lease_seconds: float) -> None:
        self._url = libpq_url(database.url)
        self._owner, self._lease_seconds = owner, lease_seconds
        self._queue: deque[_Entry] = deque()
        self._arrived = threading.Event()
        self._closing = False
        self._connection: psycopg.Connection[Any] | None = None
        self._last_commit = 0.0
        self._loop = asyncio.get_running_loop()
        self.written = 0
        """Rows that were committed."""
        self.commits = 0
        self._thread = threading.Thread(target=self._run, name="vong-pipelines", daemon=True)
        self._thread.start()

    def write(self, row: NewRun | StepRow | RunUpdate) -> "asyncio.Future[None]":
        """Queue a row and return a future that is done when it is committed. Called on the event loop.

        The future fails with Conflict if the run is no longer executed by this process.
        """
        future: asyncio.Future[None] = self._loop.create_future()
        self._put(_Entry(row, future))
        return future

    def write_later(self, row: StepRow) -> None:
        """Queue a row without waiting for it."""
        self._put(_Entry(row, None))

    def close(self) -> None:
        """Write what is queued and stop."""
        self._closing = True
        self._arrived.set()
        self._thread.join(10)

    def _put(self, entry: _Entry) -> None:
        self._queue.append(entry)
        if not self._arrived.is_set():
            self._arrived.set()

    def _run(self) -> None:
        while True:
            self._arrived.wait()
            if time.monotonic() - self._last_commit < QUIET_SECONDS and not self._closing:
                time.sleep(COLLECT_SECONDS)
            self._arrived.clear()
            batch = [self._queue.popleft() for _ in range(min(MAX_BATCH, len(self._queue)))]
            if batch:
                self._commit(batch)
            if self._queue:
                self._arrived.set()
            elif self._closing:
                break
        if self._connection is not None:
            self._connection.close()

    def _commit(self, batch: list[_Entry]) -> None:
        """Commit a batch. Repeat it while PostgreSQL is unavailable, and split it if a row is invalid."""
        while True:
            try:
                lost = self._write_batch(batch)
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                self._disconnect()
                if self._closing:
                    hint = "start the server again: the run continues"
                    return self._resolve(batch, Unavailable(f"results cannot be stored: {error}", hint))
                log.warning("results of pipelines cannot be stored now: %s", str(error).splitlines()[0])
                time.sleep(RETRY_SECONDS)
            except (psycopg.Error, msgspec.MsgspecError, ValueError, TypeError) as error:
                self._disconnect()
                if len(batch) == 1:
                    log.warning("a result of a pipeline cannot be stored: %s", error)
                    message = f"the result cannot be stored: {str(error).splitlines()[0]}"
                    return self._resolve(batch, VongError(message, "return JSON values"))
                for entry in batch:
                    self._commit([entry])
                return None
            else:
                self._last_commit = time.monotonic()
                self.commits += 1
                self.written += len(batch)
                return self._resolve(batch, None, lost)

    def _write_batch(self, batch: Sequence[_Entry]) -> set[UUID]:
        """Write rows in one transaction and return the runs that this process no longer executes."""
        connection = self._connect()
        new = [entry.row for entry in batch if isinstance(entry.row, NewRun)]
        steps = [entry.row for entry in batch if isinstance(entry.row, StepRow)]
        updates = [entry.row for entry in batch if isinstance(entry.row, RunUpdate)]
        lost = set[UUID]()
        with connection.transaction(), connection.pipeline():
            if new:
                statements.insert_runs(connection, new, self._owner, self._lease_seconds)
            kept = statements.upsert_steps(connection, steps, self._owner) if steps else None
            ended = statements.update_runs(connection, updates, self._owner) if updates else None
            if kept is not None:
                lost |= {row.run_id for row in steps} - {row[0] for row in kept.fetchall()}
            if ended is not None:
                lost |= {row.run_id for row in updates} - {row[0] for row in ended.fetchall()}
        return lost

    def _connect(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._url,
                autocommit=True,
                application_name="vong-pipelines",
                connect_timeout=10,
                tcp_user_timeout=20_000,
            )
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
        self._connection = None

    def _resolve(self, batch: Sequence[_Entry], error: Exception | None, lost: set[UUID] | None = None) -> None:
        waiting = [entry for entry in batch if entry.future is not None]
        if not waiting or self._loop.is_closed():
            return
        with contextlib.suppress(RuntimeError):  # the loop was closed in between
            self._loop.call_soon_threadsafe(_resolve_futures, waiting, error, lost or set())


def _resolve_futures(entries: Sequence[_Entry], error: Exception | None, lost: set[UUID]) -> None:
    for entry in entries:
        future = entry.future
        if future is None or future.done():
            continue
        if error is None and not isinstance(entry.row, NewRun) and entry.row.run_id in lost:
            message = f"the run {entry.row.run_id} is executed by another server, or was deleted"
            future.set_exception(Conflict(message, "read its state: vong pipelines runs show ID"))
        elif error is not None:
            future.set_exception(error)
        else:
            future.set_result(None)
