"""Cache of request heads.

On a kept-alive connection a client sends the same head each time, except for the length of the body. A head that was
parsed once, and has no headers besides credentials, is recognized by its bytes and not parsed again.
"""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

from vong.api.openai.protocol.limits import SLOW_BODY, LimitedHttpProtocol
from vong.gateway.endpoints.parsing import PASSED

KEPT = 1_000
"""Maximum number of cached heads."""
LONGEST = 2_048
"""Maximum bytes of a cached head."""
HELD = 64 * 1024
"""Maximum bytes of a request that is buffered without being parsed."""
BODY = b"\r\n\r\n"
LENGTHS = (b"\r\ncontent-length: ", b"\r\nContent-Length: ")
CALL = b"POST /v1/chat/completions HTTP/1.1\r\n"
SAYING = frozenset(("traceparent", "x-vong-session", "x-vong-tags", "x-vong-cache", *PASSED))
"""Headers that change a call beyond its credentials."""
FRAMING = ("connection", "expect", "transfer-encoding", "upgrade", "content-encoding")
"""Headers that change how a request is read."""
SPEAKING = frozenset(name.encode() for name in (*SAYING, *FRAMING))
"""Headers that exclude a head from the cache."""


class _Parts(NamedTuple):
    """Head of a request without its content length, that length, and the position of the body."""

    head: bytes
    length: bytes
    body: int


class HeadCache:
    """Known heads, each with the secret that it presents."""

    def __init__(self) -> None:
        self._known: dict[bytes, str] = {}

    def find(self, data: bytes) -> tuple[str, bytes, int] | None:
        """Return the secret, the received body and the count of missing bytes, or None for an unknown head.

        The count is negative if the data has more bytes than the request.
        """
        parts = _parts(data)
        if parts is None:
            return None
        head, length, begins = parts
        secret = self._known.get(head)
        if secret is None or not length.isdigit():
            return None
        body = data[begins:]
        return secret, body, int(length) - len(body)

    def learn(self, data: bytes, headers: Iterable[tuple[bytes, bytes]], secret: str) -> None:
        """Add the head of a parsed request. `data` is the whole request, `headers` are its parsed headers."""
        names = [name for name, _ in headers]
        if not data.startswith(CALL) or names.count(b"content-length") != 1 or not SPEAKING.isdisjoint(names):
            return
        parts = _parts(data)
        if parts is not None and parts.length.isdigit() and len(data) - parts.body == int(parts.length):
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[parts.head] = secret


def _parts(data: bytes) -> _Parts | None:
    end = data.find(BODY, 0, LONGEST)
    begin = data.find(LENGTHS[0], 0, end)
    if begin < 0:
        begin = data.find(LENGTHS[1], 0, end)
    if begin < 0 or end < 0:
        return None
    begin += len(LENGTHS[0])
    until = data.find(b"\r\n", begin)
    return _Parts(data[:begin] + data[until:end], data[begin:until], end + len(BODY))


class CachedHeadProtocol(LimitedHttpProtocol):
    """Connection that handles plain calls with a known head before the parser sees them."""

    heads: ClassVar[HeadCache]
    max_body: ClassVar[int]
    piece = b""
    """Received bytes of the current request. Empty for a long request."""
    long = False
    """True if the current request is known not to qualify for the fast path."""
    _held = b""
    """Beginning of a request with a known head and an incomplete body. Most clients send the body separately."""

    @abstractmethod
    def forward(self, secret: str, body: bytes) -> bool:
        """Send a whole chat request on the fast path. Return False, without side effects, if it does not qualify."""
        ...

    def data_received(self, data: bytes) -> None:
        """Handle received data, usually a whole request."""
        if self.between and not self._refused:
            before, self._held = self._held, b""
            data = before + data if before else data
            if self._take(data, waited=bool(before)):
                return
        self.piece = data if self.between else self.piece + data if self.piece else b""
        super().data_received(data)
        self.long = False
        if self.between or len(self.piece) > HELD:
            self.piece = b""

    @property
    def busy(self) -> bool:
        """Return True if a request is in progress or its body is incomplete."""
        return bool(self._held) or super().busy

    def shutdown(self) -> None:
        """Shut down. A request that has begun to arrive is still answered."""
        held, self._held = self._held, b""
        if held:
            super().data_received(held)
        super().shutdown()

    def _take(self, data: bytes, *, waited: bool) -> bool:
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
        if missing > 0 and len(body) + missing <= min(self.max_body, HELD):
            self._held = data
            if not waited:
                self.expect(SLOW_BODY)
            return True
        if missing or len(body) > self.max_body:
            return False
        if not self.forward(secret, body):
            self.long = True
            return False
        self.stop()
        return True
