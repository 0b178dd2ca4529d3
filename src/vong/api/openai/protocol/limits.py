"""Protocol of uvicorn with limits on what a client may send before it gets a response. Uvicorn has no limits.

A head has a maximum size, number of headers and time. A body that the ASGI application reads must not stall. Bytes that
are not body (trailers, chunk extensions) are bounded too. `model_calls` limits the bodies of model calls.
"""

import asyncio
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from vong.api.openai.errors import HeadersTooLarge, MalformedHttp, encode_error
from vong.errors import VongError

MAX_HEAD_BYTES = 64 * 1024
"""Maximum bytes of a request line with its headers."""
MAX_HEADERS = 100
HEAD_TIMEOUT_SECONDS = 30.0
"""Seconds for a head to arrive, from the opening of the connection or from the first byte of the head."""
BODY_TIMEOUT_SECONDS = 60.0
"""Seconds for the body of a model call to arrive. Any other body may pause for as long."""
LINGER_SECONDS = 2.0
"""Seconds in which the rest of a rejected request is read and discarded. Otherwise the response may be lost."""


class LimitedHttpProtocol(HttpToolsProtocol):
    """Connection with limits on requests."""

    between_requests = True
    """True after the end of a request and before the next one begins."""
    _reading_head = True
    """True while a head is arriving. On a new connection, true while the head is awaited."""
    _chunk_bytes = _head_bytes = _overhead_bytes = 0
    """Bytes of the current data, of the head before it, and since the last byte of a body."""
    _last_call_at = 0.0
    """End of the last call, by the clock of the event loop."""
    _rejected = False
    _protocol_error: VongError | None = None
    _timeout_handle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Start the timeout for the first request of a new connection."""
        super().connection_made(transport)
        self.start_timeout(HEAD_TIMEOUT_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timeout, because the client has disconnected."""
        self.cancel_timeout()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Handle received data."""
        if self._rejected:
            return
        self._chunk_bytes = len(data)
        super().data_received(data)
        if self._reading_head:
            self._head_bytes += self._chunk_bytes
            if self._head_bytes > MAX_HEAD_BYTES:
                self._protocol_error = _headers_too_large()
                self.send_400_response("")
            elif self._timeout_handle is None and not self._rejected:
                self.start_timeout(HEAD_TIMEOUT_SECONDS)
            return
        self.cancel_timeout()
        cycle = cast(Any, self.cycle)
        if cycle is not None and cycle.more_body and not cycle.response_complete:
            self._overhead_bytes += self._chunk_bytes
            if self._overhead_bytes > MAX_HEAD_BYTES:
                self.transport.close()
            else:
                self.start_timeout(BODY_TIMEOUT_SECONDS)

    def on_message_begin(self) -> None:
        """Handle the first byte of a request."""
        super().on_message_begin()
        self.between_requests = False
        self._reading_head = True
        self._head_bytes = -self._chunk_bytes

    def on_headers_complete(self) -> None:
        """Check the limits of the head, and start the request."""
        self._reading_head = False
        self._overhead_bytes = -self._chunk_bytes
        if len(self.headers) > MAX_HEADERS or (
            (self._chunk_bytes > MAX_HEAD_BYTES or self._head_bytes >= 0)
            and len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD_BYTES
        ):
            self._protocol_error = _headers_too_large()
            raise httptools.HttpParserError("the request head is too large")
        self.start_request()

    def start_request(self) -> None:
        """Start the request whose head has arrived."""
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Handle a part of a body."""
        self._overhead_bytes = -self._chunk_bytes
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Handle the end of a request."""
        self.between_requests = True
        super().on_message_complete()

    @property
    def is_busy(self) -> bool:
        """Return True if a request is in progress."""
        cycle = cast(Any, self.cycle)
        return cycle is not None and not cycle.response_complete

    def finish_call(self) -> None:
        """Prepare for the next request after a call was answered."""
        if self.pipeline or self.flow.read_paused or self.transport.is_closing():
            self.on_response_complete()
            return
        self.server_state.total_requests += 1
        self._last_call_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection. Restart the timer if model calls, which do not reset it, came in between."""
        self.timeout_keep_alive_task = None
        left = self._last_call_at + self.timeout_keep_alive - self.loop.time()
        if self.is_busy:
            return
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def send_400_response(self, msg: str) -> None:
        """Reject data that is not a request and close. Only close if the response could be taken for another one."""
        del msg
        self._rejected = True
        self.cancel_timeout()
        cycle, transport = cast(Any, self.cycle), self.transport
        if transport.is_closing():
            return
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body or cycle.response_started or self.pipeline:
                transport.close()
                return
            cycle.disconnected = True  # this request itself is malformed, so the response is unambiguous
            cycle.message_event.set()
        error = self._protocol_error or MalformedHttp(
            "the data is not an HTTP request", "send HTTP/1.1, one header per line"
        )
        body = encode_error(error)
        head = STATUS_LINE[error.status] + b"content-type: application/json\r\nconnection: close\r\n"
        transport.write(b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body))
        close_gracefully(self)

    def start_timeout(self, seconds: float) -> None:
        """Start the timeout for the next data of the client."""
        self.cancel_timeout()
        self._timeout_handle = self.loop.call_later(seconds, self._on_timeout, seconds)

    def cancel_timeout(self) -> None:
        """Cancel the timeout."""
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
            self._timeout_handle = None

    def _on_timeout(self, seconds: float) -> None:
        """Close the connection after a timeout, unless a response is in progress or reading is paused here."""
        cycle = cast(Any, self.cycle)
        answering = self._reading_head and cycle is not None and not cycle.response_complete
        if answering or self.flow.read_paused:
            self.start_timeout(seconds)
        else:
            self.transport.close()


def close_gracefully(connection: HttpToolsProtocol) -> None:
    """Close a connection. A client that is still sending is read for LINGER_SECONDS, or it could lose the response."""
    transport = connection.transport
    if transport.can_write_eof() and not transport.is_closing():
        transport.write_eof()
        connection.loop.call_later(LINGER_SECONDS, transport.close)
    else:
        transport.close()


def keeps_alive(parser: Any) -> bool:
    """Return True if a request keeps its connection open."""
    return parser.get_http_version() != "1.0" and parser.should_keep_alive()


def _headers_too_large() -> HeadersTooLarge:
    message = f"the request head exceeds {MAX_HEAD_BYTES} bytes or {MAX_HEADERS} headers"
    return HeadersTooLarge(message, "send fewer and shorter headers")
