"""Span writer: accepts spans without waiting, writes them in batches and acknowledges them after the commit.

One writer thread collects the spans of 25 ms (or 500 spans) and sends them by binary COPY. While PostgreSQL is
unavailable, unresponsive or slower than the incoming spans, the spans are stored on disk and written later. A second
thread moves spans to disk if the writer thread is stuck. `append_durable` never waits and never raises: beyond the
limits of disk and memory a span is dropped and counted in `dropped`, and its future fails.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import zstandard

from vong.errors import InvalidInput, Unavailable, VongError
from vong.records import Span
from vong.store.database import Database
from vong.store.spans.copy_writer import AWAY, CopyWriter, TransactionHook
from vong.store.spans.disk_buffer import DiskBuffer, EncodedSpan, FinalizedSpan, PendingSpan, SpanSource, resolve
from vong.store.spans.encoder import made

log = logging.getLogger(__name__)

S = TypeVar("S", bound=Span | SpanSource)
BATCH = 500  # maximum spans of one batch
DELAY = 0.025  # time in which a batch is collected
TOGETHER = 50
"""Spans that are encoded at once."""
IDLE = 600.0  # interval at which an idle writer creates the partitions of the coming days
PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)  # delays while PostgreSQL is unavailable; the last one repeats
STUCK = 1.0
"""Time that a batch may take before a copy of it, and all spans queued behind it, are stored on disk."""
CROWD = 5_000
"""Spans in memory above which the rest is stored on disk."""
FULL = "span buffer is full"
AGAIN = Unavailable("span writer stopped before this span was written", "send the span again")


class SpanWriter:
    """Span writer with limits `max_spans` and `max_bytes` in memory and `max_disk_bytes` in `folder`."""

    def __init__(
        self,
        database: Database,
        *,
        spans: int = 50_000,
        size: int = 256 << 20,
        folder: Path | None = None,
        disk: int = 1 << 30,
    ) -> None:
        self.dropped = 0
        """Spans dropped because the limits were reached."""
        self.companion: TransactionHook | None = None
        """Hook that writes an additional row per span in the same transaction."""
        self._limits = spans, size
        self._held = [0, 0]  # spans and bytes in memory, now
        self._appended = self._done = 0
        self._lock = threading.RLock()
        self._state = threading.Condition(self._lock)
        self._closing = self._abandoned = False
        self._stirred, self._busy, self._ended = threading.Event(), threading.Event(), threading.Event()
        self._incoming: SimpleQueue[PendingSpan | None] = SimpleQueue()
        self._later: list[PendingSpan] = []
        self._backlog: deque[EncodedSpan] = deque()
        self._compressor = zstandard.ZstdCompressor(level=1)
        self._gate = threading.RLock()
        """Held while spans are encoded, or moved to or from the disk."""
        self._shelf = DiskBuffer(folder, disk)
        self._pen = CopyWriter(database)
        self._under_way: Sequence[EncodedSpan] = ()
        self._copied = False
        self._since = 0.0
        """Time at which the current write started. 0 while the writer collects spans."""
        self._rests = 0.0
        self._tries = 0
        self._thread = threading.Thread(target=self._run, name="vong-journal", daemon=True)
        self._thread.start()
        if self._shelf.there:
            threading.Thread(target=self._keep_watch, name="vong-journal-watch", daemon=True).start()

    @property
    def waiting(self) -> int:
        """Return the number of spans that are accepted and not committed yet."""
        return self._held[0] + self._shelf.count

    @property
    def on_disk(self) -> int:
        """Return the number of uncommitted spans that are on disk."""
        return self._shelf.count

    @property
    def full(self) -> bool:
        """Return true if no new work should start: the disk or, without disk storage, the memory is full."""
        overflow = self._shelf.overflow
        return overflow.size >= overflow.bound if overflow is not None else self._crowded

    @property
    def _crowded(self) -> bool:
        return self._held[0] >= self._limits[0] or self._held[1] >= self._limits[1]

    def append(self, project_id: UUID, span: Span, finish: Callable[[Span], Span | None] | None = None) -> Future[None]:
        """Queue a span and return a future that is done when the span is committed.

        The future fails with InvalidInput if the span cannot be stored, and with Unavailable if the writer is full or
        closed. `finalize` returns the span to store (for example with its cost), or None if it is not known yet: then
        `finalize` is called again later. `finalize` runs in a thread of the writer and must not block.
        """
        future: Future[None] = Future()
        error = self._take(PendingSpan(project_id, span, future, finish, None))
        if error is not None:
            future.set_exception(error)
        return future

    def add(self, project_id: UUID, span: S, finish: Callable[[S], Span | FinalizedSpan | None], along: Any) -> None:
        """Queue a span without a future. The hook builds its row from `hook_context`, unless `finalize` returned it."""
        error = self._take(PendingSpan(project_id, span, None, finish, along))
        if error is not None and self.companion is not None:
            self.companion.lost(along)

    def adopt(self) -> None:
        """Write the spans that ended processes left on disk. Call this once the hook is set."""
        with self._gate:
            self._shelf.adopt()
        self._incoming.put(None)

    def flush(self, timeout: float | None = None) -> None:
        """Wait until all spans queued so far are committed or failed. Raises Unavailable after `timeout` seconds."""
        with self._state:
            target = self._appended  # spans on disk may be written after later ones, so check both conditions
            if not self._state.wait_for(lambda: self._done >= target and not self._shelf.own, timeout):
                message = f"{self.waiting} spans are not written yet after {timeout} s"
                raise Unavailable(message, "check that PostgreSQL is running: vong status")

    def close(self, timeout: float = 30.0) -> None:
        """Write queued spans for `timeout` seconds, then stop. Other spans stay on disk, and their futures fail."""
        with self._state:
            self._closing = True
        self._stirred.set()
        self._incoming.put(None)
        self._thread.join(timeout)
        self._abandoned = True
        if self._thread.is_alive():
            self._pen.interrupt()
        self._thread.join()

    def _take(self, arrival: PendingSpan) -> VongError | None:
        with self._lock:
            error = self._refusal() if self._closing or self._crowded else None
            if error is None:
                self._held[0] += 1
                self._appended += 1
                self._incoming.put(arrival)
        if not self._busy.is_set():
            self._busy.set()
        return error

    def _refusal(self) -> VongError | None:
        if self._closing:
            return Unavailable("span writer is closed", "the server is shutting down: send the span again")
        if self._crowded:
            self.dropped += 1
            if self.dropped in {1, 10, 100} or self.dropped % 1000 == 0:
                log.warning("%s: %d spans dropped so far", FULL, self.dropped)
            return Unavailable(FULL, "PostgreSQL is unavailable or too slow; check it with: vong status")
        return None

    def _run(self) -> None:
        try:
            self._since = time.monotonic()
            self._pen.make_ahead()
            while not self._abandoned:
                self._since = 0.0
                if self._gather(time.monotonic() + self._patience(), enough=1):
                    self._let_gather()
                if not self._step() and self._closing and not self._later:
                    break
        finally:  # no caller may wait for a writer that has stopped
            self._end()

    def _step(self) -> bool:
        """Write a batch from memory and, if there is time, one from disk. Return true if anything was written."""
        with self._gate:
            batch = [self._backlog.popleft() for _ in range(min(BATCH, len(self._backlog)))]
            self._under_way, self._copied, self._since = batch, False, time.monotonic()
        if batch:
            self._write(batch)
            self._under_way = ()
        backing_off = time.monotonic() < self._rests
        if self._shelf.count and not backing_off and not self._abandoned and len(self._backlog) < BATCH:
            self._write_from_disk()
            return True
        if not batch and not self._closing and not self._later and not backing_off:
            self._pen.make_ahead()
        return bool(batch)

    def _patience(self) -> float:
        """Return the seconds that the writer may wait for spans."""
        if self._closing:
            return 0.0
        if self._later:
            return DELAY
        return max(0.0, self._rests - time.monotonic()) if self._shelf.count else IDLE

    def _let_gather(self) -> None:
        """Sleep until a batch is collected: a thread that wakes for every span competes with the server for the GIL."""
        if len(self._backlog) < BATCH and not self._closing:
            self._stirred.wait(DELAY)
        self._gather(0.0, enough=BATCH)

    def _gather(self, until: float, enough: int) -> bool:
        """Encode incoming spans until `deadline` or until `enough` are encoded. Return true if there are any."""
        if self._later:
            with self._gate:
                later, self._later = self._later, []
                self._encode(later)
        while len(self._backlog) < enough:
            wait = 0.0 if self._closing else max(0.0, until - time.monotonic())
            taken, more = self._taken(wait, min(TOGETHER, enough))
            if taken:
                with self._gate:
                    self._encode(taken)
            if not more:
                break  # no span arrived, or the writer was woken for another reason
        return bool(self._backlog)

    def _taken(self, wait: float, most: int) -> tuple[list[PendingSpan], bool]:
        """Return at most `limit` incoming spans, waiting `wait` seconds for the first, and whether to continue."""
        taken: list[PendingSpan] = []
        with suppress(Empty):
            while len(taken) < most:
                one = self._incoming.get(timeout=wait) if wait and not taken else self._incoming.get_nowait()
                if one is None:
                    return taken, False
                taken.append(one)
        return taken, bool(taken)

    def _encode(self, arrivals: Sequence[PendingSpan]) -> None:
        result = made(arrivals, self.companion, self._compressor, last=self._closing)
        self._later += result.later
        self._finish(result.failed, result.failed, -result.size)
        self._backlog += result.rows

    def _write(self, batch: Sequence[EncodedSpan]) -> None:
        """Commit a batch. While PostgreSQL is unavailable store it on disk, or wait if the disk is full."""
        tries = 0
        while not self._abandoned:
            if time.monotonic() < self._rests:
                if self._keep(batch):
                    return
                self._rest()
            try:
                self._pen.commit([waiting.row for waiting in batch], self.companion)
                self._tries, self._rests = 0, 0.0
                return self._settle(batch)
            except AWAY as error:
                self._was_away(error)
            except psycopg.errors.CheckViolation:
                self._pen.disconnect()  # a cached partition was dropped: read the partitions again
                if tries:
                    return self._one_by_one(batch)
                tries += 1
            except psycopg.Error as error:
                self._pen.disconnect()
                return self._one_by_one(batch, error)
        if not self._keep(batch):
            self._settle(batch, AGAIN)

    def _one_by_one(self, batch: Sequence[EncodedSpan], error: psycopg.Error | None = None) -> None:
        """Split a batch so that only the rows that PostgreSQL rejects fail."""
        if len(batch) > 1:
            middle = len(batch) // 2
            self._write(batch[:middle])
            self._write(batch[middle:])
        else:
            log.error("span cannot be stored: %s", error)
            self._settle(batch, InvalidInput(f"PostgreSQL rejected this span: {error}", "fix the span"))

    def _write_from_disk(self) -> None:
        """Commit the oldest batch on disk. Rows that PostgreSQL rejects are skipped."""
        with self._gate:
            batch = self._shelf.peek(BATCH, self.companion)
        try:
            refused = self._pen.commit_or_alone(batch.rows, self.companion)
        except AWAY as error:
            return self._was_away(error)
        self._tries = 0
        hook_rows = [row.line for row in batch.rows if row.line is not None and row.encoded.id not in refused]
        if self.companion is not None:
            self.companion.after(hook_rows, kept=True)
        with self._gate:
            own = self._shelf.done(batch, refused)
        self._finish(own, 0, 0)

    def _was_away(self, error: psycopg.Error) -> None:
        self._pen.disconnect()
        if self._tries % 30 == 0:
            log.warning("PostgreSQL is unavailable, %d spans are waiting: %s", self.waiting, str(error).strip())
        self._rests = time.monotonic() + PAUSES[min(self._tries, len(PAUSES) - 1)]
        self._tries += 1

    def _rest(self) -> None:
        """Wait until the next attempt and encode incoming spans meanwhile, so that they are compressed and counted."""
        self._gather(self._rests, enough=1 << 62)
        while (left := self._rests - time.monotonic()) > 0 and not self._abandoned:
            time.sleep(min(left, 0.05))

    def _end(self) -> None:
        with self._state:
            self._closing = True
        self._ended.set()
        self._busy.set()
        with self._gate:
            while self._gather(0.0, enough=1 << 62) or not self._incoming.empty():
                rest, self._backlog = list(self._backlog), deque()
                if rest and not self._keep(rest):
                    self._settle(rest, AGAIN)
            self._shelf.close(AGAIN)
        self._pen.disconnect()

    def _keep_watch(self) -> None:
        """Move spans to disk while the writer thread is stuck or too slow. Body of the second thread."""
        while not self._ended.is_set():
            self._busy.wait()
            if self._ended.wait(DELAY):
                return
            since = self._since
            stuck = since > 0.0 and time.monotonic() - since > STUCK
            if stuck or self._held[0] > CROWD:
                while self._make_room(stuck):
                    pass
            elif since > 0.0:
                with self._gate:
                    self._encode_ahead()
            elif not self.waiting:
                self._busy.clear()
                if self.waiting:
                    self._busy.set()

    def _make_room(self, stuck: bool) -> bool:
        """Move queued spans to disk. Return true if more are queued."""
        with self._gate:
            in_flight = self._under_way
            if stuck and in_flight and not self._copied:  # copied, so that a crash loses no span
                self._copied = self._shelf.keep(in_flight, self.companion, copied=True)
            self._encode_ahead()
            moved = list(self._backlog)
            if not moved or not self._keep(moved):
                return False
            self._backlog.clear()
            return not self._incoming.empty()

    def _encode_ahead(self) -> None:
        """Encode incoming spans during a write. Encoded spans need a fifth of the memory."""
        while len(self._backlog) < 4 * BATCH:
            taken, more = self._taken(0.0, TOGETHER)
            if taken:
                self._encode(taken)
            if not more:
                self._incoming.put(None)  # a wake-up that was read here was meant for the writer
                return

    def _keep(self, batch: Sequence[EncodedSpan]) -> bool:
        with self._gate:
            if not self._shelf.keep(batch, self.companion):
                return False
        self._finish(0, len(batch), sum(len(one.row.encoded.row) for one in batch))
        return True

    def _settle(self, batch: Sequence[EncodedSpan], error: VongError | None = None) -> None:
        hook_rows = [one.row.line for one in batch if one.row.line is not None]
        if self.companion is not None and hook_rows:
            self.companion.after(hook_rows, kept=False)
        for waiting in batch:
            if waiting.future is not None:
                resolve(waiting.future, error)
        self._finish(len(batch), len(batch), sum(len(one.row.encoded.row) for one in batch))

    def _finish(self, done: int, spans: int, size: int) -> None:
        with self._state:
            self._held[0] -= spans
            self._held[1] -= size
            if done:
                self._done += done
                self._state.notify_all()
