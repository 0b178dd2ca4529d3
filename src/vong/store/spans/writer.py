"""Span writer: accepts spans without waiting, writes them in batches and acknowledges them after the commit.

One writer thread collects spans and sends them by binary COPY: those of 25 ms if a caller waits for the commit,
otherwise those of 250 ms in small portions, because a commit costs some 2.4 ms of CPU. 500 spans are sent at once.
While PostgreSQL is unavailable, unresponsive or slower than the incoming spans, spans are stored on disk and written
later. A second thread moves spans to disk if the writer thread is stuck. `append_durable` never waits and never raises:
beyond the limits of disk and memory a span is dropped and counted in `dropped`, and its future fails.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import zstandard

from vong.errors import InvalidInput, Unavailable, VongError
from vong.records import Span
from vong.store.database import Database
from vong.store.spans.copy_writer import CONNECTION_ERRORS, CopyWriter, TransactionHook
from vong.store.spans.crash_log import CrashLog, recover_records
from vong.store.spans.disk_buffer import DiskBuffer, EncodedSpan, FinalizedSpan, PendingSpan, SpanSource, resolve
from vong.store.spans.encoder import encode_batch
from vong.store.spans.incoming import DURABLE_DELAY_SECONDS, MAX_BATCH_SPANS, IncomingQueue

log = logging.getLogger(__name__)

S = TypeVar("S", bound=Span | SpanSource)
MAX_MEMORY_BYTES = 256 << 20
ENCODE_CHUNK_SPANS = 50  # spans that are encoded at once
IDLE_SECONDS = 600.0  # interval at which an idle writer creates the partitions of the coming days
BACKOFF_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)  # delays while PostgreSQL is unavailable; the last one repeats
STUCK_SECONDS = 1.0
"""Time that a batch may take before a copy of it, and all spans queued behind it, are stored on disk."""
SPILL_SPANS = 5_000
"""Spans in memory above which the rest is stored on disk."""
BUFFER_FULL = "span buffer is full"
WRITER_CLOSED = Unavailable("span writer stopped before this span was written", "send the span again")


class SpanWriter:
    """Span writer with limits `max_spans` and MAX_MEMORY_BYTES in memory and `max_disk_bytes` in `folder`."""

    def __init__(
        self,
        database: Database,
        *,
        max_spans: int = 50_000,
        folder: Path | None = None,
        max_disk_bytes: int = 1 << 30,
    ) -> None:
        self.dropped = 0
        """Spans dropped because the limits were reached."""
        self.hook: TransactionHook | None = None
        """Hook that writes an additional row per span in the same transaction."""
        self.restore: Callable[[Sequence[bytes]], object] = lambda _: None
        """Function that queues the spans of records from the crash log of an ended process."""
        self._limits = max_spans, MAX_MEMORY_BYTES
        self._in_memory = [0, 0]  # spans and bytes in memory, now
        self._appended = self._done = 0
        self._lock = threading.RLock()
        self._counts_changed = threading.Condition(self._lock)
        self._closing = self._abandoned = False
        self._has_work, self._ended = threading.Event(), threading.Event()
        self._incoming = IncomingQueue()
        self._backlog: deque[EncodedSpan] = deque()
        self._compressor = zstandard.ZstdCompressor(level=1)
        self._encode_lock = threading.RLock()
        """Held while spans are encoded, or moved to or from the disk."""
        self._disk = DiskBuffer(folder, max_disk_bytes)
        create_folder = self._disk.segment_log.create_process_folder if self._disk.segment_log else None
        self.crash_log = CrashLog(create_folder, self._lock)
        self._copy_writer = CopyWriter(database)
        self._in_flight: Sequence[EncodedSpan] = ()
        self._in_flight_on_disk = False
        self._write_started_at = 0.0
        """Time at which the current write started. 0 while the writer collects spans."""
        self._retry_at = 0.0
        self._attempts = 0
        self._thread = threading.Thread(target=self._run, name="vong-journal", daemon=True)
        self._thread.start()
        if self._disk.enabled:
            threading.Thread(target=self._monitor, name="vong-journal-watch", daemon=True).start()

    @property
    def pending_count(self) -> int:
        """Return the number of spans that are accepted and not committed yet."""
        return self._in_memory[0] + self._disk.count

    @property
    def disk_count(self) -> int:
        """Return the number of uncommitted spans that are on disk."""
        return self._disk.count

    @property
    def is_full(self) -> bool:
        """Return true if no new work should start: the disk or, without disk storage, the memory is full."""
        overflow = self._disk.segment_log
        return overflow.size >= overflow.max_bytes if overflow is not None else self._memory_full

    @property
    def _memory_full(self) -> bool:
        return self._in_memory[0] >= self._limits[0] or self._in_memory[1] >= self._limits[1]

    def append_durable(self, project_id: UUID, span: Span) -> Future[None]:
        """Queue a span and return a future that is done when the span is committed.

        The future fails with InvalidInput if the span cannot be stored, and with Unavailable if the writer is full or
        closed.
        """
        future: Future[None] = Future()
        error = self._accept(PendingSpan(project_id, span, future, None, None))
        if error is not None:
            future.set_exception(error)
        return future

    def enqueue(
        self,
        project_id: UUID,
        span: S,
        finalize: Callable[[S], Span | FinalizedSpan],
        hook_context: Any,
        record: bytes | None = None,
    ) -> None:
        """Queue a span without a future. The hook builds its row from `hook_context`, unless `finalize` returned it.

        `finalize` returns the span to store, for example with its cost. `finalize` runs in a thread of the writer and
        must not block. If the process is killed before the span is stored, `restore` gets the `record`.
        """
        with self._lock:
            generation = self.crash_log.append(record)
            pending = PendingSpan(project_id, span, None, finalize, hook_context, generation)
            error = self._accept(pending)
            if error is not None:
                self.crash_log.release((pending,))
        if error is not None and self.hook is not None:
            self.hook.on_dropped(hook_context)

    def recover_segments(self) -> None:
        """Write the spans that ended processes left on disk. Call this once the hook is set."""
        with self._encode_lock:
            self._disk.recover_segments(lambda folder: recover_records(folder, self.restore))
        self._incoming.wake()

    def write_soon(self) -> None:
        """End the collection of the current batch."""
        self._incoming.end_wait()

    def flush(self, timeout: float | None = None) -> None:
        """Wait until all spans queued so far are committed or failed. Raises Unavailable after `timeout` seconds."""
        with self._counts_changed:
            target = self._appended  # spans on disk may be written after later ones, so check both conditions
            self._incoming.end_wait()
            if not self._counts_changed.wait_for(lambda: self._done >= target and not self._disk.own_count, timeout):
                message = f"{self.pending_count} spans are not written yet after {timeout} s"
                raise Unavailable(message, "check that PostgreSQL is running: vong status")

    def close(self, timeout: float = 30.0) -> None:
        """Write queued spans for `timeout` seconds, then stop. Other spans stay on disk, and their futures fail."""
        with self._counts_changed:
            self._closing = True
        self._incoming.end_wait()
        self._incoming.wake()
        self._thread.join(timeout)
        self._abandoned = True
        if self._thread.is_alive():
            self._copy_writer.interrupt()
        self._thread.join()

    def _accept(self, pending: PendingSpan) -> VongError | None:
        with self._lock:
            error = self._rejection() if self._closing or self._memory_full else None
            if error is None:
                self._in_memory[0] += 1
                self._appended += 1
                self._incoming.put(pending)
        if not self._has_work.is_set():
            self._has_work.set()
        return error

    def _rejection(self) -> VongError | None:
        if self._closing:
            return Unavailable("span writer is closed", "the server is shutting down: send the span again")
        if self._memory_full:
            self.dropped += 1
            if self.dropped in {1, 10, 100} or self.dropped % 1000 == 0:
                log.warning("%s: %d spans dropped so far", BUFFER_FULL, self.dropped)
            return Unavailable(BUFFER_FULL, "PostgreSQL is unavailable or too slow; check it with: vong status")
        return None

    def _run(self) -> None:
        try:
            self._write_started_at = time.monotonic()
            self._copy_writer.create_partitions_ahead()
            while not self._abandoned:
                self._write_started_at = 0.0
                if self._collect(time.monotonic() + self._wait_seconds(), enough=1):
                    self._wait_for_batch()
                if not self._step() and self._closing:
                    break
        finally:  # no caller may wait for a writer that has stopped
            self._shut_down()

    def _step(self) -> bool:
        """Write a batch from memory and, if there is time, one from disk. Return true if anything was written."""
        with self._encode_lock:
            batch = [self._backlog.popleft() for _ in range(min(MAX_BATCH_SPANS, len(self._backlog)))]
            self._in_flight, self._in_flight_on_disk, self._write_started_at = batch, False, time.monotonic()
        self.crash_log.rotate()
        if batch:
            self._write(batch)
            self._in_flight = ()
        backing_off = time.monotonic() < self._retry_at
        if self._disk.count and not backing_off and not self._abandoned and len(self._backlog) < MAX_BATCH_SPANS:
            self._write_from_disk()
            return True
        if not batch and not self._closing and not backing_off:
            self._copy_writer.create_partitions_ahead()
        return bool(batch)

    def _wait_seconds(self) -> float:
        """Return the seconds that the writer may wait for spans."""
        if self._closing:
            return 0.0
        return max(0.0, self._retry_at - time.monotonic()) if self._disk.count else IDLE_SECONDS

    def _wait_for_batch(self) -> None:
        if len(self._backlog) < MAX_BATCH_SPANS and not self._closing:
            self._incoming.wait_for_batch(lambda: self._collect(0.0, enough=MAX_BATCH_SPANS))
        self._collect(0.0, enough=MAX_BATCH_SPANS)

    def _collect(self, deadline: float, enough: int) -> bool:
        """Encode incoming spans until `deadline` or until `enough` are encoded. Return true if there are any."""
        while len(self._backlog) < enough:
            wait = 0.0 if self._closing else max(0.0, deadline - time.monotonic())
            taken, more = self._incoming.drain(wait, min(ENCODE_CHUNK_SPANS, enough))
            if taken:
                with self._encode_lock:
                    self._encode(taken)
            if not more:
                break  # no span arrived, or the writer was woken for another reason
        return bool(self._backlog)

    def _encode(self, pending: Sequence[PendingSpan]) -> None:
        result = encode_batch(pending, self.hook, self._compressor)
        self._update_counts(len(result.failed), result.failed, -result.size)
        self._backlog += result.rows

    def _write(self, batch: Sequence[EncodedSpan]) -> None:
        """Commit a batch. While PostgreSQL is unavailable store it on disk, or wait if the disk is full."""
        tries = 0
        while not self._abandoned:
            if time.monotonic() < self._retry_at:
                if self._spool(batch):
                    return
                self._back_off()
            try:
                pause = self._incoming.find_pause(len(batch))
                self._copy_writer.commit([waiting.row for waiting in batch], self.hook, pause)
                self._attempts, self._retry_at = 0, 0.0
                return self._complete(batch)
            except CONNECTION_ERRORS as error:
                self._on_unavailable(error)
            except psycopg.errors.CheckViolation:
                self._copy_writer.disconnect()  # a cached partition was dropped: read the partitions again
                if tries:
                    return self._write_row_by_row(batch)
                tries += 1
            except psycopg.Error as error:
                self._copy_writer.disconnect()
                return self._write_row_by_row(batch, error)
        if not self._spool(batch):
            self._complete(batch, WRITER_CLOSED)

    def _write_row_by_row(self, batch: Sequence[EncodedSpan], error: psycopg.Error | None = None) -> None:
        """Split a batch so that only the rows that PostgreSQL rejects fail."""
        if len(batch) > 1:
            middle = len(batch) // 2
            self._write(batch[:middle])
            self._write(batch[middle:])
        else:
            log.error("span cannot be stored: %s", error)
            self._complete(batch, InvalidInput(f"PostgreSQL rejected this span: {error}", "fix the span"))

    def _write_from_disk(self) -> None:
        """Commit the oldest batch on disk. Rows that PostgreSQL rejects are skipped."""
        with self._encode_lock:
            batch = self._disk.peek(MAX_BATCH_SPANS, self.hook)
        try:
            refused = self._copy_writer.commit_with_row_fallback(batch.rows, self.hook)
        except CONNECTION_ERRORS as error:
            return self._on_unavailable(error)
        self._attempts = 0
        hook_rows = [row.hook_row for row in batch.rows if row.hook_row is not None and row.encoded.id not in refused]
        if self.hook is not None:
            self.hook.on_committed(hook_rows, spooled=True)
        with self._encode_lock:
            own = self._disk.remove(batch, refused)
        self._update_counts(own, (), 0)

    def _on_unavailable(self, error: psycopg.Error) -> None:
        self._copy_writer.disconnect()
        if self._attempts % 30 == 0:
            log.warning("PostgreSQL is unavailable, %d spans are waiting: %s", self.pending_count, str(error).strip())
        self._retry_at = time.monotonic() + BACKOFF_SECONDS[min(self._attempts, len(BACKOFF_SECONDS) - 1)]
        self._attempts += 1

    def _back_off(self) -> None:
        """Wait until the next attempt and encode incoming spans meanwhile, so that they are compressed and counted."""
        self._collect(self._retry_at, enough=1 << 62)
        while (left := self._retry_at - time.monotonic()) > 0 and not self._abandoned:
            time.sleep(min(left, 0.05))

    def _shut_down(self) -> None:
        with self._counts_changed:
            self._closing = True
        self._ended.set()
        self._has_work.set()
        with self._encode_lock:
            while self._collect(0.0, enough=1 << 62) or not self._incoming.empty():
                rest, self._backlog = list(self._backlog), deque()
                if rest and not self._spool(rest):
                    self._complete(rest, WRITER_CLOSED)
            self.crash_log.close()
            self._disk.close(WRITER_CLOSED)
        self._copy_writer.disconnect()

    def _monitor(self) -> None:
        """Move spans to disk while the writer thread is stuck or too slow. Body of the second thread."""
        while not self._ended.is_set():
            self._has_work.wait()
            if self._ended.wait(DURABLE_DELAY_SECONDS):
                return
            since = self._write_started_at
            stuck = since > 0.0 and time.monotonic() - since > STUCK_SECONDS
            if stuck or self._in_memory[0] > SPILL_SPANS:
                while self._spill_to_disk(stuck):
                    pass
            elif since > 0.0:
                with self._encode_lock:
                    self._encode_ahead()
            elif not self.pending_count:
                self._has_work.clear()
                if self.pending_count:
                    self._has_work.set()

    def _spill_to_disk(self, stuck: bool) -> bool:
        """Move queued spans to disk. Return true if more are queued."""
        with self._encode_lock:
            in_flight = self._in_flight
            if stuck and in_flight and not self._in_flight_on_disk:  # copied, so that a crash loses no span
                self._in_flight_on_disk = self._disk.spool(in_flight, self.hook, also_in_memory=True)
            self._encode_ahead()
            moved = list(self._backlog)
            if not moved or not self._spool(moved):
                return False
            self._backlog.clear()
            return not self._incoming.empty()

    def _encode_ahead(self) -> None:
        """Encode incoming spans during a write. Encoded spans need a fifth of the memory."""
        while len(self._backlog) < 4 * MAX_BATCH_SPANS:
            taken, more = self._incoming.drain(0.0, ENCODE_CHUNK_SPANS)
            if taken:
                self._encode(taken)
            if not more:
                self._incoming.wake()  # a wake-up that was read here was meant for the writer
                return

    def _spool(self, batch: Sequence[EncodedSpan]) -> bool:
        with self._encode_lock:
            if not self._disk.spool(batch, self.hook):
                return False
        self._update_counts(0, batch, sum(len(one.row.encoded.row) for one in batch))
        return True

    def _complete(self, batch: Sequence[EncodedSpan], error: VongError | None = None) -> None:
        hook_rows = [one.row.hook_row for one in batch if one.row.hook_row is not None]
        if self.hook is not None and hook_rows:
            self.hook.on_committed(hook_rows, spooled=False)
        for waiting in batch:
            if waiting.future is not None:
                resolve(waiting.future, error)
        self._update_counts(len(batch), batch, sum(len(one.row.encoded.row) for one in batch))

    def _update_counts(self, done: int, spans: Sequence[PendingSpan | EncodedSpan], size: int) -> None:
        """Count spans that have left the memory, their bytes, and how many of them are committed or failed."""
        with self._counts_changed:
            self._in_memory[0] -= len(spans)
            self.crash_log.release(spans)
            self._in_memory[1] -= size
            if done:
                self._done += done
                self._counts_changed.notify_all()
