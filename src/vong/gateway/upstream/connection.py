"""One connection to an upstream: an asyncio protocol over llhttp's parser."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, cast

import httptools

from vong.errors import UpstreamFailed
from vong.gateway.upstream.response import AGAIN, ResponseLimits, UpstreamResponse

MAX_HEAD = 64 * 1024
"""Bytes of status line and headers that an upstream may send."""

PASSED = ("retry-after", "retry-after-ms", "x-ratelimit-", "x-request-id")
"""Headers of the upstream, or beginnings of them, that are of use to a caller or a trace."""
NAMES = 500
"""Names of headers that are kept: upstreams send the same ones again and again."""
DELIMITING = {"content-length", "transfer-encoding"}


class _Name(NamedTuple):
    """The name of a header, whether it says where the body ends, and whether it goes on to the caller."""

    text: str
    delimiting: bool
    passes: bool


_names: dict[bytes, _Name] = {}


def _named(name: bytes) -> _Name:
    text = name.decode("latin-1").lower()
    found = _Name(text, text in DELIMITING, text.startswith(PASSED))
    if len(_names) < NAMES:
        _names[name] = found
    return found


class HttpConnection(asyncio.Protocol):
    """A connection that carries one exchange at a time. `release(self)` is called when it is free for the next."""

    def __init__(self, release: "Callable[[HttpConnection], None]", gone: "Callable[[HttpConnection], None]") -> None:
        self.idle_since = 0.0
        self.loop = asyncio.get_running_loop()  # asked once: in Python 3.11 each time is a system call
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
        """Whether reading from the socket was stopped."""

    @property
    def usable(self) -> bool:
        """Whether a request can still be written."""
        return self._transport is not None and not self._transport.is_closing()

    def request(
        self, data: bytes, limits: ResponseLimits, arrived: Callable[[], object] | None = None
    ) -> UpstreamResponse:
        """Write a whole request and give its answer, which has not arrived yet."""
        assert self._transport is not None and self._response is None
        response = self._response = UpstreamResponse(self, limits, arrived)
        self._head = 0
        self._delimited = False
        self._transport.write(data)
        return response

    def pause(self) -> None:
        """Stop reading from the socket."""
        if self._transport is not None:
            self._stopped = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        self._stopped = False
        if self.usable and self._transport is not None:
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close at once; the upstream sees the connection end."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop has connected."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class

    def data_received(self, data: bytes) -> None:
        """The loop has read."""
        response = self._response
        if response is None:  # bytes that nobody asked for
            self.abort()
            return
        try:
            self._feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            response.fail(
                UpstreamFailed(f"the upstream did not answer in HTTP ({error})", "check the base_url of the provider")
            )
            self.abort()  # what came behind a whole answer is nobody's
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
        """The upstream has closed its side: the end of a body that has no length, else a loss."""
        response = self._response
        if response is not None and response.status and not self._delimited:
            self._response = None
            if not response.complete:
                response.end()
                response.wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._gone(self)
        response, self._response = self._response, None
        if response is not None and not response.complete:
            when = "in the middle of its answer" if response.status else "without an answer"
            why = f" ({exc})" if exc else ""
            response.fail(UpstreamFailed(f"the upstream closed the connection {when}{why}", AGAIN))

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        response = self._response
        if response is not None:
            text, delimiting, passes = _names.get(name) or _named(name)
            response.headers[text] = value.decode("latin-1")
            if delimiting:
                self._delimited = True
            if passes:
                response.passes = True

    def on_headers_complete(self) -> None:
        """All headers; an interim answer (1xx) is passed over."""
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
        """Part of the body."""
        if self._response is not None:
            self._response.add(body)

    def on_message_complete(self) -> None:
        """The end of the answer."""
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
