"""Cache of request heads.

On a kept-alive connection a client sends the same head each time, except for the length of the body. A head that was
parsed once, and has no headers besides credentials, is recognized by its bytes and not parsed again.
"""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

from vong.api.openai.protocol.limits import BODY_TIMEOUT_SECONDS, LimitedHttpProtocol
from vong.gateway.endpoints.parsing import FORWARDED_HEADERS

MAX_CACHED_HEADS = 1_000
"""Maximum number of cached heads."""
MAX_CACHED_HEAD_BYTES = 2_048
"""Maximum bytes of a cached head."""
MAX_BUFFERED_BYTES = 64 * 1024
"""Maximum bytes of a request that is buffered without being parsed."""
HEAD_END = b"\r\n\r\n"
LENGTH_HEADERS = (b"\r\ncontent-length: ", b"\r\nContent-Length: ")
CHAT_REQUEST_LINE = b"POST /v1/chat/completions HTTP/1.1\r\n"
CALL_HEADERS = frozenset(
    (
        *("traceparent", "x-vong-session", "x-vong-tags", "x-vong-cache", "x-vong-priority", "x-vong-prompt"),
        "content-encoding",
        *FORWARDED_HEADERS,
    )
)
"""Headers that change a call beyond its credentials."""
CREDENTIAL_HEADERS = ("authorization", "x-api-key", "api-key", "cookie", "host", "origin", "sec-fetch-site")
READ_HEADERS = {name.encode(): name for name in (*CREDENTIAL_HEADERS, *CALL_HEADERS)}
"""Headers of a model call that are read. `api.http.credentials` reads the credentials."""
FRAMING_HEADERS = ("connection", "expect", "transfer-encoding", "upgrade")
"""Headers that change how a request is read."""
UNCACHEABLE_HEADERS = frozenset(name.encode() for name in (*CALL_HEADERS, *FRAMING_HEADERS))
"""Headers that exclude a head from the cache."""


class _HeadParts(NamedTuple):
    """Head of a request without its content length, that length, and the position of the body."""

    head: bytes
    length: bytes
    body_start: int


class HeadCache:
    """Known heads, each with the secret that it presents."""

    def __init__(self) -> None:
        self._secrets: dict[bytes, str] = {}

    def find(self, data: bytes) -> tuple[str, bytes, int] | None:
        """Return the secret, the received body and the count of missing bytes, or None for an unknown head.

        The count is negative if the data has more bytes than the request.
        """
        parts = _split_head(data)
        if parts is None:
            return None
        head, length, begins = parts
        secret = self._secrets.get(head)
        if secret is None or not length.isdigit():
            return None
        body = data[begins:]
        return secret, body, int(length) - len(body)

    def add(self, data: bytes, headers: Iterable[tuple[bytes, bytes]], secret: str) -> None:
        """Add the head of a parsed request. `data` is the whole request, `headers` are its parsed headers."""
        names = [name for name, _ in headers]
        if (
            not data.startswith(CHAT_REQUEST_LINE)
            or names.count(b"content-length") != 1
            or not UNCACHEABLE_HEADERS.isdisjoint(names)
        ):
            return
        parts = _split_head(data)
        if parts is not None and parts.length.isdigit() and len(data) - parts.body_start == int(parts.length):
            if len(self._secrets) >= MAX_CACHED_HEADS:
                self._secrets.clear()
            self._secrets[parts.head] = secret


def _split_head(data: bytes) -> _HeadParts | None:
    end = data.find(HEAD_END, 0, MAX_CACHED_HEAD_BYTES)
    begin = data.find(LENGTH_HEADERS[0], 0, end)
    if begin < 0:
        begin = data.find(LENGTH_HEADERS[1], 0, end)
    if begin < 0 or end < 0:
        return None
    begin += len(LENGTH_HEADERS[0])
    until = data.find(b"\r\n", begin)
    return _HeadParts(data[:begin] + data[until:end], data[begin:until], end + len(HEAD_END))


class CachedHeadProtocol(LimitedHttpProtocol):
    """Connection that handles plain calls with a known head before the parser sees them."""

    heads: ClassVar[HeadCache]
    max_body: ClassVar[int]
    current_request = b""
    """Received bytes of the current request. Empty for a long request."""
    skip_fast_path = False
    """True if the current request is known not to qualify for the fast path."""
    _buffered = b""
    """Beginning of a request with a known head and an incomplete body. Most clients send the body separately."""

    @abstractmethod
    def try_forward(self, secret: str, body: bytes) -> bool:
        """Send a whole chat request on the fast path. Return False, without side effects, if it does not qualify."""
        ...

    def data_received(self, data: bytes) -> None:
        """Handle received data, usually a whole request."""
        if self.between_requests and not self._rejected:
            before, self._buffered = self._buffered, b""
            data = before + data if before else data
            if self._try_cached_head(data, waited=bool(before)):
                return
        self.current_request = (
            data if self.between_requests else self.current_request + data if self.current_request else b""
        )
        super().data_received(data)
        self.skip_fast_path = False
        if self.between_requests or len(self.current_request) > MAX_BUFFERED_BYTES:
            self.current_request = b""

    @property
    def is_busy(self) -> bool:
        """Return True if a request is in progress or its body is incomplete."""
        return bool(self._buffered) or super().is_busy

    def shutdown(self) -> None:
        """Shut down. A request that has begun to arrive is still answered."""
        held, self._buffered = self._buffered, b""
        if held:
            super().data_received(held)
        super().shutdown()

    def _try_cached_head(self, data: bytes, *, waited: bool) -> bool:
        """Send a call with a known head without parsing it, or buffer it until its body is complete.

        Return False if the request does not qualify. `waited` is true if the body was already waited for.
        """
        cycle: Any = self.cycle  # None before the first request
        if cycle is not None and not cycle.response_complete:
            return False
        found = self.heads.find(data)
        if found is None or self.transport.is_closing():
            return False
        secret, body, missing = found
        if missing > 0 and len(body) + missing <= min(self.max_body, MAX_BUFFERED_BYTES):
            self._buffered = data
            if not waited:
                self.start_timeout(BODY_TIMEOUT_SECONDS)
            return True
        if missing or len(body) > self.max_body:
            return False
        if not self.try_forward(secret, body):
            self.skip_fast_path = True
            return False
        self.cancel_timeout()
        return True
