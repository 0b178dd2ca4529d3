"""Deputies: short-lived keys with which a job calls in somebody's name, as that key or person is at each moment.

A deputy may what its principal may: it ends with the principal's key, and takes part in its limits and its accounts.
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
    """The secret of a new deputy of that key, or of that person, in the connection's project."""
    keys, at = tables.keys.c, now()
    expired = or_(keys.deputy_of.is_not(None), keys.deputy_of_user.is_not(None)), keys.expires_at < at
    connection.execute(delete(tables.keys).where(*expired))
    made, secret = new_secret()
    values = {**made, "id": new_id(), "name": NAME, "role": "viewer", "created_at": at, "expires_at": at + life}
    connection.execute(insert(tables.keys).values({**values, "deputy_of": key_id, "deputy_of_user": user_id}))
    return secret


def end_deputy(connection: Connection, secret: str) -> None:
    """It is needed no more."""
    connection.execute(delete(tables.keys).where(tables.keys.c.hash == digest(secret)))


def principal_behind(connection: Connection, deputy: UUID) -> Principal:
    """Who a deputy calls for, as they are now. The connection is the owner's.

    Unauthenticated where that key has ended, or that person no longer belongs to the project.
    """
    keys, users = tables.keys.c, tables.users.c
    own = connection.execute(select(tables.keys).where(keys.id == deputy)).mappings().one()
    if own["deputy_of"] is not None:
        row = connection.execute(select(tables.keys).where(keys.id == own["deputy_of"])).mappings().one()
        refuse_ended(row)
        return principal_of(row)._replace(deputy=True, expires_at=earliest(row["expires_at"], own["expires_at"]))
    person = connection.execute(select(tables.users).where(users.id == own["deputy_of_user"])).mappings().one()
    here = own["project_id"]
    if here not in {one.id for one in projects_of(connection, person["id"], person["role"])}:
        raise Unauthenticated(f"{person['email']} no longer belongs to this project", "ask an owner to add them again")
    return Principal(here, person["email"], person["role"], person["id"], deputy=True, expires_at=own["expires_at"])
