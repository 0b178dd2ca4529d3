"""A new secret for a key that stays the same: its name, its scope, its limits and its line in the ledger."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from vong.access import tables
from vong.access.keys import NewApiKey, find_key, new_secret, shown
from vong.errors import Conflict
from vong.records import now


def rotate_key(
    connection: Connection, name: str, overlap: timedelta, *, expires_at: datetime | None = None
) -> NewApiKey:
    """Give the key (by name, prefix or id) another secret at once; the one that it had works until the overlap ends,
    the one before that no longer. `expires_at` is the key's new end; None leaves it.

    Conflict where the key has expired and no new end is named.
    """
    found = find_key(connection, name)
    keys = tables.keys.c
    row = connection.execute(select(tables.keys).where(keys.id == found.id).with_for_update()).mappings().one()
    ends, at = expires_at or row["expires_at"], now()
    if ends is not None and ends <= at:
        hint = f"name a later end: vong access key rotate {found.name} --expires 90d"
        raise Conflict(f"the key {found.name!r} expires at {ends.isoformat(timespec='seconds')}", hint)
    made, secret = new_secret()
    before = {"previous_hash": row["hash"], "previous_prefix": row["prefix"], "previous_until": at + overlap}
    before |= {"previous_used_at": row["last_used_at"], "last_used_at": None, "rotated_at": at, "expires_at": ends}
    change = update(tables.keys).where(keys.id == found.id).values({**made, **before})
    changed = connection.execute(change.returning(*tables.keys.c)).mappings().one()
    return NewApiKey(key=shown(changed), secret=secret)
