"""What each target has to do for this server: calls under way, how long it takes lately, and who waits for it."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from vong.errors import Unavailable
from vong.gateway.upstream.timeouts import Deadline
from vong.records.routing_tree import ConcurrencyCap

SHARE = 0.2
"""What a new latency counts against all before it."""
FORGOTTEN = 120.0
"""Seconds after which a latency is no longer known, so that a target which was slow once is tried again."""


class TargetLoad:
    """Of one target, in one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.busy = 0
        """Calls under way."""
        self._clock = clock
        self._latencies: dict[bool, tuple[float, float]] = {}
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """Calls that wait for their turn."""
        return len(self._queue)

    def latency(self, stream: bool) -> float | None:
        """The decayed mean of seconds to the first token of streams, or to whole answers; None where nobody knows."""
        value, at = self._latencies.get(stream, (0.0, -FORGOTTEN))
        return value if self._clock() - at < FORGOTTEN else None

    def took(self, seconds: float, stream: bool) -> None:
        """An answer took so long."""
        known = self.latency(stream)
        mean = seconds if known is None else known + SHARE * (seconds - known)
        self._latencies[stream] = mean, self._clock()

    async def enter(self, cap: ConcurrencyCap | None) -> None:
        """Begin a call, waiting for a turn where there is a cap. Unavailable where too many wait, or for too long."""
        if cap is None or (self.busy < cap.at_once and not self._queue):
            self.busy += 1
            return
        if len(self._queue) >= cap.queue:
            message = f"{cap.at_once} calls are under way to the target and {len(self._queue)} wait"
            raise Unavailable(message, "try again in a moment")
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            async with Deadline(cap.wait):
                await turn
        except BaseException as error:
            if turn in self._queue:
                self._queue.remove(turn)
            elif turn.done() and not turn.cancelled():
                self.leave()  # the turn came in the very moment in which nobody waited for it any more
            if isinstance(error, TimeoutError):
                message = f"no turn came at the target within {cap.wait:g} s"
                raise Unavailable(message, "try again in a moment") from None
            raise

    def leave(self) -> None:
        """A call ended: the next one that waits takes its turn."""
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)  # it goes on being busy, with another call
                return
        self.busy -= 1
