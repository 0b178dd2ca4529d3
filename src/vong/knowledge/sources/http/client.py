"""HTTP client of sources: checked addresses and redirects, bounded size and time, rate limit and retries."""

import ssl
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import httpcore

from vong.errors import InvalidInput, JobCancelled, UpstreamFailed, UpstreamTimeout
from vong.knowledge.sources.http.addresses import AddressPolicy, CheckedBackend
from vong.knowledge.sources.http.urls import to_ascii_url
from vong.records import now

USER_AGENT = "Mozilla/5.0 (compatible; Vong/1.0; +https://vong.dev/docs)"
DEFAULT_HEADERS = {"user-agent": USER_AGENT, "accept": "*/*", "accept-encoding": "gzip, deflate"}
MAX_REDIRECTS = 10
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
RETRY_STATUSES = frozenset({429, 500, 502, 503, 504, 529})
MAX_ATTEMPTS = 5
MAX_RETRY_SECONDS = 120.0
"""Longest wait that a Retry-After header may ask for. The request fails beyond it."""
FIRST_RETRY_SECONDS = 0.5
BLOCK_BYTES = 1 << 16


class RequestLimits(NamedTuple):
    """Bounds of one request: bytes of the decompressed response, and seconds in total and without data."""

    max_bytes: int = 20_000_000
    total_seconds: float = 60.0
    read_seconds: float = 20.0
    connect_seconds: float = 10.0


class SourceResponse(NamedTuple):
    """Complete response. `url` is the address after redirects; header names are in lower case."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """Return the media type in lower case without parameters, or an empty string."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str | None:
        """Return the charset of the Content-Type header. Returns None if it has none."""
        for part in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = part.partition("=")
            if name.strip().lower() == "charset" and value.strip():
                return value.strip().strip("\"'").lower()
        return None


class SourceHttpClient:
    """Client of one sync.

    `requests_per_second` limits the requests to each host. Setting `stop` ends every wait, which raises JobCancelled.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        requests_per_second: float = 2.0,
        limits: RequestLimits | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.policy = policy
        self.limits = limits or RequestLimits()
        self.requests_per_second = requests_per_second
        self._stop = stop or threading.Event()
        self._delays: dict[str, float] = {}
        self._next_request: dict[str, float] = {}
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=4,
            max_keepalive_connections=4,
            keepalive_expiry=5.0,
            network_backend=CheckedBackend(policy),
        )

    def set_delay(self, url: str, seconds: float) -> None:
        """Set the delay between two requests to a host, if it is longer than that of the client."""
        self._delays[_host_of(url)] = seconds

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        accepts: Callable[[SourceResponse], bool] | None = None,
        check_redirect: Callable[[str], None] | None = None,
    ) -> SourceResponse:
        """Send a GET request and follow redirects.

        `headers` of `authorization` are not sent to another origin. `accepts` is called with the response before its
        body is read; if it returns False the body stays empty. `check_redirect` may raise an error for an address.

        Raises: UpstreamFailed or UpstreamTimeout if there is no response; Forbidden or InvalidInput if an address is
        refused.
        """
        origin = _origin_of(url)
        for _ in range(MAX_REDIRECTS + 1):
            sent = dict(headers or {})
            if _origin_of(url) != origin:
                sent.pop("authorization", None)
            response = self.send("GET", url, sent, accepts=accepts)
            location = response.headers.get("location")
            if response.status not in REDIRECT_STATUSES or not location:
                return response
            url = urljoin(url, location.strip())
            if check_redirect is not None:
                check_redirect(url)
        raise UpstreamFailed(f"more than {MAX_REDIRECTS} redirects, the last to {url[:200]}", "check the address")

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        accepts: Callable[[SourceResponse], bool] | None = None,
    ) -> SourceResponse:
        """Send a request without following redirects. Repeat it after 429, 5xx and lost connections.

        Raises: as `get` does.
        """
        self.policy.check_url(url)
        for attempt in range(1, MAX_ATTEMPTS + 1):
            delay = FIRST_RETRY_SECONDS * 2 ** (attempt - 1)
            self._wait_for_turn(url)
            try:
                response = self._send_once(method, url, headers or {}, body, accepts)
            except UpstreamFailed:
                if attempt >= 3:
                    raise
            else:
                if response.status not in RETRY_STATUSES or attempt == MAX_ATTEMPTS:
                    return response
                asked = parse_retry_after(response.headers.get("retry-after"))
                if asked is not None and asked > MAX_RETRY_SECONDS:
                    return response
                delay = max(delay, asked or 0.0)
            self._wait(delay)
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def _wait_for_turn(self, url: str) -> None:
        host = _host_of(url)
        interval = max(1 / self.requests_per_second, self._delays.get(host, 0.0))
        self._wait(self._next_request.get(host, 0.0) - time.monotonic())
        self._next_request[host] = time.monotonic() + interval

    def _wait(self, seconds: float) -> None:
        if self._stop.is_set() or (seconds > 0 and self._stop.wait(seconds)):
            raise JobCancelled("the sync was asked to stop", "start it again to continue")

    def _send_once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        accepts: Callable[[SourceResponse], bool] | None,
    ) -> SourceResponse:
        limits = self.limits
        deadline = time.monotonic() + limits.total_seconds
        all_headers = [*{**DEFAULT_HEADERS, **headers}.items()]
        timeout = {"connect": limits.connect_seconds, "read": limits.read_seconds, "write": limits.read_seconds}
        try:
            with self._pool.stream(
                method, to_ascii_url(url), headers=all_headers, content=body, extensions={"timeout": timeout}
            ) as received:
                names = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in received.headers]
                response = SourceResponse(url, received.status, dict(names), b"")
                if accepts is not None and response.status == 200 and not accepts(response):
                    return response
                return response._replace(body=self._read_body(received, response, deadline))
        except httpcore.TimeoutException as error:
            raise UpstreamTimeout(f"{_host_of(url)} did not answer in time", "try again later") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError, ssl.SSLError) as error:
            message = f"the request to {_host_of(url)} failed: {str(error) or type(error).__name__}"
            raise UpstreamFailed(message, "check that the address is reachable from this server") from error

    def _read_body(self, received: httpcore.Response, response: SourceResponse, deadline: float) -> bytes:
        decoder = BodyDecoder(response.headers.get("content-encoding", ""), self.limits.max_bytes)
        for block in received.iter_stream():
            decoder.add(block)
            if time.monotonic() > deadline:
                message = f"{_host_of(response.url)} did not send the page within {self.limits.total_seconds:g} s"
                raise UpstreamTimeout(message, "try again later")
            if self._stop.is_set():
                raise JobCancelled("the sync was asked to stop", "start it again to continue")
        return decoder.finish()


class BodyDecoder:
    """Decoder of a compressed body that never returns more than `max_bytes`."""

    def __init__(self, encoding: str, max_bytes: int) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._max_bytes = max_bytes
        names = [name.strip().lower() for name in encoding.split(",") if name.strip().lower() not in ("", "identity")]
        if len(names) > 1 or (names and names[0] not in ("gzip", "x-gzip", "deflate")):
            raise UpstreamFailed(f"the response has the content encoding {encoding!r}", "use gzip, deflate or none")
        self._is_deflate = bool(names) and names[0] == "deflate"
        self._inflater = zlib.decompressobj(zlib.MAX_WBITS | 32) if names else None
        self._is_first = True

    def add(self, block: bytes) -> None:
        """Add received bytes. Raises UpstreamFailed if the body is too large or damaged."""
        if self._inflater is None:
            self._append(block)
            return
        if self._is_first and self._is_deflate and block and block[0] & 0x0F != 8:
            self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)  # some servers omit the header of zlib
        self._is_first = self._is_first and not block
        try:
            while block and not self._inflater.eof:
                self._append(self._inflater.decompress(block, BLOCK_BYTES))
                block = self._inflater.unconsumed_tail
        except zlib.error as error:
            raise UpstreamFailed(f"the response is not valid {error}", "try again later") from error

    def finish(self) -> bytes:
        """Return the body. Raises UpstreamFailed if it is incomplete."""
        if self._inflater is not None:
            self._append(self._inflater.flush())
            if not self._inflater.eof and not self._is_first:
                raise UpstreamFailed("the compressed response ends too early", "try again later")
        return b"".join(self._parts)

    def _append(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._max_bytes:
            limit = f"{self._max_bytes / 1e6:g} MB"
            raise InvalidInput(f"the response is larger than {limit}", f"provide a file of at most {limit}")
        self._parts.append(data)


def parse_retry_after(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header, which holds seconds or a date. Returns None if it is invalid."""
    if not value:
        return None
    try:
        return max(0.0, float(value.strip()))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value.strip()) - now()).total_seconds())
    except (ValueError, TypeError):
        return None


def _host_of(url: str) -> str:
    return urlsplit(url).netloc.lower()


def _origin_of(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
