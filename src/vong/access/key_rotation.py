"""Rotation of the secret of an API key, which keeps its name, scope, limits and ledger entries."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from vong.access import tables
from vong.access.keys import NewApiKey, check_expiry, find_key, generate_secret, to_record
from vong.errors import Conflict
from vong.records import now


def rotate_key(
    connection: Connection, name: str, overlap: timedelta, *, expires_at: datetime | None = None
) -> NewApiKey:
    """Replace the secret of a key (by name, prefix or id).

    The current secret remains valid until the overlap ends. The secret before it becomes invalid at once. `expires_at`
    sets a new expiry; None keeps the current one.

    Raises:
        InvalidInput: the new expiry is in the past.
        Conflict: the key has expired and no new expiry is given.
    """
    check_expiry(expires_at)
    key = find_key(connection, name)
    keys = tables.keys.c
    row = connection.execute(select(tables.keys).where(keys.id == key.id).with_for_update()).mappings().one()
    ends, at = expires_at or row["expires_at"], now()
    if ends is not None and ends <= at:
        hint = f"set a later expiry: vong access keys rotate {key.name} --expires 90d"
        raise Conflict(f"key {key.name!r} expires at {ends.isoformat(timespec='seconds')}", hint)
    stored, secret = generate_secret()
    before = {"previous_hash": row["hash"], "previous_prefix": row["prefix"], "previous_until": at + overlap}
    before |= {"previous_used_at": row["last_used_at"], "last_used_at": None, "rotated_at": at, "expires_at": ends}
    change = update(tables.keys).where(keys.id == key.id).values({**stored, **before})
    rotated = connection.execute(change.returning(*tables.keys.c)).mappings().one()
    return NewApiKey(key=to_record(rotated), secret=secret)
