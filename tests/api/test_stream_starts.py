"""Streams that arrive together start a few per iteration of the event loop, in order, and none is lost."""

import asyncio
from typing import Any, cast

from vong.api.openai.protocol.stream_starts import MAX_STARTS_PER_ITERATION, StreamConnection, StreamStarts


class Connection:
    """Connection that records the received pieces with the iteration in which they were handled."""

    def __init__(self, loop: asyncio.AbstractEventLoop, log: list[tuple[int, bytes]], clock: list[int]) -> None:
        self.loop, self.transport, self.deferred_count = loop, cast(Any, self), 0
        self.closing = False
        self._log, self._clock = log, clock

    def is_closing(self) -> bool:
        return self.closing

    def handle_data(self, data: bytes) -> None:
        self._log.append((self._clock[0], data))


async def receive(pieces: list[tuple[int, bytes]], closing: frozenset[int] = frozenset()) -> list[tuple[int, bytes]]:
    """Pass pieces (number of a connection, data) in one iteration. Return them with the iteration that handled them."""
    loop, starts = asyncio.get_running_loop(), StreamStarts()
    log: list[tuple[int, bytes]] = []
    clock = [0]
    connections = {number: Connection(loop, log, clock) for number, _ in pieces}
    for number, data in pieces:
        starts.handle(cast(StreamConnection, connections[number]), data)
    for number in closing:
        connections[number].closing = True
    for _ in range(50):
        clock[0] += 1
        await asyncio.sleep(0)
    assert all(connection.deferred_count == 0 for connection in connections.values())
    return log


def test_streams_that_arrive_together_start_in_order_over_several_iterations() -> None:
    log = asyncio.run(receive([(number, b"%d" % number) for number in range(50)]))
    assert [data for _, data in log] == [b"%d" % number for number in range(50)]
    iterations = [iteration for iteration, _ in log]
    assert max(iterations.count(iteration) for iteration in set(iterations)) == MAX_STARTS_PER_ITERATION
    assert len(set(iterations)) == -(-50 // MAX_STARTS_PER_ITERATION)


def test_data_after_deferred_data_of_a_connection_keeps_its_place() -> None:
    first = [(number, b"%d" % number) for number in range(MAX_STARTS_PER_ITERATION + 1)]
    last = MAX_STARTS_PER_ITERATION
    log = asyncio.run(receive([*first, (last, b"more")]))
    assert [data for _, data in log][-2:] == [b"%d" % last, b"more"]


def test_deferred_data_of_a_closed_connection_is_dropped() -> None:
    pieces = [(number, b"%d" % number) for number in range(MAX_STARTS_PER_ITERATION + 2)]
    log = asyncio.run(receive(pieces, closing=frozenset({MAX_STARTS_PER_ITERATION})))
    assert [data for _, data in log] == [data for number, data in pieces if number != MAX_STARTS_PER_ITERATION]
