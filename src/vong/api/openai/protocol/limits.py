"""Protocol of uvicorn with limits on what a client may send before it gets a response. Uvicorn has no limits.

A head has a maximum size, number of headers and time. A body that the ASGI application reads must not stall. Bytes that
are not body (trailers, chunk extensions) are bounded too. `model_calls` limits the bodies of model calls.
"""

import asyncio
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from vong.api.openai.errors import HeadersTooLarge, MalformedHttp, body_of
from vong.errors import VongError

MAX_HEAD = 64 * 1024
"""Maximum bytes of a request line with its headers."""
MAX_HEADERS = 100
SLOW_HEAD = 30.0
"""Seconds for a head to arrive, from the opening of the connection or from the first byte of the head."""
SLOW_BODY = 60.0
"""Seconds for the body of a model call to arrive. Any other body may pause for as long."""
LINGER = 2.0
"""Seconds in which the rest of a rejected request is read and discarded. Otherwise the response may be lost."""


class LimitedHttpProtocol(HttpToolsProtocol):
    """Connection with limits on requests."""

    between = True
    """True after the end of a request and before the next one begins."""
    _heading = True
    """True while a head is arriving. On a new connection, true while the head is awaited."""
    _piece = _arrived = _stray = 0
    """Bytes of the current data, of the head before it, and since the last byte of a body."""
    _rested = 0.0
    """End of the last call, by the clock of the event loop."""
    _refused = False
    _fault: VongError | None = None
    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Start the timeout for the first request of a new connection."""
        super().connection_made(transport)
        self.expect(SLOW_HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timeout, because the client has disconnected."""
        self.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Handle received data."""
        if self._refused:
            return
        self._piece = len(data)
        super().data_received(data)
        if self._heading:
            self._arrived += self._piece
            if self._arrived > MAX_HEAD:
                self._fault = _large()
                self.send_400_response("")
            elif self._clock is None and not self._refused:
                self.expect(SLOW_HEAD)
            return
        self.stop()
        cycle = cast(Any, self.cycle)
        if cycle is not None and cycle.more_body and not cycle.response_complete:
            self._stray += self._piece
            if self._stray > MAX_HEAD:
                self.transport.close()
            else:
                self.expect(SLOW_BODY)

    def on_message_begin(self) -> None:
        """Handle the first byte of a request."""
        super().on_message_begin()
        self.between = False
        self._heading = True
        self._arrived = -self._piece

    def on_headers_complete(self) -> None:
        """Check the limits of the head, and start the request."""
        self._heading = False
        self._stray = -self._piece
        if len(self.headers) > MAX_HEADERS or (
            (self._piece > MAX_HEAD or self._arrived >= 0)
            and len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD
        ):
            self._fault = _large()
            raise httptools.HttpParserError("the request head is too large")
        self.take()

    def take(self) -> None:
        """Start the request whose head has arrived."""
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Handle a part of a body."""
        self._stray = -self._piece
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Handle the end of a request."""
        self.between = True
        super().on_message_complete()

    @property
    def busy(self) -> bool:
        """Return True if a request is in progress."""
        cycle = cast(Any, self.cycle)
        return cycle is not None and not cycle.response_complete

    def rest(self) -> None:
        """Prepare for the next request after a call was answered."""
        if self.pipeline or self.flow.read_paused or self.transport.is_closing():
            self.on_response_complete()
            return
        self.server_state.total_requests += 1
        self._rested = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection. Restart the timer if model calls, which do not reset it, came in between."""
        self.timeout_keep_alive_task = None
        left = self._rested + self.timeout_keep_alive - self.loop.time()
        if self.busy:
            return
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def send_400_response(self, msg: str) -> None:
        """Reject data that is not a request and close. Only close if the response could be taken for another one."""
        del msg
        self._refused = True
        self.stop()
        cycle, transport = cast(Any, self.cycle), self.transport
        if transport.is_closing():
            return
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body or cycle.response_started or self.pipeline:
                transport.close()
                return
            cycle.disconnected = True  # this request itself is malformed, so the response is unambiguous
            cycle.message_event.set()
        error = self._fault or MalformedHttp("the data is not an HTTP request", "send HTTP/1.1, one header per line")
        body = body_of(error)
        head = STATUS_LINE[error.status] + b"content-type: application/json\r\nconnection: close\r\n"
        transport.write(b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body))
        end(self)

    def expect(self, seconds: float) -> None:
        """Start the timeout for the next data of the client."""
        self.stop()
        self._clock = self.loop.call_later(seconds, self._late, seconds)

    def stop(self) -> None:
        """Cancel the timeout."""
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _late(self, seconds: float) -> None:
        """Close the connection after a timeout, unless a response is in progress or reading is paused here."""
        cycle = cast(Any, self.cycle)
        answering = self._heading and cycle is not None and not cycle.response_complete
        if answering or self.flow.read_paused:
            self.expect(seconds)
        else:
            self.transport.close()


def end(connection: HttpToolsProtocol) -> None:
    """Close a connection. A client that is still sending is read for LINGER_SECONDS, or it could lose the response."""
    transport = connection.transport
    if transport.can_write_eof() and not transport.is_closing():
        transport.write_eof()
        connection.loop.call_later(LINGER, transport.close)
    else:
        transport.close()


def _large() -> HeadersTooLarge:
    message = f"the request head exceeds {MAX_HEAD} bytes or {MAX_HEADERS} headers"
    return HeadersTooLarge(message, "send fewer and shorter headers")
