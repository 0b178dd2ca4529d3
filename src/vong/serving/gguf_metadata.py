"""Metadata at the beginning of a GGUF file, read without a library and without the whole file."""

import struct
from io import BytesIO
from typing import IO, Any

MAGIC = b"GGUF"
MAX_METADATA_ENTRIES = 10_000
SCALAR_FORMATS = {
    **{0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?"},
    **{10: "<Q", 11: "<q", 12: "<d"},
}
STRING_TYPE, ARRAY_TYPE = 8, 9


def read_gguf_metadata(source: IO[bytes] | bytes) -> dict[str, Any]:
    """Return the scalar and text values of a GGUF file by name. Arrays are skipped.

    Metadata that the source does not contain completely is omitted, so that the first bytes of a file suffice.
    """
    stream = BytesIO(source) if isinstance(source, bytes) else source
    values: dict[str, Any] = {}
    try:
        if stream.read(4) != MAGIC:
            return {}
        _version, _tensors, count = struct.unpack("<IQQ", _read(stream, 20))
        for _ in range(min(count, MAX_METADATA_ENTRIES)):
            name = _read_string(stream)
            (kind,) = struct.unpack("<I", _read(stream, 4))
            value = _read_value(stream, kind)
            if value is not None:
                values[name] = value
    except (EOFError, UnicodeDecodeError, struct.error):
        return values
    return values


def _read_value(stream: IO[bytes], kind: int) -> Any:
    """Return a scalar or a text. Returns None for an array, which is skipped."""
    if kind == STRING_TYPE:
        return _read_string(stream)
    if kind == ARRAY_TYPE:
        (inner, count) = struct.unpack("<IQ", _read(stream, 12))
        if inner in SCALAR_FORMATS:
            _read(stream, struct.calcsize(SCALAR_FORMATS[inner]) * count)
        else:
            for _ in range(count):
                _read_value(stream, inner)
        return None
    if kind not in SCALAR_FORMATS:
        raise EOFError
    return struct.unpack(SCALAR_FORMATS[kind], _read(stream, struct.calcsize(SCALAR_FORMATS[kind])))[0]


def _read_string(stream: IO[bytes]) -> str:
    (length,) = struct.unpack("<Q", _read(stream, 8))
    return _read(stream, length).decode("utf-8")


def _read(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise EOFError
    return data
