"""Delegated keys: short-lived keys with which a job calls on behalf of a key or a user.

A delegated key has the current rights of its delegator. It ends with the key of the delegator, and its calls count
against the limits and the ledger of the delegator.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, delete, insert, or_, select

from vong.access import tables
from vong.access.keys import digest, earliest, new_secret, principal_of, refuse_ended
from vong.access.principal import Principal
from vong.access.users import projects_of
from vong.errors import Unauthenticated
from vong.records import new_id, now

NAME = "deputy"
LIFE = timedelta(days=1)


def create_deputy(
    connection: Connection, *, key_id: UUID | None = None, user_id: UUID | None = None, life: timedelta = LIFE
) -> str:
    """Create a delegated key for a key or a user in the connection's project and return its secret."""
    keys, at = tables.keys.c, now()
    expired = or_(keys.deputy_of.is_not(None), keys.deputy_of_user.is_not(None)), keys.expires_at < at
    connection.execute(delete(tables.keys).where(*expired))
    stored, secret = new_secret()
    values = {**stored, "id": new_id(), "name": NAME, "role": "viewer", "created_at": at, "expires_at": at + life}
    connection.execute(insert(tables.keys).values({**values, "deputy_of": key_id, "deputy_of_user": user_id}))
    return secret


def end_deputy(connection: Connection, secret: str) -> None:
    """Delete a delegated key."""
    connection.execute(delete(tables.keys).where(tables.keys.c.hash == digest(secret)))


def principal_behind(connection: Connection, deputy: UUID) -> Principal:
    """Return the current principal of the delegator of a delegated key. The connection is the owner's.

    Raises:
        Unauthenticated: the key of the delegator has ended, or the user no longer belongs to the project.
    """
    keys, users = tables.keys.c, tables.users.c
    own = connection.execute(select(tables.keys).where(keys.id == deputy)).mappings().one()
    if own["deputy_of"] is not None:
        row = connection.execute(select(tables.keys).where(keys.id == own["deputy_of"])).mappings().one()
        refuse_ended(row)
        return principal_of(row)._replace(deputy=True, expires_at=earliest(row["expires_at"], own["expires_at"]))
    user = connection.execute(select(tables.users).where(users.id == own["deputy_of_user"])).mappings().one()
    here = own["project_id"]
    if here not in {one.id for one in projects_of(connection, user["id"], user["role"])}:
        raise Unauthenticated(
            f"user {user['email']!r} no longer belongs to this project", "ask an owner to add the user again"
        )
    return Principal(here, user["email"], user["role"], user["id"], deputy=True, expires_at=own["expires_at"])
