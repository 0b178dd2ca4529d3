"""Decoder of `application/vnd.amazon.eventstream`: binary messages, each protected by two CRCs."""

import struct
from dataclasses import dataclass
from zlib import crc32

MAX_MESSAGE_BYTES = 24 * 1024 * 1024
"""Maximum size of a message; a larger one is an error, because no model sends such a message."""
_VALUE_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_BYTES, _STRING = 6, 7


class AwsEventStreamError(ValueError):
    """Error of bytes that are no event stream, or were changed in transit."""


@dataclass(frozen=True)
class AwsEventMessage:
    """One message: its text headers, and its unchanged payload."""

    headers: dict[str, str]
    payload: bytes


class AwsEventStreamDecoder:
    """Decoder that accepts bytes in any chunks and returns the complete messages."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[AwsEventMessage]:
        """Add bytes and return the messages that they complete."""
        self._buffer += data
        messages: list[AwsEventMessage] = []
        while len(self._buffer) >= 12:
            total, headers, prelude_crc = struct.unpack_from(">III", self._buffer)
            if crc32(self._buffer[:8]) != prelude_crc:
                raise AwsEventStreamError("The prelude of a message fails its checksum.")
            if not headers + 16 <= total <= MAX_MESSAGE_BYTES:
                raise AwsEventStreamError(f"Invalid message length: {total} bytes.")
            if len(self._buffer) < total:
                break
            message, self._buffer = self._buffer[:total], self._buffer[total:]
            if crc32(message[:-4]) != int.from_bytes(message[-4:]):
                raise AwsEventStreamError("A message fails its checksum.")
            messages.append(AwsEventMessage(_parse_headers(message[12 : 12 + headers]), message[12 + headers : -4]))
        return messages

    def finish(self) -> None:
        """Check that the stream ended with a complete message.

        Raises: AwsEventStreamError if the stream stopped within a message.
        """
        if self._buffer:
            raise AwsEventStreamError("The stream stopped within a message.")


def _parse_headers(data: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    offset = 0
    try:
        while offset < len(data):
            name_end = offset + 1 + data[offset]
            name, kind, offset = data[offset + 1 : name_end].decode(), data[name_end], name_end + 1
            if kind in (_BYTES, _STRING):
                (size,) = struct.unpack_from(">H", data, offset)
                offset += 2
            else:
                size = _VALUE_SIZES[kind]
            if offset + size > len(data):
                raise AwsEventStreamError("A header is longer than its message.")
            if kind == _STRING:
                headers[name] = data[offset : offset + size].decode()
            offset += size
    except (IndexError, KeyError, struct.error, UnicodeDecodeError) as wrong:
        raise AwsEventStreamError("The headers of a message cannot be read.") from wrong
    return headers
