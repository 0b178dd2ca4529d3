"""Timeouts of upstream calls, for every kind of provider.

Time in which this server itself was stopped (a laptop that slept, a virtual machine that was moved, a busy processor)
does not count against an upstream: data that arrived meanwhile is in the socket and is read first.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import TracebackType

from vong.errors import UpstreamTimeout

TIMEOUT_HINT = "raise `timeout` in the policy of the route, or check the upstream"
STALL_THRESHOLD_SECONDS = 0.1
"""Delay of a timer above which the event loop counts as stalled; a shorter delay is normal load."""


def loop_stall(loop: asyncio.AbstractEventLoop, due: float, timeout: float) -> float:
    """Return how long to postpone an expired timer, once: the stall of the loop, at most `timeout`, or 0.

    Timers fire before data that arrived during the stall is read.
    """
    delay = loop.time() - due
    return min(delay, timeout) if delay > STALL_THRESHOLD_SECONDS else 0.0


class Deadline:
    """Context that raises TimeoutError after `seconds`; None waits forever."""

    __slots__ = ("_due", "_limit", "_loop", "_seconds", "_timer")

    def __init__(self, seconds: float | None) -> None:
        self._seconds = None if seconds is None else max(0.0, seconds)
        self._limit = asyncio.timeout(None)
        self._loop = asyncio.get_running_loop()
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()
        if self._seconds is not None:
            self._due = self._loop.time() + self._seconds
            self._timer = self._loop.call_at(self._due, self._on_due)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        if self._timer is not None:
            self._timer.cancel()
        return await self._limit.__aexit__(kind, error, trace)

    def _on_due(self) -> None:
        stall = loop_stall(self._loop, self._due, self._seconds or 0.0)
        self._timer = self._loop.call_later(stall, self._limit.reschedule, 0.0)


@asynccontextmanager
async def deadline(seconds: float | None, failure: str) -> AsyncGenerator[None]:
    """Raise UpstreamTimeout, with `failure` in its message, if the block exceeds `seconds`.

    None waits forever.
    """
    try:
        async with Deadline(seconds):
            yield
    except TimeoutError:
        raise UpstreamTimeout(f"the upstream {failure} within {seconds:g} s", TIMEOUT_HINT) from None
