"""Base class of records, and helpers for ids, time and content hashes."""

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
    """Immutable value with typed fields. Unknown fields are rejected, so that a misspelled field is never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


R = TypeVar("R", bound=Record)
_random = random.Random()  # a separate generator: code that seeds the shared one would cause duplicate ids
_bits = _random.getrandbits
os.register_at_fork(after_in_child=_random.seed)
_UNKNOWN = SafeUUID.unknown  # cached, because enum member access is slow
_names: dict[type[Record], set[str]] = {}


def construct_trusted(kind: type[R], values: dict[str, Any]) -> R:
    """Construct a record from valid values, without validation or copying.

    `values` must contain every field. Only for hot paths in which validation dominates the cost.
    """
    record = kind.__new__(kind)
    names = _names.get(kind)
    if names is None:
        names = _names[kind] = set(kind.model_fields)
    set_attribute = object.__setattr__
    set_attribute(record, "__dict__", values)
    set_attribute(record, "__pydantic_fields_set__", names)
    set_attribute(record, "__pydantic_extra__", None)
    set_attribute(record, "__pydantic_private__", None)
    return record


def replace_trusted(record: R, **values: Any) -> R:
    """Copy a record with some values replaced, without validation. The values must be valid."""
    return construct_trusted(type(record), {**record.__dict__, **values})


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def new_id(at: datetime | None = None) -> UUID:
    """Create a UUIDv7. `at` sets its timestamp, for events in the past."""
    return uuid_from_int(new_id_int(time.time_ns() if at is None else int(at.timestamp() * 1_000_000) * 1000))


def new_id_int(nanoseconds: int) -> int:
    """Create the integer value of a UUIDv7 (RFC 9562, section 5.7) for a Unix time in nanoseconds.

    The value has 48 bits of milliseconds, 12 bits of the fraction of the millisecond (section 6.2, method 3) and random
    bits. Ids therefore sort by time, also within a millisecond.
    """
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76 | (rest * 4096 // 1_000_000) << 64
    value |= 0b10 << 62 | _bits(62)
    return value


def uuid_from_int(number: int) -> UUID:
    """Create a UUID from its integer value, without the checks of the constructor."""
    id = UUID.__new__(UUID)
    object.__setattr__(id, "int", number)
    object.__setattr__(id, "is_safe", _UNKNOWN)
    return id


def canonical_json(value: Any) -> bytes:
    """Encode a value as UTF-8 JSON with sorted keys and no spaces, so that equal values give equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def content_hash(value: Any) -> str:
    """Return the sha256 (64 hexadecimal digits) of a value's canonical JSON. Null fields of records are omitted."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_none=True)
    return hashlib.sha256(canonical_json(value)).hexdigest()
