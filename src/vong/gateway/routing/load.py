"""Load of each target in this server process: calls in flight, recent latency and waiting calls."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from vong.errors import Unavailable
from vong.gateway.upstream.timeouts import Deadline
from vong.records.routing_tree import ConcurrencyCap

LATENCY_WEIGHT = 0.2
"""Weight of a new latency in the moving average."""
LATENCY_MAX_AGE_SECONDS = 120.0
"""Age at which a latency is discarded, so that a target that was slow once is tried again."""


class TargetLoad:
    """Load of one target in one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.in_flight = 0
        """Number of calls in flight."""
        self._clock = clock
        self._latencies: dict[bool, tuple[float, float]] = {}
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def queued(self) -> int:
        """Return the number of calls that wait for a slot."""
        return len(self._queue)

    def latency(self, stream: bool) -> float | None:
        """Return the moving average of the latency in seconds, or None if no recent one is known.

        Streams are measured to the first token, other calls to the complete response.
        """
        value, at = self._latencies.get(stream, (0.0, -LATENCY_MAX_AGE_SECONDS))
        return value if self._clock() - at < LATENCY_MAX_AGE_SECONDS else None

    def record_latency(self, seconds: float, stream: bool) -> None:
        """Record the latency of a successful call."""
        previous = self.latency(stream)
        mean = seconds if previous is None else previous + LATENCY_WEIGHT * (seconds - previous)
        self._latencies[stream] = mean, self._clock()

    async def acquire(self, cap: ConcurrencyCap | None) -> None:
        """Start a call; wait for a slot if the route has a cap.

        Raises Unavailable if too many calls wait, or if the wait exceeds the cap's limit.
        """
        if cap is None or (self.in_flight < cap.max_in_flight and not self._queue):
            self.in_flight += 1
            return
        if len(self._queue) >= cap.queue:
            message = f"the target is at its cap: {cap.max_in_flight} calls in flight, {len(self._queue)} waiting"
            raise Unavailable(message, "try again in a moment")
        slot = asyncio.get_running_loop().create_future()
        self._queue.append(slot)
        try:
            async with Deadline(cap.wait):
                await slot
        except BaseException as error:
            if slot in self._queue:
                self._queue.remove(slot)
            elif slot.done() and not slot.cancelled():
                self.release()  # the slot was assigned at the moment of the timeout or cancellation
            if isinstance(error, TimeoutError):
                message = f"the target had no free slot within {cap.wait:g} s"
                raise Unavailable(message, "try again in a moment") from None
            raise

    def release(self) -> None:
        """End a call and pass its slot to the next waiting call."""
        while self._queue:
            slot = self._queue.popleft()
            if not slot.done():
                slot.set_result(None)  # the slot passes to the waiting call, so the number in flight does not change
                return
        self.in_flight -= 1
