"""Rows as PostgreSQL's binary COPY takes them (the manual's chapter on COPY, "Binary Format"), packed by hand: an
adapter for everything spends as much on a span's thirty columns as the gateway does on the call.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from struct import Struct
from typing import Any
from uuid import UUID

HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TAIL = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
TEXT_OID = 25
COMMON = 5_000
"""Values that are kept packed, because they come again and again: names of models, routes, keys, versions, counts."""

_length = Struct(">i").pack
count = Struct(">h").pack
"""How many fields a row has, before the first of them."""
_int8 = Struct(">iq").pack
_float8 = Struct(">id").pack
_array = Struct(">iiiii").pack
NO_TEXTS = Struct(">iiii").pack(12, 0, 0, TEXT_OID)
"""An array of no texts."""
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def clean(value: str) -> str:
    """Text that PostgreSQL takes: it knows neither NUL nor halves of surrogate pairs."""
    if value.isascii() and "\x00" not in value:
        return value
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def text(value: str | None) -> bytes:
    """A text of any kind."""
    if value is None:
        return NULL
    plain = value.isascii() and "\x00" not in value
    data = value.encode() if plain else clean(value).encode()
    return _length(len(data)) + data


def uuid(value: UUID) -> bytes:
    """A UUID."""
    return b"\x00\x00\x00\x10" + value.int.to_bytes(16, "big")


def timestamptz(value: datetime) -> bytes:
    """A moment."""
    return _int8(8, microseconds(value))


def float8(value: float | None) -> bytes:
    """A floating-point number."""
    return NULL if value is None else _float8(8, value)


def number(value: int | None) -> bytes:
    """A whole number of 64 bits. ValueError for a larger one."""
    if value is None:
        return NULL
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"{value} has more than 64 bits")
    return _int8(8, value)


def boolean(value: bool) -> bytes:
    """Yes or no."""
    return b"\x00\x00\x00\x01\x01" if value else b"\x00\x00\x00\x01\x00"


def bytea(value: bytes | None) -> bytes:
    """Bytes."""
    return NULL if value is None else _length(len(value)) + value


def jsonb(value: bytes) -> bytes:
    """JSON in UTF-8, behind the number of its format."""
    return _length(len(value) + 1) + b"\x01" + value


def texts(values: tuple[str, ...]) -> bytes:
    """An array of texts."""
    if not values:
        return NO_TEXTS
    data = _array(1, 0, TEXT_OID, len(values), 1) + b"".join(map(text, values))
    return _length(len(data)) + data


def microseconds(value: datetime) -> int:
    """Microseconds since the year 2000, which is how PostgreSQL counts."""
    since = value - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class _Kept(dict[Any, bytes]):
    """Values that come again and again, packed: finding one costs no call of a Python function."""

    def __init__(self, pack: Callable[[Any], bytes]) -> None:
        super().__init__()
        self._pack = pack

    def __missing__(self, value: Any) -> bytes:
        packed = self._pack(value)
        if len(self) >= COMMON:
            self.clear()
        self[value] = packed
        return packed


common: Callable[[str | None], bytes] = _Kept(text).__getitem__
"""Packs a text that is one of few."""
int8: Callable[[int | None], bytes] = _Kept(number).__getitem__
"""Packs a whole number of 64 bits, as most are small. ValueError for a larger one."""
PACKERS: dict[str, Callable[[Any], bytes]] = {
    "uuid": uuid,
    "text": text,
    "timestamptz": timestamptz,
    "float8": float8,
    "int8": int8,
    "jsonb": jsonb,
    "bytea": bytea,
}
"""By PostgreSQL's name of the type."""
