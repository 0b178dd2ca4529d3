"""Decoding of compressed bodies: gzip, deflate, br and zstd.

Compressed data can expand a thousandfold, so every decoder yields its output in small parts, and the reader stops at
its limit.
"""

import zlib
from collections.abc import Iterator
from typing import Protocol

import zstandard

from vong.errors import InvalidInput, VongError

OUTPUT_BYTES = 64 * 1024
"""Maximum number of bytes that a decoder of gzip, deflate or br returns at once."""
INPUT_BYTES = 256
"""Bytes that a decoder without a limit on its output receives at once."""
MAX_ENCODINGS = 3
"""Maximum number of encodings that are applied to one body."""
GZIP_WINDOW = 31
ZLIB_WINDOW = 15
RAW_WINDOW = -15
MAX_ZSTD_WINDOW = 8 * 1024 * 1024
"""Maximum window of zstd: the one that RFC 9659 allows in HTTP."""


class MalformedEncoding(InvalidInput):
    """Body that does not have the encoding that its header names, or ends early."""


class UnknownEncoding(VongError):
    """Body with an encoding that cannot be decoded here. The message names the encoding."""

    code, fault, status = "unsupported_encoding", "caller", 415


class StreamDecoder(Protocol):
    """Decoder of one body that arrives in parts."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield the decoded parts of received data.

        Raises: MalformedEncoding if the data does not have the encoding.
        """
        ...

    def finish(self) -> None:
        """Check the end of the body.

        Raises: MalformedEncoding if it ended early.
        """
        ...


class _ZlibDecoder:
    """Decoder of gzip, which may consist of several members, and of deflate with or without its header."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._start = b""
        self._decompressor = zlib.decompressobj(GZIP_WINDOW)
        self._window = GZIP_WINDOW if encoding == "gzip" else None

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield the decoded parts of received data."""
        if self._window is None:
            self._start += data
            if len(self._start) < 2:
                return
            data = self._start
            self._window = ZLIB_WINDOW if _has_zlib_header(data) else RAW_WINDOW
            self._decompressor = zlib.decompressobj(self._window)
        part = b""
        while data or len(part) == OUTPUT_BYTES:  # a full part: more output may be left although all input was read
            if self._decompressor.eof:
                if self._encoding != "gzip" or not data:
                    return  # bytes after the end of deflate
                self._decompressor = zlib.decompressobj(self._window)
            try:
                part = self._decompressor.decompress(data, OUTPUT_BYTES)
            except zlib.error as error:
                raise MalformedEncoding(f"the body is not valid {self._encoding} ({error})") from error
            data = self._decompressor.unconsumed_tail or self._decompressor.unused_data
            if part:
                yield part

    def finish(self) -> None:
        """Check that the body is complete."""
        if not self._decompressor.eof:
            raise MalformedEncoding(f"the {self._encoding} body ends early")


def _has_zlib_header(data: bytes) -> bool:
    """Return True if data begins with the header of zlib, which some servers omit although RFC 9110 requires it."""
    return data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0


class _ZstdDecoder:
    """Decoder of zstd, which may consist of several frames."""

    def __init__(self) -> None:
        self._library = zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW)
        self._decompressor = self._library.decompressobj()

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield the decoded parts of received data."""
        while data:
            if self._decompressor.eof:
                self._decompressor = self._library.decompressobj()
            piece, data = data[:INPUT_BYTES], data[INPUT_BYTES:]
            try:
                part = self._decompressor.decompress(piece)
            except zstandard.ZstdError as error:
                raise MalformedEncoding(f"the body is not valid zstd ({error})") from error
            data = self._decompressor.unused_data + data
            if part:
                yield part

    def finish(self) -> None:
        """Check that the body is complete."""
        if not self._decompressor.eof:
            raise MalformedEncoding("the zstd body ends early")


class _BrotliDecoder:
    """Decoder of br."""

    def __init__(self) -> None:
        import brotli

        self._error = brotli.error
        self._decompressor = brotli.Decompressor()

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield the decoded parts of received data."""
        try:
            part = self._decompressor.process(data, output_buffer_limit=OUTPUT_BYTES)
            while part:
                yield part
                part = self._decompressor.process(b"", output_buffer_limit=OUTPUT_BYTES)
        except self._error as error:
            raise MalformedEncoding(f"the body is not valid br ({error})") from error

    def finish(self) -> None:
        """Check that the body is complete."""
        if not self._decompressor.is_finished():
            raise MalformedEncoding("the br body ends early")


class _ChainedDecoder:
    """Decoder of a body to which several encodings were applied: the last one is removed first."""

    def __init__(self, decoders: list[StreamDecoder]) -> None:
        self._decoders = decoders

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield the decoded parts of received data."""
        return self._decode(data, self._decoders)

    def finish(self) -> None:
        """Check that the body is complete."""
        for decoder in self._decoders:
            decoder.finish()

    def _decode(self, data: bytes, decoders: list[StreamDecoder]) -> Iterator[bytes]:
        if not decoders:
            yield data
            return
        for part in decoders[0].decode(data):
            yield from self._decode(part, decoders[1:])


def parse_encodings(header: str) -> list[str]:
    """Return the encodings of a `content-encoding` header, in the order in which they were applied."""
    names = (name.strip().lower().removeprefix("x-") for name in header.split(","))
    return [name for name in names if name not in ("", "identity")]


def create_decoder(header: str) -> StreamDecoder | None:
    """Return the decoder for a `content-encoding` header, or None if the body is not encoded.

    Raises: UnknownEncoding if an encoding cannot be decoded here. The message names it.
    """
    names = parse_encodings(header)
    if len(names) > MAX_ENCODINGS:
        raise UnknownEncoding(f"{len(names)} encodings exceed the maximum of {MAX_ENCODINGS}", "use one encoding")
    decoders = [_create_decoder(name) for name in reversed(names)]
    if len(decoders) < 2:
        return decoders[0] if decoders else None
    return _ChainedDecoder(decoders)


def decode_body(header: str, body: bytes, max_bytes: int) -> bytes | None:
    """Return a complete body without its encodings, or None if it exceeds `max_bytes`.

    Raises:
        UnknownEncoding: if an encoding cannot be decoded here. The message names it.
        MalformedEncoding: if the body does not have the encoding.
    """
    decoder = create_decoder(header)
    if decoder is None or not body:
        return body
    parts, size = list[bytes](), 0
    for part in decoder.decode(body):
        size += len(part)
        if size > max_bytes:
            return None
        parts.append(part)
    decoder.finish()
    return b"".join(parts)


def _create_decoder(name: str) -> StreamDecoder:
    if name in ("gzip", "deflate"):
        return _ZlibDecoder(name)
    if name == "zstd":
        return _ZstdDecoder()
    if name == "br":
        return _BrotliDecoder()
    raise UnknownEncoding(f"the encoding {name[:50]!r} is unknown", "use gzip, deflate, br, zstd or no encoding")
