"""The span journal: spans are taken at once, written in batches, and acknowledged when they are committed.

One writer thread gathers what comes within 25 ms (or 500 spans) and sends it by binary COPY. While PostgreSQL is away
it keeps what it has and tries again. What it may keep is bounded: past the bound a span is refused, counted in
`dropped`, and its future fails; `append` itself never waits and never raises.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import psycopg
import zstandard
from psycopg import sql

from vong.errors import InvalidInput, Unavailable, VongError
from vong.records import Span
from vong.store.database import Database, libpq_url
from vong.store.partitions import days_ahead, make_days
from vong.store.spans import COLUMNS, TYPES, Encoded, encode

log = logging.getLogger(__name__)

BATCH = 500
DELAY = 0.025
IDLE = 600.0  # how often a journal without work looks whether tomorrow has its partition
PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)  # seconds between tries while PostgreSQL is away; the last one goes on
FULL = "the span journal is full"

NAMES = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
COPY = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)")
SPANS = sql.Identifier("traces_spans")
ARRIVALS = sql.Identifier("traces_arrivals")


class Arrival(NamedTuple):
    """A span as it was appended, and what its writer still does to it."""

    project_id: UUID
    span: Span
    future: Future[None]
    finish: Callable[[Span], Span] | None


class Companion(Protocol):
    """Writes more along with spans, in their transaction. Called from the writer's thread."""

    def within(self, connection: psycopg.Connection[Any], batch: Sequence[Encoded]) -> None:
        """Write what belongs to these spans. They may have been seen before, after a failure."""
        ...

    def after(self, batch: Sequence[Encoded]) -> None:
        """The transaction is committed."""
        ...


class Waiting(NamedTuple):
    """A span that is encoded and not committed yet."""

    encoded: Encoded
    future: Future[None]


class Journal:
    """The writer of one process. `spans` and `size` (bytes) bound what it holds in memory."""

    def __init__(self, database: Database, *, spans: int = 50_000, size: int = 256 << 20) -> None:
        self.dropped = 0
        """Spans refused because the bound was reached."""
        self.companion: Companion | None = None
        """Who writes along."""
        self._url = libpq_url(database.url)
        self._limits = spans, size
        self._held = [0, 0]  # spans and bytes, now
        self._appended = self._done = 0
        self._state = threading.Condition()
        self._closing = self._abandoned = False
        self._stirred = threading.Event()
        self._incoming: SimpleQueue[Arrival | None] = SimpleQueue()
        self._backlog: deque[Waiting] = deque()
        self._compressor = zstandard.ZstdCompressor(level=3)
        self._connection: psycopg.Connection[Any] | None = None
        self._days: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="vong-journal", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Spans taken and not committed yet."""
        return self._held[0]

    def append(self, project_id: UUID, span: Span, finish: Callable[[Span], Span] | None = None) -> Future[None]:
        """Take a span. The future is done when the span is committed, or fails with the reason why it never will be:
        InvalidInput for a span that cannot be stored, Unavailable when the journal is full or closed.

        `finish` gives the span as it shall be stored (with its cost, for one). It runs in the writer's thread.
        """
        future: Future[None] = Future()
        with self._state:
            refused = self._refusal()
            if refused is None:
                self._held[0] += 1
                self._appended += 1
                self._incoming.put(Arrival(project_id, span, future, finish))
        if refused is not None:
            future.set_exception(refused)
        return future

    def flush(self, timeout: float | None = None) -> None:
        """Wait until all that was appended before is committed or has failed. Unavailable after `timeout` seconds."""
        with self._state:
            wanted = self._appended
            if not self._state.wait_for(lambda: self._done >= wanted, timeout):
                message = f"{wanted - self._done} spans are not written yet after {timeout} s"
                raise Unavailable(message, "is PostgreSQL up? look with: vong status")

    def close(self, timeout: float = 30.0) -> None:
        """Write what is held, then end. What cannot be written within `timeout` seconds fails its futures."""
        with self._state:
            if not self._closing:
                self._closing = True
                self._stirred.set()
                self._incoming.put(None)
        self._thread.join(timeout)
        self._abandoned = True
        connection = self._connection
        if self._thread.is_alive() and connection is not None:
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=5)  # it may wait for somebody's lock
        self._thread.join()

    def _refusal(self) -> VongError | None:
        if self._closing:
            return Unavailable("the span journal is closed", "the server is going down; send it again")
        if self._held[0] >= self._limits[0] or self._held[1] >= self._limits[1]:
            self.dropped += 1
            if self.dropped in {1, 10, 100} or self.dropped % 1000 == 0:
                log.warning("%s: %d spans dropped so far", FULL, self.dropped)
            return Unavailable(FULL, "PostgreSQL is away or too slow; look with: vong status")
        return None

    def _run(self) -> None:
        try:
            self._make_ahead()
            while self._gather(time.monotonic() + IDLE, enough=1) or not self._closing:
                self._let_gather()
                batch = [self._backlog.popleft() for _ in range(min(BATCH, len(self._backlog)))]
                if batch:
                    self._write(batch)
                elif not self._closing:
                    self._make_ahead()
        finally:  # nobody may wait for a writer that is gone
            with self._state:
                self._closing = True
            while self._gather(0.0, enough=1 << 62):
                rest, self._backlog = list(self._backlog), deque()
                self._settle(rest, Unavailable("the span journal ended before this span was written", "send it again"))
            if self._connection is not None:
                self._connection.close()

    def _let_gather(self) -> None:
        """Let a batch come together, asleep: a thread that wakes for every span fights the server's for the GIL."""
        if len(self._backlog) < BATCH and not self._closing:
            self._stirred.wait(DELAY)
        self._gather(0.0, enough=BATCH)

    def _gather(self, until: float, enough: int) -> bool:
        """Encode what comes in until that moment, or until the backlog holds enough. Whether there is anything."""
        while len(self._backlog) < enough:
            try:
                wait = 0.0 if self._closing else max(0.0, until - time.monotonic())
                taken = self._incoming.get(timeout=wait) if wait else self._incoming.get_nowait()
            except Empty:
                break
            if taken is None:
                continue
            project_id, span, future, finish = taken
            try:
                encoded = encode(project_id, finish(span) if finish else span, self._compressor)
            except (VongError, ValueError, TypeError, OverflowError, RecursionError) as error:
                known = error if isinstance(error, VongError) else None
                self._forget(1, 0)
                resolve(future, known or InvalidInput(f"the span {span.id} cannot be stored: {error}", "mend it"))
                self._finish(1)
                continue
            self._forget(0, -encoded.size)
            self._backlog.append(Waiting(encoded, future))
        return bool(self._backlog)

    def _write(self, batch: Sequence[Waiting]) -> None:
        """Commit a batch, however long PostgreSQL is away."""
        tries = 0
        while True:
            if self._abandoned:
                return self._settle(batch, Unavailable("PostgreSQL is away", "send the span again"))
            try:
                self._commit(batch)
                return self._settle(batch)
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                self._disconnect()
                if tries % 30 == 0:
                    log.warning("PostgreSQL is away, %d spans wait: %s", self._held[0], str(error).strip())
                self._rest(PAUSES[min(tries, len(PAUSES) - 1)])
                tries += 1
            except psycopg.errors.CheckViolation:
                self._disconnect()  # a partition that was there is gone: look again
                if tries:
                    return self._one_by_one(batch)
                tries += 1
            except psycopg.Error as error:
                self._disconnect()
                return self._one_by_one(batch, error)

    def _one_by_one(self, batch: Sequence[Waiting], error: psycopg.Error | None = None) -> None:
        """A row that PostgreSQL refuses fails alone; its neighbours are stored."""
        if len(batch) > 1:
            middle = len(batch) // 2
            self._write(batch[:middle])
            self._write(batch[middle:])
        else:
            log.error("a span cannot be stored: %s", error)
            self._settle(batch, InvalidInput(f"PostgreSQL refuses this span: {error}", "mend it"))

    def _commit(self, batch: Sequence[Waiting]) -> None:
        connection = self._connected()
        missing = {waiting.encoded.day for waiting in batch} - self._days
        if missing:
            make_days(connection, missing)
            self._days |= missing
        try:
            with connection.transaction():
                self._copy(connection, SPANS, batch)
                self._along(connection, batch)
        except psycopg.errors.UniqueViolation:  # some are known already: a retry, or a client that repeats itself
            with connection.transaction():
                connection.execute(
                    sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {}) ON COMMIT DROP").format(ARRIVALS, SPANS)
                )
                self._copy(connection, ARRIVALS, batch)
                connection.execute(
                    sql.SQL("INSERT INTO {} ({names}) SELECT {names} FROM {} ON CONFLICT DO NOTHING").format(
                        SPANS, ARRIVALS, names=NAMES
                    )
                )
                self._along(connection, batch)
        if self.companion is not None:
            self.companion.after([waiting.encoded for waiting in batch])

    def _along(self, connection: psycopg.Connection[Any], batch: Sequence[Waiting]) -> None:
        if self.companion is not None:
            self.companion.within(connection, [waiting.encoded for waiting in batch])

    def _copy(self, connection: psycopg.Connection[Any], table: sql.Identifier, batch: Sequence[Waiting]) -> None:
        with connection.cursor() as cursor, cursor.copy(COPY.format(table, NAMES)) as copy:
            copy.set_types(TYPES)
            for waiting in batch:
                copy.write_row(waiting.encoded.row)

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._url, autocommit=True, connect_timeout=5, application_name="vong journal", tcp_user_timeout=20_000
            )
            self._connection.execute("SET statement_timeout = '60s'")
        return self._connection

    def _disconnect(self) -> None:
        self._days.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _make_ahead(self) -> None:
        try:
            make_days(self._connected(), set(days_ahead()) - self._days)
            self._days.update(days_ahead())
        except psycopg.Error as error:
            log.warning("the days ahead have no partition yet: %s", str(error).strip())
            self._disconnect()

    def _rest(self, seconds: float) -> None:
        """Wait, and meanwhile go on taking spans in, so that they are held compressed and counted."""
        until = time.monotonic() + seconds
        self._gather(until, enough=1 << 62)
        while (left := until - time.monotonic()) > 0 and not self._abandoned:
            time.sleep(min(left, 0.05))

    def _settle(self, batch: Sequence[Waiting], error: VongError | None = None) -> None:
        self._forget(len(batch), sum(waiting.encoded.size for waiting in batch))
        for waiting in batch:
            resolve(waiting.future, error)
        self._finish(len(batch))

    def _forget(self, spans: int, size: int) -> None:
        with self._state:
            self._held[0] -= spans
            self._held[1] -= size

    def _finish(self, spans: int) -> None:
        with self._state:
            self._done += spans
            self._state.notify_all()


def resolve(future: Future[None], error: VongError | None) -> None:
    """Tell whoever waits, unless nobody does any more."""
    if not future.set_running_or_notify_cancel():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
