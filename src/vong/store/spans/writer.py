"""The span journal: spans are taken at once, written in batches, and acknowledged when they are committed.

One writer thread gathers what comes within 25 ms (or 500 spans) and sends it by binary COPY. While PostgreSQL is away,
does not answer, or is slower than the spans come, they go to disk in its stead and are written later; a second thread
sees to that where the writer itself is stuck. `append` never waits and never raises: past the bounds of disk and memory
a span is refused, counted in `dropped`, and its future fails.
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
BATCH = 500
DELAY = 0.025
TOGETHER = 50
"""Spans that are encoded in one go."""
IDLE = 600.0  # how often a journal without work looks whether tomorrow has its partition
PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)  # seconds between tries while PostgreSQL is away; the last one goes on
STUCK = 1.0
"""Seconds that a batch may take before a copy of it, and all that waits behind it, goes to disk."""
CROWD = 5_000
"""Spans in memory above which the rest goes to disk."""
FULL = "the span journal is full"
AGAIN = Unavailable("the span journal ended before this span was written", "send it again")


class SpanWriter:
    """The writer of one process. `spans` and `size` (bytes) bound what it holds in memory; it may keep `disk` bytes
    more below `folder`, where one is given.
    """

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
        """Spans refused because the bounds were reached."""
        self.companion: TransactionHook | None = None
        """Who writes along."""
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
        """Held by whoever encodes, or moves spans to disk or from there."""
        self._shelf = DiskBuffer(folder, disk)
        self._pen = CopyWriter(database)
        self._under_way: Sequence[EncodedSpan] = ()
        self._copied = False
        self._since = 0.0
        """When the writer turned to PostgreSQL; 0 while it gathers."""
        self._rests = 0.0
        self._tries = 0
        self._thread = threading.Thread(target=self._run, name="vong-journal", daemon=True)
        self._thread.start()
        if self._shelf.there:
            threading.Thread(target=self._keep_watch, name="vong-journal-watch", daemon=True).start()

    @property
    def waiting(self) -> int:
        """Spans taken and not committed yet."""
        return self._held[0] + self._shelf.count

    @property
    def on_disk(self) -> int:
        """Those of them that lie on disk."""
        return self._shelf.count

    @property
    def full(self) -> bool:
        """Whether nothing more should be begun: no room on disk or, where there is no disk, in memory."""
        overflow = self._shelf.overflow
        return overflow.size >= overflow.bound if overflow is not None else self._crowded

    @property
    def _crowded(self) -> bool:
        return self._held[0] >= self._limits[0] or self._held[1] >= self._limits[1]

    def append(self, project_id: UUID, span: Span, finish: Callable[[Span], Span | None] | None = None) -> Future[None]:
        """Take a span. The future is done when the span is committed, or fails with the reason why it never will be:
        InvalidInput for a span that cannot be stored, Unavailable when the journal is full or closed.

        `finish` gives the span as it shall be stored (with its cost, for one), None where that is not known yet: then
        it is asked again. It runs in a thread of the journal's and must not wait.
        """
        future: Future[None] = Future()
        refused = self._take(PendingSpan(project_id, span, future, finish, None))
        if refused is not None:
            future.set_exception(refused)
        return future

    def add(self, project_id: UUID, span: S, finish: Callable[[S], Span | FinalizedSpan | None], along: Any) -> None:
        """Take a span that nobody waits to hear of. The companion writes the line that it makes of `along`, or the one
        that the span was `Finished` with.
        """
        if self._take(PendingSpan(project_id, span, None, finish, along)) is not None and self.companion is not None:
            self.companion.lost(along)

    def adopt(self) -> None:
        """Write what processes that have ended left on disk. Called once the companion is there."""
        with self._gate:
            self._shelf.adopt()
        self._incoming.put(None)

    def flush(self, timeout: float | None = None) -> None:
        """Wait until all that was appended before is committed or has failed. Unavailable after `timeout` seconds."""
        with self._state:
            wanted = self._appended  # what lies on disk may have been passed by later ones
            if not self._state.wait_for(lambda: self._done >= wanted and not self._shelf.own, timeout):
                message = f"{self.waiting} spans are not written yet after {timeout} s"
                raise Unavailable(message, "is PostgreSQL up? look with: vong status")

    def close(self, timeout: float = 30.0) -> None:
        """Write what is held, then end. What cannot be written within `timeout` seconds stays on disk for the next
        process; its futures fail.
        """
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
            refused = self._refusal() if self._closing or self._crowded else None
            if refused is None:
                self._held[0] += 1
                self._appended += 1
                self._incoming.put(arrival)
        if not self._busy.is_set():
            self._busy.set()
        return refused

    def _refusal(self) -> VongError | None:
        if self._closing:
            return Unavailable("the span journal is closed", "the server is going down; send it again")
        if self._crowded:
            self.dropped += 1
            if self.dropped in {1, 10, 100} or self.dropped % 1000 == 0:
                log.warning("%s: %d spans dropped so far", FULL, self.dropped)
            return Unavailable(FULL, "PostgreSQL is away or too slow; look with: vong status")
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
        finally:  # nobody may wait for a writer that is gone
            self._end()

    def _step(self) -> bool:
        """Write a batch from memory, and one from disk where there is time for it. Whether there was anything."""
        with self._gate:
            batch = [self._backlog.popleft() for _ in range(min(BATCH, len(self._backlog)))]
            self._under_way, self._copied, self._since = batch, False, time.monotonic()
        if batch:
            self._write(batch)
            self._under_way = ()
        resting = time.monotonic() < self._rests
        if self._shelf.count and not resting and not self._abandoned and len(self._backlog) < BATCH:
            self._write_from_disk()
            return True
        if not batch and not self._closing and not self._later and not resting:
            self._pen.make_ahead()
        return bool(batch)

    def _patience(self) -> float:
        """Seconds that the writer may wait for spans."""
        if self._closing:
            return 0.0
        if self._later:
            return DELAY
        return max(0.0, self._rests - time.monotonic()) if self._shelf.count else IDLE

    def _let_gather(self) -> None:
        """Let a batch come together, asleep: a thread that wakes for every span fights the server's for the GIL."""
        if len(self._backlog) < BATCH and not self._closing:
            self._stirred.wait(DELAY)
        self._gather(0.0, enough=BATCH)

    def _gather(self, until: float, enough: int) -> bool:
        """Encode what comes in until that moment, or until the backlog holds enough. Whether there is anything."""
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
                break  # nothing came, or there is something to look at
        return bool(self._backlog)

    def _taken(self, wait: float, most: int) -> tuple[list[PendingSpan], bool]:
        """What has come, waiting so many seconds for the first. Whether more may have."""
        taken: list[PendingSpan] = []
        with suppress(Empty):
            while len(taken) < most:
                one = self._incoming.get(timeout=wait) if wait and not taken else self._incoming.get_nowait()
                if one is None:
                    return taken, False
                taken.append(one)
        return taken, bool(taken)

    def _encode(self, arrivals: Sequence[PendingSpan]) -> None:
        found = made(arrivals, self.companion, self._compressor, last=self._closing)
        self._later += found.later
        self._finish(found.failed, found.failed, -found.size)
        self._backlog += found.rows

    def _write(self, batch: Sequence[EncodedSpan]) -> None:
        """Commit a batch; while PostgreSQL is away keep it on disk, or wait where there is no room for it."""
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
                self._pen.disconnect()  # a partition that was there is gone: look again
                if tries:
                    return self._one_by_one(batch)
                tries += 1
            except psycopg.Error as error:
                self._pen.disconnect()
                return self._one_by_one(batch, error)
        if not self._keep(batch):
            self._settle(batch, AGAIN)

    def _one_by_one(self, batch: Sequence[EncodedSpan], error: psycopg.Error | None = None) -> None:
        """A row that PostgreSQL refuses fails alone; its neighbours are stored."""
        if len(batch) > 1:
            middle = len(batch) // 2
            self._write(batch[:middle])
            self._write(batch[middle:])
        else:
            log.error("a span cannot be stored: %s", error)
            self._settle(batch, InvalidInput(f"PostgreSQL refuses this span: {error}", "mend it"))

    def _write_from_disk(self) -> None:
        """Commit the oldest batch of the disk. A row that PostgreSQL refuses is passed over."""
        with self._gate:
            batch = self._shelf.peek(BATCH, self.companion)
        try:
            refused = self._pen.commit_or_alone(batch.rows, self.companion)
        except AWAY as error:
            return self._was_away(error)
        self._tries = 0
        lines = [row.line for row in batch.rows if row.line is not None and row.encoded.id not in refused]
        if self.companion is not None:
            self.companion.after(lines, kept=True)
        with self._gate:
            own = self._shelf.done(batch, refused)
        self._finish(own, 0, 0)

    def _was_away(self, error: psycopg.Error) -> None:
        self._pen.disconnect()
        if self._tries % 30 == 0:
            log.warning("PostgreSQL is away, %d spans wait: %s", self.waiting, str(error).strip())
        self._rests = time.monotonic() + PAUSES[min(self._tries, len(PAUSES) - 1)]
        self._tries += 1

    def _rest(self) -> None:
        """Wait, and meanwhile go on taking spans in, so that they are held compressed and counted."""
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
        """What the second thread does: the writer may hang, or be slower than the spans come."""
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
        """Move what waits to disk. The batch in the hands of a stuck writer is copied, so that a crash loses nothing.
        Whether there is more.
        """
        with self._gate:
            under_way = self._under_way
            if stuck and under_way and not self._copied:
                self._copied = self._shelf.keep(under_way, self.companion, copied=True)
            self._encode_ahead()
            moved = list(self._backlog)
            if not moved or not self._keep(moved):
                return False
            self._backlog.clear()
            return not self._incoming.empty()

    def _encode_ahead(self) -> None:
        """Encode what has come while the writer is at PostgreSQL: it is a fifth as large then."""
        while len(self._backlog) < 4 * BATCH:
            taken, more = self._taken(0.0, TOGETHER)
            if taken:
                self._encode(taken)
            if not more:
                self._incoming.put(None)  # one that was taken was for the writer
                return

    def _keep(self, batch: Sequence[EncodedSpan]) -> bool:
        with self._gate:
            if not self._shelf.keep(batch, self.companion):
                return False
        self._finish(0, len(batch), sum(len(one.row.encoded.row) for one in batch))
        return True

    def _settle(self, batch: Sequence[EncodedSpan], error: VongError | None = None) -> None:
        lines = [one.row.line for one in batch if one.row.line is not None]
        if self.companion is not None and lines:
            self.companion.after(lines, kept=False)
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
