"""Routes of access: keys and projects."""

from datetime import datetime

from fastapi import APIRouter

from vong import access
from vong.access.keys import Key, NewKey
from vong.access.projects import Project, Role
from vong.api.call import Call
from vong.records import Record

routes = APIRouter(prefix="/api/v1/access", tags=["access"])


class KeyWanted(Record):
    """The key to make."""

    name: str
    role: Role = "member"
    expires_at: datetime | None = None


@routes.get("/projects")
def projects(call: Call) -> list[Project]:
    """The projects that the caller's key may see."""
    with call.scope() as connection:
        return [project for project in access.list_projects(connection) if project.id == call.principal.project_id]


@routes.get("/keys")
def keys(call: Call) -> list[Key]:
    """The project's API keys, without their secrets."""
    with call.scope() as connection:
        return access.list_keys(connection)


@routes.post("/keys", status_code=201)
def create_key(wanted: KeyWanted, call: Call) -> NewKey:
    """Make an API key. The secret is in this answer and nowhere else."""
    call.must("owner")
    with call.scope() as connection:
        return access.create_key(connection, wanted.name, role=wanted.role, expires_at=wanted.expires_at)


@routes.delete("/keys/{name}")
def revoke_key(name: str, call: Call) -> Key:
    """Revoke a key, named by its name, prefix or id."""
    call.must("owner")
    with call.scope() as connection:
        return access.revoke_key(connection, name)
