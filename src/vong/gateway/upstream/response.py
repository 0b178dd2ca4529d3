"""Response of an upstream while it arrives.

Data is readable as soon as it has arrived. A reader slower than the upstream pauses the socket, so a stream never grows
in memory.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol

from vong.errors import UpstreamFailed, UpstreamTimeout
from vong.gateway.upstream.timeouts import held_up

PAUSE = 256 * 1024
"""Number of received but unread bytes above which a stream pauses its socket."""
AGAIN = "the request was not retried, because the upstream may have processed it; send it again if that is safe"


class ResponseLimits(NamedTuple):
    """Limits of a call in seconds, and of its response body in bytes.

    `first_byte` counts from the moment the request was written.
    """

    connect: float = 10.0
    first_byte: float = 120.0
    total: float = 600.0
    body: int = 64 * 1024 * 1024

    def within(self, other: "ResponseLimits | None") -> "ResponseLimits":
        """Return the smaller of each limit."""
        if other is None:
            return self
        times = (min(self.connect, other.connect), min(self.first_byte, other.first_byte), min(self.total, other.total))
        return ResponseLimits(*times, min(self.body, other.body))


class ConnectionHandle(Protocol):
    """Connection that carries a response."""

    loop: asyncio.AbstractEventLoop

    def pause(self) -> None:
        """Pause reading from the socket."""
        ...

    def resume(self) -> None:
        """Resume reading from the socket."""
        ...

    def abort(self) -> None:
        """Close the connection at once."""
        ...


class UpstreamResponse:
    """Response to one request while it arrives.

    `close` before the end closes the connection. The loop calls `on_complete` once the response is complete, unless it
    was closed before.
    """

    __slots__ = (
        "_arrived",
        "_connection",
        "_error",
        "_headed",
        "_limits",
        "_loop",
        "_paused",
        "_pieces",
        "_started",
        "_streamed",
        "_timer",
        "_waiter",
        "_waiting",
        "complete",
        "headers",
        "passes",
        "status",
    )

    def __init__(
        self, connection: ConnectionHandle, limits: ResponseLimits, arrived: Callable[[], object] | None = None
    ) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.passes = False
        """Whether any header is forwarded to the caller."""
        self.complete = False
        self._arrived = arrived
        self._connection = connection
        self._limits = limits
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._error: Exception | None = None
        self._headed = False
        self._paused = False
        self._streamed = False
        self._waiter: asyncio.Future[None] | None = None
        self._loop = loop = connection.loop
        self._started = loop.time()
        self._timer = loop.call_later(min(limits.first_byte, limits.total), self._late)

    @property
    def failed(self) -> bool:
        """Return True if the response will never be complete."""
        return self._error is not None

    async def head(self) -> None:
        """Wait for status and headers.

        Raises: UpstreamTimeout if a limit is exceeded, UpstreamFailed if the connection was lost.
        """
        while not self._headed:
            await self._progress()

    async def read(self) -> bytes:
        """Wait for the complete response and return its body."""
        while not self.complete:
            await self._progress()
        return self.body()

    def body(self) -> bytes:
        """Return the body of a complete response."""
        if self._error:
            raise self._error
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    async def piece(self) -> bytes:
        """Return the bytes that arrived since the last call, or wait for some; empty at the end."""
        self._streamed = True
        while not self._pieces:
            if self.complete and self._error is None:
                return b""
            await self._progress()
        chunk = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._waiting = 0
        if self._paused:
            self._paused = False
            self._connection.resume()
        return chunk

    def close(self) -> None:
        """Close the response; an incomplete one is cancelled by closing its connection."""
        if not self.complete:
            self._arrived = None
            self._finish(UpstreamFailed("the call was cancelled", AGAIN))
            self._connection.abort()

    def begin(self, status: int) -> None:
        """Store the status when the headers have arrived."""
        if self.complete:
            return
        self.status = status
        self._headed = True
        if self._limits.first_byte < self._limits.total:  # otherwise the timer already covers the total
            self._timer.cancel()
            self._timer = self._loop.call_at(self._started + self._limits.total, self._late)

    def add(self, data: bytes) -> None:
        """Add a received part of the body."""
        if self.complete:
            return
        self._pieces.append(data)
        self._waiting += len(data)
        if self._streamed:
            if self._waiting > PAUSE and not self._paused:
                self._paused = True
                self._connection.pause()
        elif self._waiting > self._limits.body:
            self.fail(UpstreamFailed(f"the response of the upstream exceeds {self._limits.body} bytes", "request less"))

    def end(self) -> None:
        """Mark the response as complete; `wake_reader` notifies the reader."""
        self.complete = True
        self._timer.cancel()

    def fail(self, error: Exception) -> None:
        """Fail the response with an error and close its connection."""
        if not self.complete:
            self._finish(error)
            self._connection.abort()

    def wake(self) -> None:
        """Notify the reader, and call `on_complete` if the response is complete."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if self.complete and self._arrived is not None:
            arrived, self._arrived = self._arrived, None
            arrived()

    def _finish(self, error: Exception | None) -> None:
        self._error = error
        self.complete = True
        self._timer.cancel()
        if self._arrived is not None:
            self._loop.call_soon(self._arrived)  # deferred: the code that failed the response is still running
            self._arrived = None
        self.wake()

    @property
    def _patience(self) -> float:
        """Return the timeout of the current phase in seconds, counted from the request."""
        return self._limits.total if self._headed else min(self._limits.first_byte, self._limits.total)

    def _late(self) -> None:
        stall = held_up(self._loop, self._started + self._patience, self._patience)
        self._timer = self._loop.call_later(stall, self._too_late)

    def _too_late(self) -> None:
        what = "did not finish its response" if self._headed else "did not start its response"
        hint = "raise `timeout` of this provider in vong.toml, or check the upstream"
        self.fail(UpstreamTimeout(f"the upstream {what} within {self._patience:g} s", hint))

    async def _progress(self) -> None:
        if self._error:
            raise self._error
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        if self._error:
            raise self._error
