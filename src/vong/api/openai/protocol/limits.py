"""uvicorn's protocol with bounds on what a client may send before it is answered: uvicorn itself has none.

A head has a size, a number of headers and a time; a body that is read by the ASGI application may not fall silent; and
what is no body (trailers, extensions of chunks) may not go on for ever. `listener` bounds the bodies of model calls.
"""

import asyncio
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from vong.api.openai.errors import HeadersTooLarge, MalformedHttp, body_of
from vong.errors import VongError

MAX_HEAD = 64 * 1024
"""Bytes of a request line with its headers."""
MAX_HEADERS = 100
SLOW_HEAD = 30.0
"""Seconds that a head may take to arrive, from the opening of the connection or from its own first byte."""
SLOW_BODY = 60.0
"""Seconds that the body of a model call may take to arrive, and for which any other may be silent."""
LINGER = 2.0
"""Seconds in which the rest of a refused request is read and thrown away: else the answer is lost on its way."""


class LimitedHttpProtocol(HttpToolsProtocol):
    """A connection."""

    between = True
    """Whether a message has ended and no other one has begun."""
    _heading = True
    """Whether a head is under way; of a new connection, whether it is awaited."""
    _piece = _arrived = _stray = 0
    """Bytes of this piece; of the head before it; and since the last of a body."""
    _rested = 0.0
    """When the last call was over, by the loop's clock."""
    _refused = False
    _fault: VongError | None = None
    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """A client has connected, and is to say what it wants."""
        super().connection_made(transport)
        self.expect(SLOW_HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client left."""
        self.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A piece came."""
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
        """The first byte of a request."""
        super().on_message_begin()
        self.between = False
        self._heading = True
        self._arrived = -self._piece

    def on_headers_complete(self) -> None:
        """The head of a request has arrived."""
        self._heading = False
        self._stray = -self._piece
        if len(self.headers) > MAX_HEADERS or (
            (self._piece > MAX_HEAD or self._arrived >= 0)
            and len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD
        ):
            self._fault = _large()
            raise httptools.HttpParserError("the head is too large")
        self.take()

    def take(self) -> None:
        """Begin with the request whose head has arrived."""
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of a body."""
        self._stray = -self._piece
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The end of a request."""
        self.between = True
        super().on_message_complete()

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        cycle = cast(Any, self.cycle)
        return cycle is not None and not cycle.response_complete

    def rest(self) -> None:
        """A call was answered: be ready for the next request."""
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
        """The connection was silent for long, unless calls went by meanwhile, which leave the timer as it is."""
        self.timeout_keep_alive_task = None
        left = self._rested + self.timeout_keep_alive - self.loop.time()
        if self.busy:
            return
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def send_400_response(self, msg: str) -> None:
        """What came is no request: say so and close. Where that would stand for the answer to another, only close."""
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
            cycle.disconnected = True  # it is this request itself that cannot be read: nobody else answers it
            cycle.message_event.set()
        error = self._fault or MalformedHttp("this is no HTTP request", "send HTTP/1.1, each header on a line")
        body = body_of(error)
        head = STATUS_LINE[error.status] + b"content-type: application/json\r\nconnection: close\r\n"
        transport.write(b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body))
        end(self)

    def expect(self, seconds: float) -> None:
        """Let the client take so long for what is to come."""
        self.stop()
        self._clock = self.loop.call_later(seconds, self._late, seconds)

    def stop(self) -> None:
        """Wait for nothing more."""
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _late(self, seconds: float) -> None:
        """What was awaited did not come: nobody is answered any more, unless it is we who do not read."""
        cycle = cast(Any, self.cycle)
        answering = self._heading and cycle is not None and not cycle.response_complete
        if answering or self.flow.read_paused:
            self.expect(seconds)
        else:
            self.transport.close()


def end(connection: HttpToolsProtocol) -> None:
    """Close. A client who is still sending would lose the answer with the connection: hear it out for a while."""
    transport = connection.transport
    if transport.can_write_eof() and not transport.is_closing():
        transport.write_eof()
        connection.loop.call_later(LINGER, transport.close)
    else:
        transport.close()


def _large() -> HeadersTooLarge:
    message = f"the request line and its headers have more than {MAX_HEAD} bytes, or are more than {MAX_HEADERS}"
    return HeadersTooLarge(message, "send fewer and shorter headers")
