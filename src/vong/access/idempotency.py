"""Answers kept for requests that may be repeated: the same `Idempotency-Key` gets the first answer again."""

import hashlib
from datetime import timedelta

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert

from vong.access import tables
from vong.errors import Conflict
from vong.records import Record, now

KEPT = timedelta(days=1)


class StoredResponse(Record):
    """The answer to a request that made something."""

    status: int
    media_type: str
    body: bytes


def fingerprint(method: str, path: str, body: bytes) -> str:
    """What a repeated request must have in common with the first: sha256 of method, path with query, and body."""
    return hashlib.sha256(b"\0".join([method.encode(), path.encode(), body])).hexdigest()


def earlier_answer(connection: Connection, key: str, print_: str) -> StoredResponse | None:
    """The answer given under this key, or None. Conflict where the key was used for another request."""
    row = connection.execute(select(tables.answers).where(tables.answers.c.key == key)).mappings().first()
    if row is None or row["created_at"] < now() - KEPT:
        return None
    if row["fingerprint"] != print_:
        raise Conflict(
            f"the Idempotency-Key {key!r} was used for another request", "send a new key with every new request"
        )
    return StoredResponse(status=row["status"], media_type=row["media_type"], body=row["body"])


def keep_answer(connection: Connection, key: str, print_: str, answer: StoredResponse) -> None:
    """Keep an answer for a day; the first one kept under a key stays."""
    connection.execute(delete(tables.answers).where(tables.answers.c.created_at < now() - KEPT))
    values = {"key": key, "fingerprint": print_, "created_at": now(), **answer.model_dump()}
    connection.execute(insert(tables.answers).values(values).on_conflict_do_nothing())
