"""What every record shares: frozen fields, identifiers, time and content hashes."""

import hashlib
import json
import os
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen value with typed fields. Unknown fields are refused, so a misspelt one is never lost in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def new_id(at: datetime | None = None) -> UUID:
    """A UUIDv7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then random bits, so that ids sort by time.

    `at` places the id at another moment than now, for what happened earlier.
    """
    milliseconds = time.time_ns() // 1_000_000 if at is None else int(at.timestamp() * 1000)
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76 | ((random >> 68) & 0xFFF) << 64
    value |= 0b10 << 62 | (random & ((1 << 62) - 1))
    return UUID(int=value)


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces, in UTF-8: equal values give equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def content_hash(value: Any) -> str:
    """The sha256, in 64 hexadecimal digits, of a value's canonical JSON (records are dumped without null fields)."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_none=True)
    return hashlib.sha256(canonical_json(value)).hexdigest()
