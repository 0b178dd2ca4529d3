"""Response of an upstream while it arrives.

Data is readable as soon as it has arrived. A reader slower than the upstream pauses the socket, so a stream never grows
in memory.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol

from vong.errors import UpstreamFailed, UpstreamTimeout
from vong.gateway.upstream.timeouts import loop_stall

READ_PAUSE_BYTES = 256 * 1024
"""Number of received but unread bytes above which a stream pauses its socket."""
RELEASE_SECONDS = 1.0
"""Time in which the rest of a released response may arrive, so that its connection can be used again."""
RESEND_HINT = "the request was not retried, because the upstream may have processed it; send it again if that is safe"


class ResponseLimits(NamedTuple):
    """Limits of a call in seconds, and of its response body in bytes.

    `first_byte` counts from the moment the request was written. `total` bounds a complete response; for a stream it
    bounds the time without data, because a stream that goes on is alive.
    """

    connect: float = 10.0
    first_byte: float = 120.0
    total: float = 600.0
    max_body_bytes: int = 64 * 1024 * 1024

    def narrowed_by(self, other: "ResponseLimits | None") -> "ResponseLimits":
        """Return the smaller of each limit."""
        if other is None:
            return self
        times = (min(self.connect, other.connect), min(self.first_byte, other.first_byte), min(self.total, other.total))
        return ResponseLimits(*times, min(self.max_body_bytes, other.max_body_bytes))


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
        "_active_at",
        "_chunks",
        "_connection",
        "_error",
        "_headers_received",
        "_is_streamed",
        "_limits",
        "_loop",
        "_on_complete",
        "_previously_active_at",
        "_reading_paused",
        "_released",
        "_started_at",
        "_timer",
        "_unread_bytes",
        "_waiter",
        "complete",
        "has_forwarded_headers",
        "headers",
        "status",
    )

    def __init__(
        self, connection: ConnectionHandle, limits: ResponseLimits, on_complete: Callable[[], object] | None = None
    ) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.has_forwarded_headers = False
        """Whether any header is forwarded to the caller."""
        self.complete = False
        self._on_complete = on_complete
        self._connection = connection
        self._limits = limits
        self._chunks: list[bytes] = []
        self._unread_bytes = 0
        self._error: Exception | None = None
        self._headers_received = False
        self._reading_paused = False
        self._is_streamed = False
        self._waiter: asyncio.Future[None] | None = None
        self._loop = loop = connection.loop
        self._started_at = self._active_at = self._previously_active_at = loop.time()
        self._released = False
        self._timer = loop.call_later(min(limits.first_byte, limits.total), self._on_timer)

    @property
    def failed(self) -> bool:
        """Return True if the response will never be complete."""
        return self._error is not None

    async def wait_for_headers(self) -> None:
        """Wait for status and headers.

        Raises: UpstreamTimeout if a limit is exceeded, UpstreamFailed if the connection was lost.
        """
        while not self._headers_received:
            await self._wait_for_progress()

    async def read(self) -> bytes:
        """Wait for the complete response and return its body."""
        while not self.complete:
            await self._wait_for_progress()
        return self.body()

    def body(self) -> bytes:
        """Return the body of a complete response."""
        if self._error:
            raise self._error
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)

    async def read_chunk(self) -> bytes:
        """Return the bytes that arrived since the last call, or wait for some; empty at the end."""
        if not self._is_streamed:
            self._start_stream()
        while not self._chunks:
            if self.complete and self._error is None:
                return b""
            await self._wait_for_progress()
        chunk = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._unread_bytes = 0
        self._previously_active_at, self._active_at = self._active_at, self._loop.time()
        if self._reading_paused:
            self._reading_paused = False
            self._connection.resume()
        return chunk

    def ignore_chunk(self) -> None:
        """Do not count the last chunk as data: it only keeps the connection alive."""
        self._active_at = self._previously_active_at

    def release(self) -> None:
        """Stop reading a stream that has said its end.

        The connection is used again if the response ends within RELEASE_SECONDS, else it is closed.
        """
        if self.complete:
            return
        self._released = True
        self._chunks.clear()
        if self._reading_paused:
            self._reading_paused = False
            self._connection.resume()
        self._timer.cancel()
        self._timer = self._loop.call_later(RELEASE_SECONDS, self.close)

    def replace_body(self, body: bytes) -> None:
        """Replace what has arrived of the body. Parts that arrive later are dropped by the connection."""
        self._chunks[:] = [body]
        self._unread_bytes = len(body)

    def close(self) -> None:
        """Close the response; an incomplete one is cancelled by closing its connection."""
        if not self.complete:
            self._on_complete = None
            self._abandon(UpstreamFailed("the call was cancelled", RESEND_HINT))
            self._connection.abort()

    def on_headers(self, status: int) -> None:
        """Store the status when the headers have arrived."""
        if self.complete:
            return
        self.status = status
        self._headers_received = True
        if self._limits.first_byte < self._limits.total:  # otherwise the timer already covers the total
            self._timer.cancel()
            self._timer = self._loop.call_at(self._started_at + self._limits.total, self._on_timer)

    def on_data(self, data: bytes) -> None:
        """Add a received part of the body."""
        if self.complete or self._released:
            return
        self._chunks.append(data)
        self._unread_bytes += len(data)
        if self._is_streamed and self._unread_bytes > READ_PAUSE_BYTES and not self._reading_paused:
            self._reading_paused = True
            self._connection.pause()
        if self._unread_bytes > self._limits.max_body_bytes:  # a stream only if it was compressed
            self.fail(
                UpstreamFailed(
                    f"the response of the upstream exceeds {self._limits.max_body_bytes} bytes", "request less"
                )
            )

    def on_end(self) -> None:
        """Mark the response as complete; `wake_reader` notifies the reader."""
        self.complete = True
        self._timer.cancel()

    def fail(self, error: Exception) -> None:
        """Fail the response with an error and close its connection."""
        if not self.complete:
            self._abandon(error)
            self._connection.abort()

    def wake_reader(self) -> None:
        """Notify the reader, and call `on_complete` if the response is complete."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if self.complete and self._on_complete is not None:
            arrived, self._on_complete = self._on_complete, None
            arrived()

    def _abandon(self, error: Exception | None) -> None:
        self._error = error
        self.complete = True
        self._timer.cancel()
        if self._on_complete is not None:
            self._loop.call_soon(self._on_complete)  # deferred: the code that failed the response is still running
            self._on_complete = None
        self.wake_reader()

    @property
    def _phase_timeout_seconds(self) -> float:
        """Return the timeout of the current phase in seconds, counted from the request."""
        return self._limits.total if self._headers_received else min(self._limits.first_byte, self._limits.total)

    def _on_timer(self) -> None:
        stall = loop_stall(self._loop, self._started_at + self._phase_timeout_seconds, self._phase_timeout_seconds)
        self._timer = self._loop.call_later(stall, self._time_out)

    def _time_out(self) -> None:
        what = "did not finish its response" if self._headers_received else "did not start its response"
        hint = "raise `timeout` of this provider in vong.toml, or check the upstream"
        self.fail(UpstreamTimeout(f"the upstream {what} within {self._phase_timeout_seconds:g} s", hint))

    def _start_stream(self) -> None:
        """Limit the time without data instead of the total time, because the body is read in parts."""
        self._is_streamed = True
        if not self.complete:
            self._timer.cancel()
            self._active_at = self._previously_active_at = self._loop.time()
            self._timer = self._loop.call_at(self._active_at + self._limits.total, self._on_idle_timer)

    def _on_idle_timer(self, postponed: bool = False) -> None:
        """Fail a silent stream. The timer is set once per period and not once per chunk."""
        if self._chunks:  # data waits for a slow reader
            self._active_at = self._loop.time()
        due = self._active_at + self._limits.total
        stall = 0.0 if postponed else loop_stall(self._loop, due, self._limits.total)
        if due > self._loop.time():
            self._timer = self._loop.call_at(due, self._on_idle_timer)
        elif stall:
            self._timer = self._loop.call_later(stall, self._on_idle_timer, True)
        else:
            self._time_out_idle()

    def _time_out_idle(self) -> None:
        hint = "raise `timeout` of this provider in vong.toml, or check the upstream"
        self.fail(UpstreamTimeout(f"the upstream sent no data for {self._limits.total:g} s", hint))

    async def _wait_for_progress(self) -> None:
        if self._error:
            raise self._error
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        if self._error:
            raise self._error
