"""Queue of an engine: bound, order by priority, no starvation, and places of callers that leave."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from vong.errors import RateLimitExceeded
from vong.serving.engine import request_queue
from vong.serving.engine.request_queue import PriorityClass, RequestQueue, RequestRank, request_rank

NORMAL, LOW, HIGH = (RequestRank(one) for one in (PriorityClass.NORMAL, PriorityClass.LOW, PriorityClass.HIGH))


class Work:
    """Completions that end when the test says so, in the order of their starts."""

    def __init__(self, queue: RequestQueue) -> None:
        self.queue = queue
        self.started: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def add(self, name: str, rank: RequestRank = NORMAL) -> None:
        self._ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._run(name, rank))
        await asyncio.sleep(0)

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await asyncio.gather(self.tasks[name])
        await asyncio.sleep(0)

    async def _run(self, name: str, rank: RequestRank) -> None:
        async with self.queue.slot(rank):
            self.started.append(name)
            await self._ends[name].wait()


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def call() -> None:
        await test()

    asyncio.run(call())


def test_a_full_queue_rejects_with_the_time_that_its_queue_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        queue = RequestQueue(slots=2, limit=3)
        work = Work(queue)
        for name in "abcde":
            queue.check_capacity()
            await work.add(name)
        assert (queue.active, queue.waiting, queue.rejected) == (2, 3, 0)
        with pytest.raises(RateLimitExceeded, match="2 completions are running and 3 are waiting") as refused:
            queue.check_capacity()
        assert refused.value.retry_after == 4  # 4 completions of an assumed 2 s in 2 slots
        assert queue.rejected == 1
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: 1e9)  # the first one takes very long
        await work.end("a")
        assert queue.retry_after == 60
        queue.check_capacity()  # one place is free again
        for name in "bcde":
            await work.end(name)
        assert (queue.active, queue.waiting) == (0, 0)

    run(test)


def test_a_queue_without_places_accepts_only_what_starts_at_once() -> None:
    async def test() -> None:
        queue = RequestQueue(slots=1, limit=0)
        queue.check_capacity()
        work = Work(queue)
        await work.add("a")
        with pytest.raises(RateLimitExceeded):
            queue.check_capacity()
        await work.end("a")
        queue.check_capacity()

    run(test)


def test_a_higher_priority_starts_first_and_equal_ones_in_their_order() -> None:
    async def test() -> None:
        work = Work(RequestQueue(slots=1, limit=100))
        await work.add("first")
        for name, rank in [("batch", LOW), ("later", RequestRank(PriorityClass.NORMAL, 5)), ("b", NORMAL)]:
            await work.add(name, rank)
        await work.add("sooner", RequestRank(PriorityClass.NORMAL, -1))
        await work.add("c", NORMAL)
        await work.add("paid", HIGH)
        for _ in range(7):
            await work.end(work.started[-1])
        assert work.started == ["first", "paid", "sooner", "b", "c", "later", "batch"]

    run(test)


def test_low_priority_does_not_starve() -> None:
    async def test() -> None:
        work = Work(RequestQueue(slots=1, limit=1000))
        await work.add("first")
        for number in range(3):
            await work.add(f"batch{number}", LOW)
        for number in range(40):  # a person always waits
            await work.add(f"person{number}")
            await work.end(work.started[-1])
        interval = request_queue.FAIR_START_INTERVAL
        batch = [index for index, name in enumerate(work.started) if name.startswith("batch")]
        assert batch == [interval - 1, 2 * interval - 1, 3 * interval - 1]
        for task in work.tasks.values():
            task.cancel()
        await asyncio.gather(*work.tasks.values(), return_exceptions=True)
        assert (work.queue.active, work.queue.waiting) == (0, 0)

    run(test)


def test_a_caller_that_leaves_frees_its_place_at_once() -> None:
    async def test() -> None:
        queue = RequestQueue(slots=1, limit=10)
        work = Work(queue)
        for name in ("a", "b", "c"):
            await work.add(name)
        work.tasks["b"].cancel()
        await asyncio.sleep(0)
        assert (queue.active, queue.waiting) == (1, 1)
        # The slot is assigned to c, which is cancelled before it runs.
        work._ends["a"].set()
        await asyncio.sleep(0)
        work.tasks["c"].cancel()
        with suppress(asyncio.CancelledError):
            await work.tasks["c"]
        assert (queue.active, queue.waiting) == (0, 0)
        await work.add("d")
        assert work.started == ["a", "d"]
        await work.end("d")

    run(test)


@pytest.mark.parametrize(
    ("headers", "tier", "priority", "rank"),
    [
        ({}, None, 0, (1, 0)),
        ({}, "auto", 3, (1, 3)),
        ({}, "default", 0, (1, 0)),
        ({}, "flex", 0, (2, 0)),
        ({}, "priority", -2, (0, -2)),
        ({"x-vong-priority": "low"}, "priority", -9, (2, -9)),
    ],
)
def test_fields_and_header_decide_the_rank(
    headers: dict[str, str], tier: str | None, priority: int, rank: tuple[int, int]
) -> None:
    assert request_rank(headers, tier, priority) == rank
