"""Queue of an engine process: bounded, ordered by priority, without starvation.

An engine runs as many completions at once as it has slots. Further ones wait. The waiting completion of the highest
class starts first, then the lowest `priority`, then the earliest arrival. Every eighth start goes to the completion
that has waited longest, regardless of its priority, so that none waits forever.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from enum import IntEnum
from typing import NamedTuple

from vong.errors import RateLimitExceeded

PRIORITY_HEADER = "x-vong-priority"
"""Header with which the server marks requests of background work: `low`."""
FAIR_START_INTERVAL = 8
"""Every start of this number goes to the completion that has waited longest."""
MAX_RETRY_AFTER_SECONDS = 60
"""Maximum Retry-After of a rejected request: OpenAI's clients ignore a longer one."""
UNKNOWN_DURATION_SECONDS = 2.0
"""Assumed duration of a completion until one has ended."""
DURATION_WEIGHT = 0.1
"""Weight of a new duration in the moving average."""


class PriorityClass(IntEnum):
    """Class of a request. Requests of a lower number start first."""

    HIGH = 0
    NORMAL = 1
    LOW = 2


TIER_CLASSES: Mapping[str, PriorityClass] = {"priority": PriorityClass.HIGH, "flex": PriorityClass.LOW}
"""Classes of OpenAI's service tiers. All others are normal."""


class RequestRank(NamedTuple):
    """Rank of a request: its class, then its own `priority` as in vLLM. Lower ranks start first."""

    priority_class: PriorityClass = PriorityClass.NORMAL
    priority: int = 0


def request_rank(headers: Mapping[str, str], service_tier: str | None, priority: int) -> RequestRank:
    """Return the rank of a request. One that the server marks as low cannot raise its class."""
    chosen = TIER_CLASSES.get(service_tier or "", PriorityClass.NORMAL)
    if headers.get(PRIORITY_HEADER) == "low":
        chosen = PriorityClass.LOW
    return RequestRank(chosen, priority)


class _Waiter(NamedTuple):
    rank: RequestRank
    arrival: int
    started: "asyncio.Future[None]"


class RequestQueue:
    """Slots of one engine, and the completions that wait for them. Use it on one event loop."""

    def __init__(self, slots: int, limit: int) -> None:
        self.slots = slots
        self.limit = limit
        self.active = 0
        self.rejected = 0
        """Requests rejected because the queue was full."""
        self._waiting: list[_Waiter] = []
        self._arrivals = self._starts = 0
        self._mean_seconds: float | None = None

    @property
    def waiting(self) -> int:
        """Return the number of waiting completions."""
        return len(self._waiting)

    @property
    def retry_after(self) -> int:
        """Return the seconds until the completions that wait now will have started, at the measured rate."""
        mean = UNKNOWN_DURATION_SECONDS if self._mean_seconds is None else self._mean_seconds
        return max(1, min(math.ceil((self.waiting + 1) * mean / self.slots), MAX_RETRY_AFTER_SECONDS))

    def check_capacity(self) -> None:
        """Check that another request may wait.

        Raises: RateLimitExceeded if the queue is full.
        """
        if self.active < self.slots or self.waiting < self.limit:
            return
        self.rejected += 1
        seconds = self.retry_after
        error = RateLimitExceeded(
            f"the deployment is busy: {self.active} completions are running and {self.waiting} are waiting, "
            f"which is its queue_limit of {self.limit}",
            f"retry after {seconds} s, or raise queue_limit of the deployment",
        )
        error.retry_after = seconds
        raise error

    @asynccontextmanager
    async def slot(self, rank: RequestRank) -> AsyncGenerator[None]:
        """Wait for a slot and occupy it. A cancelled caller leaves the queue."""
        await self._acquire(rank)
        loop = asyncio.get_running_loop()
        start = loop.time()
        try:
            yield
        finally:
            self._record_duration(loop.time() - start)
            self.active -= 1
            self._start_waiting()

    async def _acquire(self, rank: RequestRank) -> None:
        if self.active < self.slots and not self._waiting:
            self._starts += 1
            self.active += 1
            return
        self._arrivals += 1
        waiter = _Waiter(rank, self._arrivals, asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        try:
            await waiter.started
        except asyncio.CancelledError:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            elif not waiter.started.cancelled():  # its slot was assigned in the same iteration of the event loop
                self.active -= 1
                self._start_waiting()
            raise

    def _start_waiting(self) -> None:
        self._waiting = [waiter for waiter in self._waiting if not waiter.started.done()]  # callers that just left
        while self.active < self.slots and self._waiting:
            self._starts += 1
            if self._starts % FAIR_START_INTERVAL:
                waiter = min(self._waiting, key=lambda one: (one.rank, one.arrival))
            else:
                waiter = self._waiting[0]
            self._waiting.remove(waiter)
            self.active += 1
            waiter.started.set_result(None)

    def _record_duration(self, seconds: float) -> None:
        mean = self._mean_seconds
        self._mean_seconds = seconds if mean is None else mean + DURATION_WEIGHT * (seconds - mean)
