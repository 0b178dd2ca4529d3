"""Callers of runs: the key or user on whose behalf a run calls models, also after the server was restarted."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from vong.access import tables
from vong.access.keys import check_active, to_principal
from vong.access.principal import Principal
from vong.access.users import list_user_projects
from vong.app.platform import Platform
from vong.errors import Unauthenticated


def to_caller(principal: Principal, *, is_published: bool = False) -> dict[str, Any]:
    """Return the ids of a principal, which are stored with its runs.

    The steps of a published pipeline may call what its author chose, also if the scope of the key has only the
    pipeline.
    """
    return {
        "key_id": str(principal.key_id) if principal.key_id else None,
        "user_id": str(principal.user_id) if principal.user_id else None,
        **({"is_published": True} if is_published else {}),
    }


def find_caller(platform: Platform, project_id: UUID, caller: Mapping[str, Any]) -> Principal:
    """Return the current principal of a stored caller.

    Raises: Unauthenticated if the key was revoked or has expired, or the user no longer belongs to the project.
    """
    with platform.database.owner() as connection:
        if caller.get("key_id"):
            query = select(tables.keys).where(tables.keys.c.id == UUID(caller["key_id"]))
            row = connection.execute(query.where(tables.keys.c.project_id == project_id)).mappings().first()
            if row is None:
                raise Unauthenticated("the key that started the run was deleted", "start the run again")
            check_active(row)
            principal = to_principal(row)
            return principal._replace(scope=None) if caller.get("is_published") else principal
        query = select(tables.users).where(tables.users.c.id == UUID(str(caller.get("user_id"))))
        user = connection.execute(query).mappings().first()
        if user is None or project_id not in {
            one.id for one in list_user_projects(connection, user["id"], user["role"])
        }:
            raise Unauthenticated("the user who started the run left the project", "start the run again")
        return Principal(project_id, user["email"], user["role"], user["id"])
