"""The client that speaks to upstreams: HTTP/1.1 over its own pool of kept connections, plain or TLS.

A request is written once. It is never repeated after its first byte was sent, because the upstream may have begun to
work on it (and to bill it); a pooled connection that turns out to be closed before that is replaced by a new one.
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from vong.errors import InvalidInput, Misconfigured, UpstreamFailed, UpstreamTimeout, VongError
from vong.gateway.upstream.connection import HttpConnection
from vong.gateway.upstream.response import ResponseLimits, UpstreamResponse
from vong.gateway.upstream.timeouts import Deadline
from vong.gateway.upstream.url_policy import check_peer

IDLE = 4.0
"""Seconds that a free connection is kept: less than the 5 after which common servers close one, so that a request
does not meet a connection that is just being closed."""
KEPT = 512
"""Free connections kept for one origin."""
PATHS = 200
"""Paths of one endpoint whose head is kept: some have the model in them, which callers choose."""


class Origin(NamedTuple):
    """Where connections go."""

    host: str
    port: int
    tls: bool


class UpstreamEndpoint:
    """A base URL (`https://api.openai.com/v1`) and the headers of every request to it."""

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(base_url.rstrip("/"))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            hint = "write it as http(s)://HOST[:PORT]/PATH in vong.toml"
            raise Misconfigured(f"{base_url!r} cannot be the base URL of a provider", hint)
        tls = parts.scheme == "https"
        self.url = base_url.rstrip("/")
        self.origin = Origin(parts.hostname, parts.port or (443 if tls else 80), tls)
        self._path = parts.path
        lines = {"host": parts.netloc, "accept-encoding": "identity", **headers}
        try:
            self._headers = _lines(lines)
        except InvalidInput as error:
            raise Misconfigured(error.message, "mend vong.toml") from error
        self._heads: dict[str, bytes] = {}

    def request(self, path: str, body: bytes | None, headers: Mapping[str, str] | None = None) -> bytes:
        """The bytes of a GET, or of a POST of JSON where there is a body; `headers` are this request's own.
        InvalidInput where one of them, or the path, holds what would end its line.
        """
        head = self._heads.get(path)
        if head is None:
            head = self._head(path, body is not None)
        own = _lines(headers).encode("latin-1") if headers else b""
        if body is None:
            return b"%b%b\r\n" % (head, own)
        return b"%b%d\r\n%b\r\n%b" % (head, len(body), own, body)

    def _head(self, path: str, posts: bool) -> bytes:
        if not path.isascii() or not path.isprintable() or " " in path:
            raise InvalidInput(f"{path!r} cannot be asked for", "name a model as its provider does")
        text = f"{'POST' if posts else 'GET'} {self._path}{path} HTTP/1.1\r\n{self._headers}"
        if posts:
            text += "content-type: application/json\r\ncontent-length: "
        head = text.encode("latin-1")
        if len(self._heads) < PATHS:
            self._heads[path] = head
        return head


def _lines(headers: Mapping[str, str]) -> str:
    for name, value in headers.items():
        if not (text := f"{name}{value}").isascii() or not text.isprintable():
            raise InvalidInput(f"the header {name!r} holds characters that no header may hold", "leave them out")
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


class UpstreamClient:
    """A pool of connections to all upstreams of one event loop. `tls` is the context to trust others by; None takes
    the system's certificates. Nothing is sent to a link-local or metadata address unless that is allowed.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, *, allow_link_local: bool = False) -> None:
        self._allow_link_local = allow_link_local
        self._idle: dict[Origin, deque[HttpConnection]] = {}
        self._open: set[HttpConnection] = set()
        self._context = tls
        self._sweeper: asyncio.TimerHandle | None = None

    async def send(
        self,
        endpoint: UpstreamEndpoint,
        path: str,
        body: bytes | None,
        limits: ResponseLimits,
        headers: Mapping[str, str] | None = None,
    ) -> UpstreamResponse:
        """Send a request; the answer's head has arrived when this returns. `headers` go with this one alone.

        UpstreamFailed where nobody answers, UpstreamTimeout where it takes longer than its limit. Statuses of 400 and
        above are answers, not errors.
        """
        request = endpoint.request(path, body, headers)
        connection = self._free(endpoint.origin) or await self._connect(endpoint.origin, limits)
        response = connection.request(request, limits)
        try:
            await response.head()
        except BaseException:
            response.close()
            raise
        return response

    def begin(
        self,
        endpoint: UpstreamEndpoint,
        path: str,
        body: bytes,
        limits: ResponseLimits,
        arrived: Callable[[], object] | None,
    ) -> UpstreamResponse | None:
        """Send a request over a connection that is free; `arrived` is called when its answer is complete. None where no
        connection is free: then nothing was sent.
        """
        request = endpoint.request(path, body)
        connection = self._free(endpoint.origin)
        return connection.request(request, limits, arrived) if connection is not None else None

    def close(self) -> None:
        """Close every connection."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in list(self._open):
            connection.abort()

    def _free(self, origin: Origin) -> HttpConnection | None:
        idle = self._idle.get(origin)
        oldest = time.monotonic() - IDLE
        while idle:
            connection = idle.pop()  # the one used last is the likeliest to live
            if connection.usable and connection.idle_since > oldest:
                return connection
            connection.abort()
        return None

    async def _connect(self, origin: Origin, limits: ResponseLimits) -> HttpConnection:
        loop = asyncio.get_running_loop()
        if origin.tls and self._context is None:
            self._context = ssl.create_default_context()
        where = f"{origin.host}:{origin.port}"

        def release(connection: HttpConnection) -> None:
            self._keep(origin, connection)

        try:
            async with Deadline(min(limits.connect, limits.total)):
                transport, connection = await loop.create_connection(
                    lambda: HttpConnection(release, self._open.discard),
                    origin.host,
                    origin.port,
                    ssl=self._context if origin.tls else None,
                )
        except TimeoutError:
            message = f"no connection to {where} within {limits.connect:g} s"
            raise UpstreamTimeout(message, "look whether it runs and is reachable from here") from None
        except (OSError, ssl.SSLError) as error:
            message = f"no connection to {where}: {error}"
            raise UpstreamFailed(message, "look whether it runs and is reachable from here") from error
        peer = transport.get_extra_info("peername")
        try:
            check_peer(str(peer[0]) if peer else "", allow_link_local=self._allow_link_local)
        except VongError:
            transport.abort()
            raise
        self._open.add(connection)
        return connection

    def _keep(self, origin: Origin, connection: HttpConnection) -> None:
        idle = self._idle.get(origin)
        if idle is None:
            idle = self._idle[origin] = deque()
        if len(idle) >= KEPT:
            connection.abort()
            return
        connection.idle_since = time.monotonic()
        idle.append(connection)
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(IDLE, self._sweep)

    def _sweep(self) -> None:
        oldest = time.monotonic() - IDLE
        for idle in self._idle.values():
            while idle and idle[0].idle_since <= oldest:
                idle.popleft().abort()
        busy = any(self._idle.values())
        self._sweeper = asyncio.get_running_loop().call_later(IDLE / 2, self._sweep) if busy else None
