"""AWS event streams: decoded for every cut, and rejected if changed."""

import struct
from zlib import crc32

import pytest

from vong.gateway.providers.aws import EventStreamDecoder

EMPTY = bytes.fromhex("000000100000000005c248eb7d98c8ff")
PAYLOAD = bytes.fromhex("0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936")


def encode_message(name: bytes, value: bytes, payload: bytes) -> bytes:
    """Encode one message with a number and a text as headers."""
    headers = b"\x01n\x04" + struct.pack(">i", 7)
    headers += bytes([len(name)]) + name + b"\x07" + struct.pack(">H", len(value)) + value
    start = struct.pack(">II", len(headers) + len(payload) + 16, len(headers))
    start += struct.pack(">I", crc32(start))
    whole = start + headers + payload
    return whole + struct.pack(">I", crc32(whole))


STREAM = EMPTY + PAYLOAD + encode_message(b":event-type", b"messageStop", b"{}")
MESSAGES = [({}, b""), ({}, b"{'foo':'bar'}"), ({"n": 7, ":event-type": "messageStop"}, b"{}")]


@pytest.mark.parametrize("cut", range(len(STREAM) + 1))
def test_a_cut_anywhere_changes_nothing(cut: int) -> None:
    stream = EventStreamDecoder()
    messages = stream.feed(STREAM[:cut]) + stream.feed(STREAM[cut:])
    assert [(message.headers, message.payload) for message in messages] == MESSAGES
    stream.finish()


@pytest.mark.parametrize("at", range(len(PAYLOAD)))
def test_a_changed_byte_is_detected(at: int) -> None:
    changed = bytearray(PAYLOAD)
    changed[at] ^= 1
    with pytest.raises(ValueError, match="invalid event stream"):
        EventStreamDecoder().feed(bytes(changed))


def test_a_stream_that_ends_early_is_an_error() -> None:
    stream = EventStreamDecoder()
    assert stream.feed(PAYLOAD[:-1]) == []
    with pytest.raises(ValueError, match="within a message"):
        stream.finish()


@pytest.mark.parametrize(("total", "headers"), [(32 * 2**20, 0), (300_000, 200_000), (0, 0), (12, 0)])
def test_lengths_are_bounded(total: int, headers: int) -> None:
    start = struct.pack(">II", total, headers)
    with pytest.raises(ValueError, match="invalid event stream"):
        EventStreamDecoder().feed(start + struct.pack(">I", crc32(start)) + b"x" * 16)
