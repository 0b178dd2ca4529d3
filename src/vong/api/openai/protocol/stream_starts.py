"""Limit on the streams that start in one iteration of the event loop."""

import asyncio
from collections import deque
from typing import Protocol

STREAM_FIELD = b'"stream"'
"""Bytes of a request body that may ask for a stream. Other requests are never deferred."""
MAX_STARTS_PER_ITERATION = 8


class StreamConnection(Protocol):
    """Connection whose received data may be deferred. `deferred_count` is the number of its deferred pieces."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    deferred_count: int

    def handle_data(self, data: bytes) -> None:
        """Parse received data and start the call that it completes."""
        ...


class StreamStarts:
    """Queue of requests for streams that arrived together.

    An event loop handles all sockets that are ready before it reads the next responses. Without a limit the first chunk
    of every stream therefore waits until the last request is parsed and sent: 50 streams that started together had
    their first chunk after 9.7 ms, with the limit after 3.5 ms (medians of four rounds, benchmarks/LOG.md).
    """

    def __init__(self) -> None:
        self._left = MAX_STARTS_PER_ITERATION
        self._deferred: deque[tuple[StreamConnection, bytes]] = deque()
        self._is_scheduled = False

    def handle(self, connection: StreamConnection, data: bytes) -> None:
        """Pass received data to the connection now, or in one of the next iterations."""
        if not self._is_scheduled:
            self._is_scheduled = True
            connection.loop.call_soon(self._start_iteration, connection.loop)
        if self._left and not connection.deferred_count:
            self._left -= 1
            connection.handle_data(data)
        else:
            connection.deferred_count += 1
            self._deferred.append((connection, data))

    def _start_iteration(self, loop: asyncio.AbstractEventLoop) -> None:
        self._left = MAX_STARTS_PER_ITERATION
        self._is_scheduled = bool(self._deferred)
        if self._deferred:
            loop.call_soon(self._start_iteration, loop)
        while self._deferred and self._left:
            self._left -= 1
            connection, data = self._deferred.popleft()
            connection.deferred_count -= 1
            if not connection.transport.is_closing():
                connection.handle_data(data)
