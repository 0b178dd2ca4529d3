"""API keys: shown once, kept as a hash, refused from the moment they are revoked."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from vong.access import tables
from vong.access.principal import Principal
from vong.access.projects import Role
from vong.errors import NotFound, Unauthenticated, nearest
from vong.records import Record, new_id, now

PREFIX = "vong-"
SHOWN = len(PREFIX) + 6


class Key(Record):
    """What may be shown of a key: never the key itself."""

    id: UUID
    name: str
    prefix: str
    role: Role
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class NewKey(Record):
    """A key at the only moment when it can be read."""

    key: Key
    secret: str


def create_key(
    connection: Connection,
    name: str,
    *,
    role: Role = "member",
    expires_at: datetime | None = None,
    project_id: UUID | None = None,
) -> NewKey:
    """Make a key in the connection's project, or in `project_id` where the connection is the owner's.

    A key is 256 random bits, so a plain sha256 of it is safe to keep.
    """
    secret = PREFIX + secrets.token_urlsafe(32)
    key = Key(id=new_id(), name=name, prefix=secret[:SHOWN], role=role, created_at=now(), expires_at=expires_at)
    values = {**key.model_dump(), "hash": digest(secret)}
    if project_id is not None:
        values["project_id"] = project_id
    connection.execute(insert(tables.keys).values(values))
    return NewKey(key=key, secret=secret)


def forget_expired(connection: Connection, name: str) -> None:
    """Delete the expired keys of that name: Vong's own jobs make a short-lived key each."""
    connection.execute(delete(tables.keys).where(tables.keys.c.name == name, tables.keys.c.expires_at < now()))


def list_keys(connection: Connection) -> list[Key]:
    """The project's keys, oldest first."""
    columns = [column for column in tables.keys.c if column.name not in {"hash", "project_id"}]
    rows = connection.execute(select(*columns).order_by(tables.keys.c.id)).mappings()
    return [Key.model_validate(dict(row)) for row in rows]


def revoke_key(connection: Connection, name: str) -> Key:
    """Refuse the key (by name, prefix or id) from now on."""
    live = {key.name: key for key in list_keys(connection) if key.revoked_at is None}
    by_any = live | {key.prefix: key for key in live.values()} | {str(key.id): key for key in live.values()}
    if name not in by_any:
        raise NotFound(f"no live key named {name!r}", nearest(name, list(live), "vong access key list"))
    revoked = by_any[name].model_copy(update={"revoked_at": now()})
    connection.execute(update(tables.keys).where(tables.keys.c.id == revoked.id).values(revoked_at=revoked.revoked_at))
    return revoked


def owner_of(connection: Connection, secret: str) -> Principal:
    """Who presents this key. The connection is the owner's: the project is not known yet."""
    keys = tables.keys.c
    row = connection.execute(select(tables.keys).where(keys.hash == digest(secret))).mappings().first()
    if row is None:
        raise Unauthenticated("this API key is not known here", "make one with: vong access key create NAME")
    if row["revoked_at"] is not None:
        raise Unauthenticated(f"the API key {row['prefix']}… was revoked", "make one with: vong access key create NAME")
    if row["expires_at"] is not None and row["expires_at"] <= now():
        raise Unauthenticated(f"the API key {row['prefix']}… expired", "make one with: vong access key create NAME")
    return Principal(row["project_id"], row["name"], row["role"])


def digest(secret: str) -> bytes:
    """What is kept of a key."""
    return hashlib.sha256(secret.encode()).digest()
