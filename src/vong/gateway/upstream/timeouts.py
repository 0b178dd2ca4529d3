"""How long one waits for an upstream, whatever kind of provider it is.

Time in which this server itself stood still (a laptop that slept, a virtual machine that was moved, a processor that
others had) is not counted against an upstream: what it said meanwhile lies in the socket, and is read first.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import TracebackType

from vong.errors import UpstreamTimeout

HINT = "raise `timeout` in the policy of the route, or look at the upstream"
NOTICED = 0.1
"""Seconds by which a timer that fires late says that the loop was held up: less is a busy moment."""


def held_up(loop: asyncio.AbstractEventLoop, due: float, patience: float) -> float:
    """Seconds for which a timer that was due then is to be put off, once: those that the loop was held up, but not more
    than `patience`, or 0. Timers fire before what has arrived meanwhile is read.
    """
    late = loop.time() - due
    return min(late, patience) if late > NOTICED else 0.0


class Deadline:
    """A block that ends with TimeoutError where it takes longer than `seconds`; None waits for ever."""

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
            self._timer = self._loop.call_at(self._due, self._is_due)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        if self._timer is not None:
            self._timer.cancel()
        return await self._limit.__aexit__(kind, error, trace)

    def _is_due(self) -> None:
        held = held_up(self._loop, self._due, self._seconds or 0.0)
        self._timer = self._loop.call_later(held, self._limit.reschedule, 0.0)


@asynccontextmanager
async def within(seconds: float | None, what: str) -> AsyncGenerator[None]:
    """UpstreamTimeout, which says `what` did not happen, where the block takes longer; None waits for ever."""
    try:
        async with Deadline(seconds):
            yield
    except TimeoutError:
        raise UpstreamTimeout(f"the upstream {what} within {seconds:g} s", HINT) from None


async def timely(events: AsyncGenerator[bytes], between: float, ends: float | None) -> AsyncGenerator[bytes]:
    """The events, each within `between` seconds of waiting, all before `ends` on the loop's clock. A caller who reads
    slowly does not count against the upstream.
    """
    loop = asyncio.get_running_loop()
    while True:
        left = None if ends is None else ends - loop.time()
        stalls = left is None or between < left
        try:
            async with Deadline(between if stalls else left):
                batch = await anext(events, None)
        except TimeoutError:
            what = f"said nothing more within {between:g} s" if stalls else "did not finish its answer in time"
            raise UpstreamTimeout(f"the upstream {what}", HINT) from None
        if batch is None:
            return
        yield batch
