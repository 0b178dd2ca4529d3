"""Stored responses of idempotent requests: a repeated `Idempotency-Key` returns the first response."""

import hashlib
from datetime import timedelta

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert

from vong.access import tables
from vong.errors import Conflict
from vong.records import Record, now

RESPONSE_RETENTION = timedelta(days=1)
"""Time for which a response is stored."""


class StoredResponse(Record):
    """Stored response to a request that created something."""

    status: int
    media_type: str
    body: bytes


def request_fingerprint(method: str, path: str, body: bytes) -> str:
    """Return the sha256 of method, path with query and body, which must be equal in a repeated request."""
    return hashlib.sha256(b"\0".join([method.encode(), path.encode(), body])).hexdigest()


def find_response(connection: Connection, key: str, fingerprint: str) -> StoredResponse | None:
    """Return the response stored under an idempotency key. Returns None if there is none.

    Raises:
        Conflict: the key was used for another request.
    """
    stored = tables.idempotency_keys
    row = connection.execute(select(stored).where(stored.c.key == key)).mappings().first()
    if row is None or row["created_at"] < now() - RESPONSE_RETENTION:
        return None
    if row["fingerprint"] != fingerprint:
        raise Conflict(f"Idempotency-Key {key!r} was used for another request", "send a new key with every new request")
    return StoredResponse(status=row["status"], media_type=row["media_type"], body=row["body"])


def store_response(connection: Connection, key: str, fingerprint: str, response: StoredResponse) -> None:
    """Store a response for one day. The first response of a key is never replaced."""
    expired = tables.idempotency_keys.c.created_at < now() - RESPONSE_RETENTION
    connection.execute(delete(tables.idempotency_keys).where(expired))
    values = {"key": key, "fingerprint": fingerprint, "created_at": now(), **response.model_dump()}
    connection.execute(insert(tables.idempotency_keys).values(values).on_conflict_do_nothing())
