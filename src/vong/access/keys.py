"""API keys: the secret is shown once and stored as a hash. A revoked key is rejected at once."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, delete, func, insert, or_, select, update

from vong.access import tables
from vong.access.principal import Principal
from vong.access.projects import Role
from vong.errors import Conflict, InvalidInput, NotFound, Unauthenticated, did_you_mean
from vong.records import Record, new_id, now
from vong.records.key_scope import KeyLabels, KeyScope
from vong.records.name import check_display_name

KEY_PREFIX = "vong-"
PREFIX_CHARS = len(KEY_PREFIX) + 6
"""Length of the part of a secret that is stored in clear text and shown in lists."""
LAST_USED_INTERVAL = timedelta(minutes=1)
"""Minimum interval between two updates of the last use of a key."""
CREATE_KEY_HINT = "create one with: vong access keys create NAME"


class ApiKey(Record):
    """API key without its secret.

    The `previous` fields describe the secret before the last rotation, which is valid until `previous_until`.
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
    """New API key with its secret, which is never shown again."""

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
    """Create a key in the connection's project, or in `project_id` if the connection is the owner's.

    A secret has 256 random bits, so that a plain sha256 of it is safe to store.

    Raises:
        InvalidInput: a key with a scope has another role than member. An owner could evade a scope by creating keys.
    """
    scope, labels = scope or KeyScope(), labels or KeyLabels()
    if scope != KeyScope() and role != "member":
        raise InvalidInput(
            f"a key with the role {role!r} cannot have a scope", "use the role 'member' for a key with a scope"
        )
    stored, secret = generate_secret()
    own: dict[str, Any] = {"id": new_id(), "name": name, "role": role, "created_at": now(), "expires_at": expires_at}
    key = ApiKey(**own, prefix=stored["prefix"], scope=scope, labels=labels)
    values = {**own, **stored, **scope.model_dump(), **labels.model_dump()}
    if project_id is not None:
        values["project_id"] = project_id
    connection.execute(insert(tables.keys).values(values))
    return NewApiKey(key=key, secret=secret)


def check_new_key(connection: Connection, name: str, project_id: UUID, expires_at: datetime | None) -> None:
    """Check that a key may be created: limits, the ledger and revocation refer to keys by name.

    The connection is the owner's. A concurrent check of the same name waits until this transaction ends.

    Raises:
        InvalidInput: the name is invalid, or the key would have expired already.
        Conflict: an active key of the project has that name.
    """
    check_display_name(name, "key")
    check_expiry(expires_at)
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"key {project_id} {name}", 0))))
    keys = tables.keys.c
    is_active = keys.revoked_at.is_(None) & or_(keys.expires_at.is_(None), keys.expires_at > now())
    own = keys.delegated_from_key_id.is_(None) & keys.delegated_from_user_id.is_(None)
    query = select(keys.prefix).where(keys.project_id == project_id, keys.name == name, is_active, own)
    if prefix := connection.scalar(query):
        hint = f"choose another name, or replace its secret with: vong access keys rotate {name}"
        raise Conflict(f"key {name!r} ({prefix}…) exists already", hint)


def check_expiry(expires_at: datetime | None) -> None:
    """Check that a time of expiry is in the future. Raises InvalidInput if it is not."""
    if expires_at is not None and expires_at <= now():
        raise InvalidInput(f"expires_at {expires_at.isoformat()} is not in the future", "set a later time")


def delete_expired_keys(connection: Connection, name: str) -> None:
    """Delete the expired keys of a name. Each of Vong's own jobs creates a short-lived key."""
    connection.execute(delete(tables.keys).where(tables.keys.c.name == name, tables.keys.c.expires_at < now()))


def list_keys(connection: Connection) -> list[ApiKey]:
    """List the keys of the project, oldest first."""
    keys = tables.keys.c
    query = select(tables.keys).where(keys.delegated_from_key_id.is_(None), keys.delegated_from_user_id.is_(None))
    return [to_record(row) for row in connection.execute(query.order_by(keys.id)).mappings()]


def find_key(connection: Connection, name: str) -> ApiKey:
    """Return the newest active key of a name, or the active key of a prefix or id. Raises NotFound if there is none."""
    active = {key.name: key for key in list_keys(connection) if key.revoked_at is None}
    by_any = active | {key.prefix: key for key in active.values()} | {str(key.id): key for key in active.values()}
    if name not in by_any:
        raise NotFound(f"no active key named {name!r}", did_you_mean(name, list(active), "vong access keys list"))
    return by_any[name]


def revoke_key(connection: Connection, name: str) -> ApiKey:
    """Revoke a key (by name, prefix or id), with its previous secret and its delegated keys."""
    revoked = find_key(connection, name).model_copy(update={"revoked_at": now()})
    connection.execute(update(tables.keys).where(tables.keys.c.id == revoked.id).values(revoked_at=revoked.revoked_at))
    return revoked


def authenticate_key(connection: Connection, secret: str) -> Principal:
    """Return the principal of an API key. The connection is the owner's, because the project is not known yet.

    Raises:
        Unauthenticated: the key is unknown, expired, revoked or replaced.
    """
    keys, hashed = tables.keys.c, hash_secret(secret)
    query = select(tables.keys).where(or_(keys.hash == hashed, keys.previous_hash == hashed))
    row = connection.execute(query).mappings().first()
    if row is None:
        raise Unauthenticated("unknown API key", CREATE_KEY_HINT)
    check_active(row)
    if row["hash"] == hashed:
        _record_use(connection, row, "last_used_at")
    elif row["previous_until"] <= now():
        command = f"vong access keys rotate {row['name']}"
        hint = f"use the secret that begins with {row['prefix']}, or rotate again: {command}"
        raise Unauthenticated(f"API key {row['previous_prefix']}… was replaced and its overlap has ended", hint)
    else:
        _record_use(connection, row, "previous_used_at")
        principal = to_principal(row)
        return principal._replace(expires_at=earlier_expiry(principal.expires_at, row["previous_until"]))
    return to_principal(row)


def earlier_expiry(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the earlier of two expiry times. Returns None if both are None."""
    return min((end for end in (one, other) if end is not None), default=None)


def check_active(row: RowMapping) -> None:
    """Check that a key is active. Raises Unauthenticated if it was revoked or has expired."""
    if row["revoked_at"] is not None:
        raise Unauthenticated(f"API key {row['prefix']}… was revoked", CREATE_KEY_HINT)
    if row["expires_at"] is not None and row["expires_at"] <= now():
        raise Unauthenticated(f"API key {row['prefix']}… expired", CREATE_KEY_HINT)


def to_principal(row: RowMapping) -> Principal:
    """Convert a key row to its principal."""
    key = to_record(row)
    scope = key.scope if key.scope != KeyScope() else None
    labels = key.labels if key.labels != KeyLabels() else None
    delegated = row["delegated_from_key_id"] is not None or row["delegated_from_user_id"] is not None
    return Principal(
        row["project_id"], key.name, key.role, None, None, key.id, scope, labels, delegated, row["expires_at"]
    )


def to_record(row: RowMapping) -> ApiKey:
    """Convert a key row to a record without the secret."""
    own = {name: row[name] for name in ApiKey.model_fields if name in row}
    scope = KeyScope.model_validate({name: tuple(row[name]) for name in KeyScope.model_fields})
    return ApiKey.model_validate(
        {**own, "scope": scope, "labels": KeyLabels(tags=tuple(row["tags"]), user=row["user"])}
    )


def generate_secret() -> tuple[dict[str, Any], str]:
    """Generate a secret. Return the columns to store and the secret."""
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    return {"prefix": secret[:PREFIX_CHARS], "hash": hash_secret(secret)}, secret


def hash_secret(secret: str) -> bytes:
    """Return the stored hash of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def _record_use(connection: Connection, row: RowMapping, column: str) -> None:
    if row[column] is None or now() - row[column] > LAST_USED_INTERVAL:
        connection.execute(update(tables.keys).where(tables.keys.c.id == row["id"]).values({column: now()}))
