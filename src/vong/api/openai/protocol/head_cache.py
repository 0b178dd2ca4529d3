"""Heads that clients send again and again: over a connection that is kept alive they are the same bytes each time, but
for the length of the body. One that was parsed once, and says nothing but who calls, is known again by its bytes.
"""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

from vong.api.openai.protocol.limits import SLOW_BODY, LimitedHttpProtocol
from vong.gateway.endpoints.parsing import PASSED

KEPT = 1_000
LONGEST = 2_048
"""Bytes of a head that is kept."""
HELD = 64 * 1024
"""Bytes of a body that is waited for without being parsed."""
BODY = b"\r\n\r\n"
LENGTHS = (b"\r\ncontent-length: ", b"\r\nContent-Length: ")
CALL = b"POST /v1/chat/completions HTTP/1.1\r\n"
SAYING = frozenset(("traceparent", "x-vong-session", "x-vong-tags", "x-vong-cache", *PASSED))
"""Headers that say more of a call than who makes it."""
FRAMING = ("connection", "expect", "transfer-encoding", "upgrade", "content-encoding")
"""Headers that say how a request is to be read."""
SPEAKING = frozenset(name.encode() for name in (*SAYING, *FRAMING))


class _Parts(NamedTuple):
    """A request's head without the length that it states, that length, and where its body begins."""

    head: bytes
    length: bytes
    body: int


class HeadCache:
    """The known ones, each with the secret that it presents."""

    def __init__(self) -> None:
        self._known: dict[bytes, str] = {}

    def find(self, data: bytes) -> tuple[str, bytes, int] | None:
        """Of a request that has a known head: the secret, what there is of the body, and how many bytes are missing,
        below 0 where there are more than belong to it.
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
        """Know the head of a request again that has been parsed: `data` is all of it, `headers` what was found."""
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
    """A connection that takes plain calls whose head is known before the parser sees them."""

    heads: ClassVar[HeadCache]
    max_body: ClassVar[int]
    piece = b""
    """The request that is under way, as far as it has come; empty for a long one."""
    long = False
    """Whether it is known already that the request at hand is no plain call."""
    _held = b""
    """The beginning of a request with a known head, whose body is not all there: most clients write it by itself."""

    @abstractmethod
    def forward(self, secret: str, body: bytes) -> bool:
        """Send a whole chat on, where it is plain. False, with nothing done, where it goes the way of all others."""
        ...

    def data_received(self, data: bytes) -> None:
        """Something came, with most requests all of it."""
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
        """Whether a request is under way, or its body awaited."""
        return bool(self._held) or super().busy

    def shutdown(self) -> None:
        """The server ends: a request that has begun to arrive is answered yet."""
        held, self._held = self._held, b""
        if held:
            super().data_received(held)
        super().shutdown()

    def _take(self, data: bytes, *, waited: bool) -> bool:
        """Send a plain call on whose head is known, without parsing it, or wait for its body. False where it is none.
        `waited`: that its body was waited for already.
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
