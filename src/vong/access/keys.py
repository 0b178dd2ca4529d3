"""API keys: shown once, kept as a hash, refused from the moment they are revoked."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, delete, insert, or_, select, update

from vong.access import tables
from vong.access.principal import Principal
from vong.access.projects import Role
from vong.errors import InvalidInput, NotFound, Unauthenticated, nearest
from vong.records import Record, new_id, now
from vong.records.key_scope import KeyLabels, KeyScope

PREFIX = "vong-"
SHOWN = len(PREFIX) + 6
TOUCHED = timedelta(minutes=1)
"""How often it is written down that a key is used."""
MAKE = "make one with: vong access key create NAME"


class ApiKey(Record):
    """What may be shown of a key: never the key itself. The `previous` secret is the one before the last rotation: it
    works until `previous_until`.
    """

    id: UUID
    name: str
    prefix: str
    role: Role
    scope: KeyScope = KeyScope()
    labels: KeyLabels = KeyLabels()
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    rotated_at: datetime | None = None
    previous_prefix: str | None = None
    previous_until: datetime | None = None
    previous_used_at: datetime | None = None


class NewApiKey(Record):
    """A key at the only moment when it can be read."""

    key: ApiKey
    secret: str


def create_key(
    connection: Connection,
    name: str,
    *,
    role: Role = "member",
    expires_at: datetime | None = None,
    project_id: UUID | None = None,
    scope: KeyScope | None = None,
    labels: KeyLabels | None = None,
) -> NewApiKey:
    """Make a key in the connection's project, or in `project_id` where the connection is the owner's.

    A key is 256 random bits, so a plain sha256 of it is safe to keep. InvalidInput for an owner's key with a scope: who
    may make keys is held by none.
    """
    scope, labels = scope or KeyScope(), labels or KeyLabels()
    if scope != KeyScope() and role != "member":
        raise InvalidInput(f"a key with the role {role!r} cannot have a scope", "scopes are for the role 'member'")
    made, secret = new_secret()
    own: dict[str, Any] = {"id": new_id(), "name": name, "role": role, "created_at": now(), "expires_at": expires_at}
    key = ApiKey(**own, prefix=made["prefix"], scope=scope, labels=labels)
    values = {**own, **made, "models": scope.models, "shapes": scope.shapes, "tags": labels.tags, "user": labels.user}
    if project_id is not None:
        values["project_id"] = project_id
    connection.execute(insert(tables.keys).values(values))
    return NewApiKey(key=key, secret=secret)


def forget_expired(connection: Connection, name: str) -> None:
    """Delete the expired keys of that name: Vong's own jobs make a short-lived key each."""
    connection.execute(delete(tables.keys).where(tables.keys.c.name == name, tables.keys.c.expires_at < now()))


def list_keys(connection: Connection) -> list[ApiKey]:
    """The project's keys, oldest first."""
    found = select(tables.keys).where(tables.keys.c.deputy_of.is_(None), tables.keys.c.deputy_of_user.is_(None))
    return [shown(row) for row in connection.execute(found.order_by(tables.keys.c.id)).mappings()]


def find_key(connection: Connection, name: str) -> ApiKey:
    """The newest live key of that name, or the one of that prefix or id."""
    live = {key.name: key for key in list_keys(connection) if key.revoked_at is None}
    by_any = live | {key.prefix: key for key in live.values()} | {str(key.id): key for key in live.values()}
    if name not in by_any:
        raise NotFound(f"no live key named {name!r}", nearest(name, list(live), "vong access key list"))
    return by_any[name]


def revoke_key(connection: Connection, name: str) -> ApiKey:
    """Refuse the key (by name, prefix or id) from now on, its previous secret and its deputies with it."""
    revoked = find_key(connection, name).model_copy(update={"revoked_at": now()})
    connection.execute(update(tables.keys).where(tables.keys.c.id == revoked.id).values(revoked_at=revoked.revoked_at))
    return revoked


def owner_of(connection: Connection, secret: str) -> Principal:
    """Who presents this key. The connection is the owner's: the project is not known yet."""
    keys, hashed = tables.keys.c, digest(secret)
    found = select(tables.keys).where(or_(keys.hash == hashed, keys.previous_hash == hashed))
    row = connection.execute(found).mappings().first()
    if row is None:
        raise Unauthenticated("this API key is not known here", MAKE)
    refuse_ended(row)
    if row["hash"] == hashed:
        _touch(connection, row, "last_used_at")
    elif row["previous_until"] <= now():
        hint = f"use the one that begins with {row['prefix']}, or make another: vong access key rotate {row['name']}"
        raise Unauthenticated(f"the API key {row['previous_prefix']}… was replaced, and its time is over", hint)
    else:
        _touch(connection, row, "previous_used_at")
        principal = principal_of(row)
        return principal._replace(expires_at=earliest(principal.expires_at, row["previous_until"]))
    return principal_of(row)


def earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    """The end that comes first."""
    return min((end for end in (one, other) if end is not None), default=None)


def refuse_ended(row: RowMapping) -> None:
    """Unauthenticated where the key was revoked or has expired."""
    if row["revoked_at"] is not None:
        raise Unauthenticated(f"the API key {row['prefix']}… was revoked", MAKE)
    if row["expires_at"] is not None and row["expires_at"] <= now():
        raise Unauthenticated(f"the API key {row['prefix']}… expired", MAKE)


def principal_of(row: RowMapping) -> Principal:
    """Who a row of a key stands for."""
    key = shown(row)
    scope = key.scope if key.scope != KeyScope() else None
    labels = key.labels if key.labels != KeyLabels() else None
    deputy = row["deputy_of"] is not None or row["deputy_of_user"] is not None
    return Principal(
        row["project_id"], key.name, key.role, None, None, key.id, scope, labels, deputy, row["expires_at"]
    )


def shown(row: RowMapping) -> ApiKey:
    """What may be shown of a row."""
    own = {name: row[name] for name in ApiKey.model_fields if name in row}
    scope = KeyScope(models=tuple(row["models"]), shapes=tuple(row["shapes"]))
    return ApiKey.model_validate(
        {**own, "scope": scope, "labels": KeyLabels(tags=tuple(row["tags"]), user=row["user"])}
    )


def new_secret() -> tuple[dict[str, Any], str]:
    """A secret, and what is kept of it."""
    secret = PREFIX + secrets.token_urlsafe(32)
    return {"prefix": secret[:SHOWN], "hash": digest(secret)}, secret


def digest(secret: str) -> bytes:
    """What is kept of a key."""
    return hashlib.sha256(secret.encode()).digest()


def _touch(connection: Connection, row: RowMapping, column: str) -> None:
    if row[column] is None or now() - row[column] > TOUCHED:
        connection.execute(update(tables.keys).where(tables.keys.c.id == row["id"]).values({column: now()}))
