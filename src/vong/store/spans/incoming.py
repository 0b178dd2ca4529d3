"""Queue between the threads that append spans and the writer thread."""

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from vong.store.spans.disk_buffer import PendingSpan

MAX_BATCH_SPANS = 500
"""Maximum spans of one batch. As many queued spans end the collection of a batch."""
DURABLE_DELAY_SECONDS = 0.025
"""Time in which a batch is collected if a caller waits for its commit."""
BATCH_DELAY_SECONDS = 0.25
"""Time in which a batch is collected if no caller waits: spans of calls. A crash of the process loses at most these."""
PORTION_PAUSE_SECONDS = 0.004
"""Pause between the portions in which a small batch is sent if no caller waits."""
MAX_PACED_SPANS = 100
"""Spans up to which a batch is sent in portions: those of 250 ms at 400 calls per second."""


class IncomingQueue:
    """Queue of spans that are not encoded yet. `put` never waits; one thread collects."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[PendingSpan | None] = SimpleQueue()
        self._has_waiting_caller = False
        self._urgent = False  # the batch that was collected last is to be written at once
        self._write_now = threading.Event()

    def put(self, pending: PendingSpan) -> None:
        """Queue a span."""
        self._queue.put(pending)
        if pending.future is not None:
            self._has_waiting_caller = True
        if self._queue.qsize() >= MAX_BATCH_SPANS and not self._write_now.is_set():
            self._write_now.set()

    def wake(self) -> None:
        """Make `drain` return, although no span arrived."""
        self._queue.put(None)

    def empty(self) -> bool:
        """Return True if no span is queued."""
        return self._queue.empty()

    def end_wait(self) -> None:
        """End the current or the next wait for a batch."""
        self._write_now.set()

    def find_pause(self, span_count: int) -> Callable[[], None] | None:
        """Return the function that waits between the portions of a small batch for which no caller waits."""
        return None if self._urgent or span_count > MAX_PACED_SPANS else self._pause

    def _pause(self) -> None:
        if not self._has_waiting_caller:
            self._write_now.wait(PORTION_PAUSE_SECONDS)

    def wait_for_batch(self, encode: Callable[[], object]) -> None:
        """Sleep until a batch is collected, and call `encode` every 25 ms.

        A thread that wakes for every span competes with the server for the GIL, and so does one that encodes a whole
        batch at once.
        """
        for _ in range(round(BATCH_DELAY_SECONDS / DURABLE_DELAY_SECONDS)):
            if self._write_now.wait(DURABLE_DELAY_SECONDS) or self._has_waiting_caller:
                break
            encode()
        self._urgent = self._has_waiting_caller or self._write_now.is_set()
        self._has_waiting_caller = False
        self._write_now.clear()

    def drain(self, wait: float, limit: int) -> tuple[list[PendingSpan], bool]:
        """Return at most `limit` spans, waiting `wait` seconds for the first, and whether to continue."""
        taken: list[PendingSpan] = []
        with suppress(Empty):
            while len(taken) < limit:
                one = self._queue.get(timeout=wait) if wait and not taken else self._queue.get_nowait()
                if one is None:
                    return taken, False
                taken.append(one)
        return taken, bool(taken)
