"""Reads `application/vnd.amazon.eventstream`: binary messages, each held by two CRCs."""

import struct
from dataclasses import dataclass
from zlib import crc32

# A message as long as this is no message of a model: its length was misread.
LONGEST = 24 * 1024 * 1024
_WIDTHS = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_BYTES, _STRING = 6, 7


class AwsEventStreamError(ValueError):
    """The bytes are not a stream of events, or were changed on their way."""


@dataclass(frozen=True)
class AwsEventMessage:
    """One message: its headers that are text, and its payload as it came."""

    headers: dict[str, str]
    payload: bytes


class AwsEventStreamDecoder:
    """Takes bytes however they were cut and gives the messages that are whole."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> list[AwsEventMessage]:
        """The messages that `data` completes."""
        self._rest += data
        found: list[AwsEventMessage] = []
        while len(self._rest) >= 12:
            total, headers, check = struct.unpack_from(">III", self._rest)
            if crc32(self._rest[:8]) != check:
                raise AwsEventStreamError("The start of a message fails its checksum.")
            if not headers + 16 <= total <= LONGEST:
                raise AwsEventStreamError(f"A message cannot be {total} bytes long.")
            if len(self._rest) < total:
                break
            whole, self._rest = self._rest[:total], self._rest[total:]
            if crc32(whole[:-4]) != int.from_bytes(whole[-4:]):
                raise AwsEventStreamError("A message fails its checksum.")
            found.append(AwsEventMessage(_headers(whole[12 : 12 + headers]), whole[12 + headers : -4]))
        return found

    def end(self) -> None:
        """Says so if the stream stopped within a message."""
        if self._rest:
            raise AwsEventStreamError("The stream stopped within a message.")


def _headers(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    try:
        while at < len(data):
            after = at + 1 + data[at]
            name, kind, at = data[at + 1 : after].decode(), data[after], after + 1
            if kind in (_BYTES, _STRING):
                (size,) = struct.unpack_from(">H", data, at)
                at += 2
            else:
                size = _WIDTHS[kind]
            if at + size > len(data):
                raise AwsEventStreamError("A header is longer than its message.")
            if kind == _STRING:
                found[name] = data[at : at + size].decode()
            at += size
    except (IndexError, KeyError, struct.error, UnicodeDecodeError) as wrong:
        raise AwsEventStreamError("The headers of a message cannot be read.") from wrong
    return found
