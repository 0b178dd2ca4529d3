"""One connection to an upstream: an asyncio protocol over llhttp's parser, and the answer that comes over it.

Nothing is held back: what the upstream has sent is readable as soon as it arrived. A reader slower than the upstream
pauses the socket, so a stream never grows in memory.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, cast

import httptools

from vong.errors import UpstreamFailed, UpstreamTimeout
from vong.gateway.timing import held_up

PAUSE = 256 * 1024
"""Bytes that arrived and were not read yet, above which a stream stops reading from its socket."""
MAX_HEAD = 64 * 1024
"""Bytes of status line and headers that an upstream may send."""

PASSED = ("retry-after", "retry-after-ms", "x-ratelimit-", "x-request-id")
"""Headers of the upstream, or beginnings of them, that are of use to a caller or a trace."""
NAMES = 500
"""Names of headers that are kept: upstreams send the same ones again and again."""
DELIMITING = {"content-length", "transfer-encoding"}

AGAIN = "nothing was repeated, because the upstream may have worked on it; send it again if it may be"


class Limits(NamedTuple):
    """How long a call may take, in seconds, and how much it may answer, in bytes. `first_byte` counts from the
    moment the request was written.
    """

    connect: float = 10.0
    first_byte: float = 120.0
    total: float = 600.0
    body: int = 64 * 1024 * 1024

    def within(self, other: "Limits | None") -> "Limits":
        """The shorter of each."""
        if other is None:
            return self
        times = (min(self.connect, other.connect), min(self.first_byte, other.first_byte), min(self.total, other.total))
        return Limits(*times, min(self.body, other.body))


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


class Response:
    """The answer to one request, while it arrives. `close` before its end breaks the connection off. `arrived` is
    called by the loop once the answer is complete, unless it was closed before.
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

    def __init__(self, connection: "Connection", limits: Limits, arrived: Callable[[], object] | None = None) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.passes = False
        """Whether any of them goes on to the caller."""
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
        """Whether it will never be complete."""
        return self._error is not None

    async def head(self) -> None:
        """Wait for status and headers. UpstreamTimeout, or UpstreamFailed where the connection was lost."""
        while not self._headed:
            await self._progress()

    async def read(self) -> bytes:
        """The whole body."""
        while not self.complete:
            await self._progress()
        return self.body()

    def body(self) -> bytes:
        """The whole body of an answer that is complete."""
        if self._error:
            raise self._error
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    async def piece(self) -> bytes:
        """What arrived since the last call, as soon as there is anything; empty at the end."""
        self._streamed = True
        while not self._pieces:
            if self.complete and self._error is None:
                return b""
            await self._progress()
        piece = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._waiting = 0
        if self._paused:
            self._paused = False
            self._connection.resume()
        return piece

    def close(self) -> None:
        """Leave: an answer that is not complete is cancelled at the upstream by closing its connection."""
        if not self.complete:
            self._arrived = None
            self._finish(UpstreamFailed("the call was cancelled", AGAIN))
            self._connection.abort()

    def begin(self, status: int) -> None:
        """The head has arrived."""
        if self.complete:
            return
        self.status = status
        self._headed = True
        if self._limits.first_byte < self._limits.total:  # else the timer stands for the whole already
            self._timer.cancel()
            self._timer = self._loop.call_at(self._started + self._limits.total, self._late)

    def add(self, data: bytes) -> None:
        """Part of the body has arrived."""
        if self.complete:
            return
        self._pieces.append(data)
        self._waiting += len(data)
        if self._streamed:
            if self._waiting > PAUSE and not self._paused:
                self._paused = True
                self._connection.pause()
        elif self._waiting > self._limits.body:
            self.fail(UpstreamFailed(f"the upstream answered more than {self._limits.body} bytes", "ask for less"))

    def end(self) -> None:
        """The body has arrived wholly. Whoever waits is told by `wake`."""
        self.complete = True
        self._timer.cancel()

    def fail(self, error: Exception) -> None:
        """The answer will not be complete."""
        if not self.complete:
            self._finish(error)
            self._connection.abort()

    def wake(self) -> None:
        """Let the reader look at what has changed."""
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
            self._loop.call_soon(self._arrived)  # whoever let it fail is not done yet
            self._arrived = None
        self.wake()

    @property
    def _patience(self) -> float:
        """Seconds from the request to what it waits for now."""
        return self._limits.total if self._headed else min(self._limits.first_byte, self._limits.total)

    def _late(self) -> None:
        self._timer = self._loop.call_later(held_up(self._loop, self._started + self._patience), self._too_late)

    def _too_late(self) -> None:
        what = "did not finish its answer" if self._headed else "did not begin to answer"
        hint = "raise `timeout` of this provider in vong.toml, or look at the upstream"
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


class Connection(asyncio.Protocol):
    """A connection that carries one exchange at a time. `release(self)` is called when it is free for the next."""

    def __init__(self, release: "Callable[[Connection], None]", gone: "Callable[[Connection], None]") -> None:
        self.idle_since = 0.0
        self.loop = asyncio.get_running_loop()  # asked once: in Python 3.11 each time is a system call
        self._release = release
        self._gone = gone
        self._transport: asyncio.Transport | None = None
        self._response: Response | None = None
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

    def request(self, data: bytes, limits: Limits, arrived: Callable[[], object] | None = None) -> Response:
        """Write a whole request and give its answer, which has not arrived yet."""
        assert self._transport is not None and self._response is None
        response = self._response = Response(self, limits, arrived)
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
