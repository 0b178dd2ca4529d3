"""Timeouts of upstreams. Time in which the event loop of this server was blocked does not count."""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from typing import TypeVar, cast

import pytest
import uvloop

from vong.errors import UpstreamTimeout
from vong.gateway.upstream.bounded_events import bounded_events
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint
from vong.gateway.upstream.response import ResponseLimits
from vong.gateway.upstream.timeouts import STALL_THRESHOLD_SECONDS, Deadline, loop_stall

T = TypeVar("T")
PAUSE = 3 * STALL_THRESHOLD_SECONDS
ALLOWED = PAUSE / 2
LOOP_STEPS = 5
"""Event loop iterations that an event takes. A timer may run in between."""

LOOPS: list[Callable[[], asyncio.AbstractEventLoop]] = [asyncio.new_event_loop, uvloop.new_event_loop]


@pytest.fixture(params=LOOPS, ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Awaitable[T]], T]:
    """Return a function that runs a scenario in each event loop that the server supports."""

    def inside(scenario: Awaitable[T]) -> T:
        async def whole() -> T:
            return await scenario

        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(whole())

    return inside


Run = Callable[[Awaitable[object]], object]


def block_event_loop() -> None:
    """Block the event loop."""
    time.sleep(PAUSE)


async def words(*, held_before: int, waits: float = 0.0) -> AsyncGenerator[bytes]:
    """Yield three events. Block the event loop before event `held_before`."""
    for index in range(3):
        if index == held_before:
            asyncio.get_running_loop().call_soon(block_event_loop)
        for _ in range(LOOP_STEPS):
            await asyncio.sleep(waits)
        yield b"data: %d\n\n" % index


async def taken(events: AsyncGenerator[bytes], between: float) -> list[bytes]:
    async with aclosing(bounded_events(events, lambda: None, idle_seconds=between)) as source:
        return [event async for event in source]


def test_a_stream_delayed_by_a_blocked_loop_continues(run: Run) -> None:
    assert run(taken(words(held_before=1), ALLOWED)) == [b"data: %d\n\n" % index for index in range(3)]


def test_a_stalled_stream_fails_with_and_without_a_blocked_loop(run: Run) -> None:
    for held_before in (1, 5):
        started = time.monotonic()
        with pytest.raises(UpstreamTimeout, match=f"sent no data for {ALLOWED:g} s"):
            run(taken(words(held_before=held_before, waits=60.0), ALLOWED))
        assert time.monotonic() - started < 30


def test_a_stream_past_its_deadline_ends_despite_a_blocked_loop(run: Run) -> None:
    async def steady() -> AsyncGenerator[bytes]:
        for index in range(300):
            if index == 10:
                asyncio.get_running_loop().call_soon(block_event_loop)
            await asyncio.sleep(0.01)
            yield b"%d" % index

    async def scenario() -> int:
        count, ends = 0, asyncio.get_running_loop().time() + ALLOWED
        with pytest.raises(UpstreamTimeout, match="did not finish"):
            async with aclosing(bounded_events(steady(), lambda: None, idle_seconds=5.0, deadline_at=ends)) as source:
                async for _ in source:
                    count += 1
        return count

    assert cast(int, run(scenario())) < 100


def test_a_timer_is_extended_by_its_delay_up_to_the_maximum(run: Run) -> None:
    async def scenario() -> list[float]:
        loop = asyncio.get_running_loop()
        return [
            round(loop_stall(loop, loop.time() - late, 5.0), 1)
            for late in (0.0, STALL_THRESHOLD_SECONDS / 2, 2.0, 3600.0)
        ]

    assert run(scenario()) == [0.0, 0.0, 2.0, 5.0]


def test_slow_operations_time_out_and_fast_ones_complete(run: Run) -> None:
    async def scenario() -> None:
        async with Deadline(None):
            await asyncio.sleep(0)
        async with Deadline(30.0):
            await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            async with Deadline(0.01):
                await asyncio.sleep(30)
        with pytest.raises(TimeoutError):
            async with Deadline(-1.0):
                await asyncio.sleep(30)
        await asyncio.sleep(0.05)  # no other timer could end this

    run(scenario())


async def answered(limits: ResponseLimits, *, after: float, pauses: bool) -> bytes:
    """Return the response of an upstream that writes after `after` seconds, with or without a blocked loop."""
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as beside:
        mine, theirs = socket.socketpair()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                theirs.send(b"asked")
                time.sleep(after)
                with suppress(OSError):
                    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                    connection.recv(1)  # until the other side has finished

        served = beside.submit(serve)
        upstream = UpstreamClient()
        endpoint = UpstreamEndpoint(f"http://127.0.0.1:{server.getsockname()[1]}", {})
        loop = asyncio.get_running_loop()

        def block_event_loop() -> None:
            loop.remove_reader(mine)
            time.sleep(PAUSE)

        if pauses:
            loop.add_reader(mine, block_event_loop)
        try:
            response = await upstream.send(endpoint, "/", None, limits)
            return await response.read()
        finally:
            upstream.close()
            await asyncio.wrap_future(served)
            mine.close()
            theirs.close()


BOUNDED = pytest.mark.parametrize(
    "limits", [ResponseLimits(first_byte=ALLOWED), ResponseLimits(total=ALLOWED)], ids=["first byte", "total"]
)


@BOUNDED
def test_a_response_that_arrives_while_the_loop_is_blocked_is_read(run: Run, limits: ResponseLimits) -> None:
    assert run(answered(limits, after=ALLOWED / 2, pauses=True)) == b"ok"


@BOUNDED
def test_a_silent_upstream_is_a_timeout(run: Run, limits: ResponseLimits) -> None:
    with pytest.raises(UpstreamTimeout, match=f"did not start its response within {ALLOWED:g} s"):
        run(answered(limits, after=1.0, pauses=False))
