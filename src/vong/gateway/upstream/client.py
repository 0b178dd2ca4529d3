"""HTTP/1.1 client for upstreams, plain or TLS, with its own pool of idle connections.

Each request is written once. A request is never repeated after its first byte was sent, because the upstream may have
begun to process and bill it. A pooled connection that turns out to be closed before that is replaced by a new one.
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

IDLE_SECONDS = 4.0
"""Maximum age of an idle connection: below the 5 s after which common servers close one.

Otherwise a request could meet a connection that the server is just closing.
"""
MAX_IDLE_CONNECTIONS = 512
"""Maximum number of idle connections per origin; further ones are closed."""
MAX_CACHED_PATHS = 200
"""Maximum number of cached request heads per endpoint.

The cache is bounded because some paths contain the model name, which callers choose.
"""

JSON_CONTENT_TYPE = "application/json"


class Origin(NamedTuple):
    """Destination of a connection: host, port and TLS."""

    host: str
    port: int
    tls: bool


class ConnectionFailed(UpstreamFailed):
    """No connection to an upstream. Nothing was sent."""


class ConnectionTimedOut(UpstreamTimeout):
    """No connection to an upstream in time. Nothing was sent."""


def is_unsent(error: BaseException | None) -> bool:
    """Return True if a call failed, or its cause, before a byte was sent, so that sending it again is safe."""
    while error is not None:
        if isinstance(error, (ConnectionFailed, ConnectionTimedOut)):
            return True
        error = error.__cause__
    return False


class UpstreamEndpoint:
    """Base URL (`https://api.openai.com/v1`) and the headers of every request to it."""

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(base_url.rstrip("/"))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            hint = "write it as http(s)://HOST[:PORT]/PATH in vong.toml"
            raise Misconfigured(f"{base_url!r} is not a valid base URL of a provider", hint)
        tls = parts.scheme == "https"
        self.url = base_url.rstrip("/")
        self.origin = Origin(parts.hostname, parts.port or (443 if tls else 80), tls)
        self._base_path = parts.path
        all_headers = {"host": parts.netloc, "accept-encoding": "identity", **headers}
        try:
            self._header_lines = _format_headers(all_headers)
        except InvalidInput as error:
            raise Misconfigured(error.message, "fix vong.toml") from error
        self._cached_heads: dict[str, bytes] = {}

    def build_request(
        self,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str] | None = None,
        content_type: str = JSON_CONTENT_TYPE,
    ) -> bytes:
        """Build a GET request, or a POST request with a body of `content_type` if `body` is set.

        `headers` are added to this request only.

        Raises: InvalidInput if the path or a header contains characters that would end its line.
        """
        head = self._cached_heads.get(path) if content_type == JSON_CONTENT_TYPE else None
        if head is None:
            head = self._build_head(path, body is not None, content_type)
        header_lines = _format_headers(headers).encode("latin-1") if headers else b""
        if body is None:
            return b"%b%b\r\n" % (head, header_lines)
        return b"%b%d\r\n%b\r\n%b" % (head, len(body), header_lines, body)

    def _build_head(self, path: str, has_body: bool, content_type: str) -> bytes:
        if not path.isascii() or not path.isprintable() or " " in path:
            raise InvalidInput(f"{path!r} is not a valid request path", "use the model name of the provider")
        text = f"{'POST' if has_body else 'GET'} {self._base_path}{path} HTTP/1.1\r\n{self._header_lines}"
        if has_body:
            text += f"{_format_headers({'content-type': content_type})}content-length: "
        head = text.encode("latin-1")
        if content_type == JSON_CONTENT_TYPE and len(self._cached_heads) < MAX_CACHED_PATHS:
            self._cached_heads[path] = head
        return head


def _format_headers(headers: Mapping[str, str]) -> str:
    for name, value in headers.items():
        if not (text := f"{name}{value}").isascii() or not text.isprintable():
            raise InvalidInput(f"the header {name!r} contains characters that a header cannot hold", "remove them")
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


class UpstreamClient:
    """Connection pool for all upstreams of one event loop.

    `tls` is the context that verifies servers; None uses the system's certificates. Nothing is sent to a link-local or
    metadata address unless `allow_link_local` is set.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, *, allow_link_local: bool = False) -> None:
        self._allow_link_local = allow_link_local
        self._idle: dict[Origin, deque[HttpConnection]] = {}
        self._connections: set[HttpConnection] = set()
        self._tls_context = tls
        self._sweep_timer: asyncio.TimerHandle | None = None

    async def send(
        self,
        endpoint: UpstreamEndpoint,
        path: str,
        body: bytes | None,
        limits: ResponseLimits,
        headers: Mapping[str, str] | None = None,
        content_type: str = JSON_CONTENT_TYPE,
    ) -> UpstreamResponse:
        """Send a request and return the response as soon as its headers have arrived.

        `headers` are sent with this request only. Statuses of 400 and above are responses, not errors.

        Raises: UpstreamFailed if the upstream does not respond, UpstreamTimeout if a limit is exceeded.
        """
        request = endpoint.build_request(path, body, headers, content_type)
        connection = self._take_idle(endpoint.origin) or await self._connect(endpoint.origin, limits)
        response = connection.request(request, limits)
        try:
            await response.wait_for_headers()
        except BaseException:
            response.close()
            raise
        return response

    def try_send(
        self,
        endpoint: UpstreamEndpoint,
        path: str,
        body: bytes,
        limits: ResponseLimits,
        on_complete: Callable[[], object] | None,
    ) -> UpstreamResponse | None:
        """Send a request over an idle connection, without waiting for the response.

        `on_complete` is called when the response is complete. Returns None if no connection is idle; nothing was sent
        then.
        """
        request = endpoint.build_request(path, body)
        connection = self._take_idle(endpoint.origin)
        return connection.request(request, limits, on_complete) if connection is not None else None

    def close(self) -> None:
        """Close every connection."""
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
        for connection in list(self._connections):
            connection.abort()

    def _take_idle(self, origin: Origin) -> HttpConnection | None:
        idle = self._idle.get(origin)
        idle_after = time.monotonic() - IDLE_SECONDS
        while idle:
            connection = idle.pop()  # the most recently used one is the most likely to be open
            if connection.is_usable and connection.idle_since > idle_after:
                return connection
            connection.abort()
        return None

    async def _connect(self, origin: Origin, limits: ResponseLimits) -> HttpConnection:
        loop = asyncio.get_running_loop()
        if origin.tls and self._tls_context is None:
            self._tls_context = ssl.create_default_context()
        address = f"{origin.host}:{origin.port}"

        def release(connection: HttpConnection) -> None:
            self._return_idle(origin, connection)

        try:
            async with Deadline(min(limits.connect, limits.total)):
                transport, connection = await loop.create_connection(
                    lambda: HttpConnection(release, self._connections.discard),
                    origin.host,
                    origin.port,
                    ssl=self._tls_context if origin.tls else None,
                )
        except TimeoutError:
            message = f"no connection to {address} within {limits.connect:g} s"
            raise ConnectionTimedOut(message, "check that it runs and is reachable from this server") from None
        except (OSError, ssl.SSLError) as error:
            message = f"no connection to {address}: {error}"
            raise ConnectionFailed(message, "check that it runs and is reachable from this server") from error
        peer = transport.get_extra_info("peername")
        try:
            check_peer(str(peer[0]) if peer else "", allow_link_local=self._allow_link_local)
        except VongError:
            transport.abort()
            raise
        self._connections.add(connection)
        return connection

    def _return_idle(self, origin: Origin, connection: HttpConnection) -> None:
        idle = self._idle.get(origin)
        if idle is None:
            idle = self._idle[origin] = deque()
        if len(idle) >= MAX_IDLE_CONNECTIONS:
            connection.abort()
            return
        connection.idle_since = time.monotonic()
        idle.append(connection)
        if self._sweep_timer is None:
            self._sweep_timer = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._close_expired)

    def _close_expired(self) -> None:
        idle_after = time.monotonic() - IDLE_SECONDS
        for idle in self._idle.values():
            while idle and idle[0].idle_since <= idle_after:
                idle.popleft().abort()
        any_idle = any(self._idle.values())
        self._sweep_timer = (
            asyncio.get_running_loop().call_later(IDLE_SECONDS / 2, self._close_expired) if any_idle else None
        )
