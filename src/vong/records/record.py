"""What every record shares: frozen fields, identifiers, time and content hashes."""

import hashlib
import json
import os
import random
import time
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, SafeUUID

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen value with typed fields. Unknown fields are refused, so a misspelt one is never lost in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


R = TypeVar("R", bound=Record)
_random = random.Random()  # its own: whoever seeds the common one would have ids made twice
_bits = _random.getrandbits
os.register_at_fork(after_in_child=_random.seed)
_UNKNOWN = SafeUUID.unknown  # an enumeration finds its members slowly
_names: dict[type[Record], set[str]] = {}


def known(kind: type[R], values: dict[str, Any]) -> R:
    """A record of values that are known to be right: every field by its name, nothing is checked or copied. For the
    few places where a check costs more than all the rest.
    """
    record = kind.__new__(kind)
    names = _names.get(kind)
    if names is None:
        names = _names[kind] = set(kind.model_fields)
    put = object.__setattr__
    put(record, "__dict__", values)
    put(record, "__pydantic_fields_set__", names)
    put(record, "__pydantic_extra__", None)
    put(record, "__pydantic_private__", None)
    return record


def changed(record: R, **values: Any) -> R:
    """The record with other values, which are known to be right."""
    return known(type(record), {**record.__dict__, **values})


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def new_id(at: datetime | None = None) -> UUID:
    """A UUIDv7. `at` places it at another moment than now, for what happened earlier."""
    return uuid_of(new_number(time.time_ns() if at is None else int(at.timestamp() * 1_000_000) * 1000))


def new_number(nanoseconds: int) -> int:
    """The number of a UUIDv7 (RFC 9562, section 5.7) of that Unix time: 48 bits of milliseconds, 12 of the fraction of
    the millisecond (section 6.2, method 3), then random ones: ids sort by time, those made one after the other within a
    millisecond too.
    """
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76 | (rest * 4096 // 1_000_000) << 64
    value |= 0b10 << 62 | _bits(62)
    return value


def uuid_of(number: int) -> UUID:
    """The UUID of a number that is one, without the checks of its constructor."""
    id = UUID.__new__(UUID)
    object.__setattr__(id, "int", number)
    object.__setattr__(id, "is_safe", _UNKNOWN)
    return id


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces, in UTF-8: equal values give equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def content_hash(value: Any) -> str:
    """The sha256, in 64 hexadecimal digits, of a value's canonical JSON (records are dumped without null fields)."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_none=True)
    return hashlib.sha256(canonical_json(value)).hexdigest()
