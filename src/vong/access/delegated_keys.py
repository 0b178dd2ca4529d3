"""Delegated keys: short-lived keys with which a job calls on behalf of a key or a user.

A delegated key has the current rights of its delegator. It ends with the key of the delegator, and its calls count
against the limits and the ledger of the delegator.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, delete, insert, or_, select

from vong.access import tables
from vong.access.keys import check_active, earlier_expiry, generate_secret, hash_secret, to_principal
from vong.access.principal import Principal
from vong.access.users import list_user_projects
from vong.errors import Unauthenticated
from vong.records import new_id, now

DELEGATED_KEY_NAME = "delegated"
DELEGATED_KEY_LIFETIME = timedelta(days=1)


def create_delegated_key(
    connection: Connection,
    *,
    key_id: UUID | None = None,
    user_id: UUID | None = None,
    lifetime: timedelta = DELEGATED_KEY_LIFETIME,
) -> str:
    """Create a delegated key for a key or a user in the connection's project and return its secret."""
    keys, at = tables.keys.c, now()
    is_delegated = or_(keys.delegated_from_key_id.is_not(None), keys.delegated_from_user_id.is_not(None))
    connection.execute(delete(tables.keys).where(is_delegated, keys.expires_at < at))
    stored, secret = generate_secret()
    values = {
        **stored,
        "id": new_id(),
        "name": DELEGATED_KEY_NAME,
        "role": "viewer",
        "created_at": at,
        "expires_at": at + lifetime,
    }
    delegator = {"delegated_from_key_id": key_id, "delegated_from_user_id": user_id}
    connection.execute(insert(tables.keys).values({**values, **delegator}))
    return secret


def delete_delegated_key(connection: Connection, secret: str) -> None:
    """Delete a delegated key."""
    connection.execute(delete(tables.keys).where(tables.keys.c.hash == hash_secret(secret)))


def resolve_delegator(connection: Connection, key_id: UUID) -> Principal:
    """Return the current principal of the delegator of a delegated key. The connection is the owner's.

    Raises:
        Unauthenticated: the key of the delegator has ended, or the user no longer belongs to the project.
    """
    keys, users = tables.keys.c, tables.users.c
    own = connection.execute(select(tables.keys).where(keys.id == key_id)).mappings().one()
    delegator_id = own["delegated_from_key_id"]
    if delegator_id is not None:
        row = connection.execute(select(tables.keys).where(keys.id == delegator_id)).mappings().one()
        check_active(row)
        return to_principal(row)._replace(
            is_delegated=True, expires_at=earlier_expiry(row["expires_at"], own["expires_at"])
        )
    user = connection.execute(select(tables.users).where(users.id == own["delegated_from_user_id"])).mappings().one()
    here = own["project_id"]
    if here not in {one.id for one in list_user_projects(connection, user["id"], user["role"])}:
        raise Unauthenticated(
            f"user {user['email']!r} no longer belongs to this project", "ask an owner to add the user again"
        )
    return Principal(here, user["email"], user["role"], user["id"], is_delegated=True, expires_at=own["expires_at"])
