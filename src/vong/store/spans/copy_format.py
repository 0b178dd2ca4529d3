"""Encoders for PostgreSQL's binary COPY format (PostgreSQL manual, COPY, "Binary Format").

The values are packed by hand, because a generic adapter spends as much time on the thirty columns of a span as the
gateway spends on the call.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from struct import Struct
from typing import Any
from uuid import UUID

COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_TRAILER = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
TEXT_OID = 25
MAX_CACHED_VALUES = 5_000
"""Packed values that are cached, because they repeat: names of models, routes, keys, versions, counts."""

_length = Struct(">i").pack
pack_field_count = Struct(">h").pack
"""Packs the number of fields of a row, which precedes the first field."""
_int8 = Struct(">iq").pack
_float8 = Struct(">id").pack
_array = Struct(">iiiii").pack
EMPTY_TEXT_ARRAY = Struct(">iiii").pack(12, 0, 0, TEXT_OID)
"""Empty array of texts."""
POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def replace_unstorable(value: str) -> str:
    """Replace characters that PostgreSQL cannot store: NUL and unpaired surrogates."""
    if value.isascii() and "\x00" not in value:
        return value
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def pack_text(value: str | None) -> bytes:
    """Pack a text."""
    if value is None:
        return NULL
    storable = value.isascii() and "\x00" not in value
    data = value.encode() if storable else replace_unstorable(value).encode()
    return _length(len(data)) + data


def pack_uuid(value: UUID) -> bytes:
    """Pack a UUID."""
    return b"\x00\x00\x00\x10" + value.int.to_bytes(16, "big")


def pack_timestamptz(value: datetime) -> bytes:
    """Pack a timestamp with time zone."""
    return _int8(8, microseconds_since_2000(value))


def pack_float8(value: float | None) -> bytes:
    """Pack a floating-point number."""
    return NULL if value is None else _float8(8, value)


def pack_int8(value: int | None) -> bytes:
    """Pack a 64-bit integer. Raises ValueError for a larger one."""
    if value is None:
        return NULL
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"{value} has more than 64 bits")
    return _int8(8, value)


def pack_boolean(value: bool) -> bytes:
    """Pack a boolean."""
    return b"\x00\x00\x00\x01\x01" if value else b"\x00\x00\x00\x01\x00"


def pack_bytea(value: bytes | None) -> bytes:
    """Pack bytes."""
    return NULL if value is None else _length(len(value)) + value


def pack_jsonb(value: bytes) -> bytes:
    """Pack JSON in UTF-8, preceded by its format version."""
    return _length(len(value) + 1) + b"\x01" + value


def pack_text_array(values: tuple[str, ...]) -> bytes:
    """Pack an array of texts."""
    if not values:
        return EMPTY_TEXT_ARRAY
    data = _array(1, 0, TEXT_OID, len(values), 1) + b"".join(map(pack_text, values))
    return _length(len(data)) + data


def microseconds_since_2000(value: datetime) -> int:
    """Return the microseconds since 2000-01-01 UTC, PostgreSQL's epoch."""
    since = value - POSTGRES_EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class _PackCache(dict[Any, bytes]):
    """Cache of packed values. A dict subclass, because a hit costs no call of a Python function."""

    def __init__(self, pack: Callable[[Any], bytes]) -> None:
        super().__init__()
        self._pack = pack

    def __missing__(self, value: Any) -> bytes:
        packed = self._pack(value)
        if len(self) >= MAX_CACHED_VALUES:
            self.clear()
        self[value] = packed
        return packed


pack_cached_text: Callable[[str | None], bytes] = _PackCache(pack_text).__getitem__
"""Packs a text from a small set of values, with a cache."""
pack_cached_int8: Callable[[int | None], bytes] = _PackCache(pack_int8).__getitem__
"""Packs a 64-bit integer with a cache, because most values are small and repeat. Raises ValueError for a larger one."""
PACKERS: dict[str, Callable[[Any], bytes]] = {
    "uuid": pack_uuid,
    "text": pack_text,
    "timestamptz": pack_timestamptz,
    "float8": pack_float8,
    "int8": pack_cached_int8,
    "jsonb": pack_jsonb,
    "bytea": pack_bytea,
}
"""Packers by PostgreSQL type name."""
