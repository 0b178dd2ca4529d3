"""Heads that clients send again and again: over a connection that is kept alive they are the same bytes each time, but
for the length of the body. One that was parsed once, and says nothing but who calls, is known again by its bytes.
"""

from collections.abc import Iterable
from typing import NamedTuple

KEPT = 1_000
LONGEST = 2_048
"""Bytes of a head that is kept."""
BODY = b"\r\n\r\n"
LENGTHS = (b"\r\ncontent-length: ", b"\r\nContent-Length: ")
CALL = b"POST /v1/chat/completions HTTP/1.1\r\n"
SPEAKING = frozenset(
    (b"traceparent", b"x-vong-session", b"x-vong-tags", b"x-vong-cache", b"anthropic-beta", b"anthropic-version")
) | frozenset((b"connection", b"expect", b"transfer-encoding", b"upgrade", b"content-encoding"))
"""Headers that say more than who calls, or how the request is to be read."""


class _Parts(NamedTuple):
    """A request's head without the length that it states, that length, and where its body begins."""

    head: bytes
    length: bytes
    body: int


class Heads:
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
