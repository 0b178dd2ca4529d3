"""One connection to an upstream: an asyncio protocol on top of llhttp's parser."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, cast

import httptools

from vong.errors import UpstreamFailed
from vong.gateway.upstream.response import AGAIN, ResponseLimits, UpstreamResponse

MAX_HEAD = 64 * 1024
"""Maximum size of the status line and headers of a response."""

PASSED = ("retry-after", "retry-after-ms", "x-ratelimit-", "x-request-id")
"""Response headers, or prefixes of them, that are forwarded to the caller or recorded in a trace."""
NAMES = 500
"""Maximum number of cached header names; upstreams send the same ones repeatedly."""
DELIMITING = {"content-length", "transfer-encoding"}


class _Name(NamedTuple):
    """Header name, with flags: delimits the body, is forwarded to the caller."""

    text: str
    delimiting: bool
    passes: bool


_names: dict[bytes, _Name] = {}


def _named(name: bytes) -> _Name:
    text = name.decode("latin-1").lower()
    header = _Name(text, text in DELIMITING, text.startswith(PASSED))
    if len(_names) < NAMES:
        _names[name] = header
    return header


class HttpConnection(asyncio.Protocol):
    """Connection that carries one exchange at a time.

    `release(self)` is called when the connection is idle again, `on_close(self)` when it is closed.
    """

    def __init__(self, release: "Callable[[HttpConnection], None]", gone: "Callable[[HttpConnection], None]") -> None:
        self.idle_since = 0.0
        self.loop = asyncio.get_running_loop()  # looked up once: in Python 3.11 each lookup is a system call
        self._release = release
        self._gone = gone
        self._transport: asyncio.Transport | None = None
        self._response: UpstreamResponse | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._feed = self._parser.feed_data
        self._head = 0
        self._interim = False
        self._delimited = False
        self._stopped = False
        """Whether reading from the socket is paused."""

    @property
    def usable(self) -> bool:
        """Return True if a request can still be written."""
        return self._transport is not None and not self._transport.is_closing()

    def request(
        self, data: bytes, limits: ResponseLimits, arrived: Callable[[], object] | None = None
    ) -> UpstreamResponse:
        """Write a complete request and return its response, which has not arrived yet."""
        assert self._transport is not None and self._response is None
        response = self._response = UpstreamResponse(self, limits, arrived)
        self._head = 0
        self._delimited = False
        self._transport.write(data)
        return response

    def pause(self) -> None:
        """Pause reading from the socket."""
        if self._transport is not None:
            self._stopped = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Resume reading from the socket."""
        self._stopped = False
        if self.usable and self._transport is not None:
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close the connection at once; the upstream sees it end."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport when the connection is established."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transport is no subclass of it

    def data_received(self, data: bytes) -> None:
        """Parse received bytes and wake the reader."""
        response = self._response
        if response is None:  # bytes without a request
            self.abort()
            return
        try:
            self._feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            response.fail(UpstreamFailed(f"the upstream sent an invalid HTTP response ({error})", "check its base_url"))
            self.abort()  # bytes after a complete response belong to no request
            response.wake()
            return
        if self._response is not None and not response.status:
            self._head += len(data)
            if self._head > MAX_HEAD:
                response.fail(
                    UpstreamFailed(f"the upstream sent more than {MAX_HEAD} bytes of headers", "check its base_url")
                )
        response.wake()

    def eof_received(self) -> bool:
        """Complete a response without a length when the upstream closes its side.

        If the response has a length, the closed side is a loss, which `connection_lost` reports.
        """
        response = self._response
        if response is not None and response.status and not self._delimited:
            self._response = None
            if not response.complete:
                response.end()
                response.wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the current response when the connection is closed."""
        self._gone(self)
        response, self._response = self._response, None
        if response is not None and not response.complete:
            when = "during its response" if response.status else "without a response"
            reason = f" ({exc})" if exc else ""
            response.fail(UpstreamFailed(f"the upstream closed the connection {when}{reason}", AGAIN))

    # Callbacks of the parser.

    def on_header(self, name: bytes, value: bytes) -> None:
        """Store one header."""
        response = self._response
        if response is not None:
            text, delimiting, passes = _names.get(name) or _named(name)
            response.headers[text] = value.decode("latin-1")
            if delimiting:
                self._delimited = True
            if passes:
                response.passes = True

    def on_headers_complete(self) -> None:
        """Finish the headers; an interim response (1xx) is skipped."""
        status = self._parser.get_status_code()
        self._interim = status < 200
        if self._response is not None and self._interim:
            self._response.headers.clear()
            self._response.passes = False
            self._delimited = False
        elif self._response is not None:
            if status in (204, 304):
                self._delimited = True
            self._response.begin(status)

    def on_body(self, body: bytes) -> None:
        """Add a part of the body to the response."""
        if self._response is not None:
            self._response.add(body)

    def on_message_complete(self) -> None:
        """Finish the response and release or close the connection."""
        response = self._response
        if self._interim or response is None:
            return
        self._response = None
        keep = not response.complete and self._parser.should_keep_alive() and self.usable
        if not response.complete:
            response.end()
        if keep:
            if self._stopped:
                self.resume()
            self._release(self)
        else:
            self.abort()
