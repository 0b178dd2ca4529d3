"""Routes of access: keys, projects and users. Signing in stands in `sessions`."""

from datetime import timedelta

from fastapi import APIRouter
from pydantic import AwareDatetime, Field, SecretStr

from vong import access
from vong.access import users as people
from vong.access.key_rotation import rotate_key as rotate
from vong.access.keys import ApiKey, NewApiKey, find_key
from vong.access.passwords import new_password
from vong.access.projects import Project, Role
from vong.access.users import NewUser, User
from vong.api.http.dependencies import Call
from vong.app.host.system_info import SystemInfo, installation
from vong.errors import InvalidInput
from vong.gateway.endpoints import PATHS
from vong.records import Record
from vong.records.key_scope import KeyLabels, KeyScope

LONGEST_OVERLAP = 90 * 86_400
"""Seconds that a replaced secret may go on working."""

routes = APIRouter(prefix="/api/v1/access", tags=["access"])


class KeyCreate(Record):
    """The key to make. An owner may name another `project` than their own. A key with a `scope` calls models and gives
    feedback, and may do nothing else.
    """

    name: str
    role: Role = "member"
    expires_at: AwareDatetime | None = None
    project: str | None = None
    scope: KeyScope | None = None
    labels: KeyLabels | None = None


class KeyRotation(Record):
    """How to replace a key's secret: the old one works for `overlap` more seconds. `expires_at` is the key's new end;
    null leaves it.
    """

    overlap: int = Field(default=0, ge=0, le=LONGEST_OVERLAP)
    expires_at: AwareDatetime | None = None


class ProjectCreate(Record):
    """The project to make."""

    name: str = Field(min_length=1, max_length=100)


class UserCreate(Record):
    """The account to make. Without a `password` Vong chooses one and shows it once. `projects` (by name) are those that
    the person may work in: the caller's own where none is named; an owner may work in all.
    """

    email: str = Field(max_length=320)
    role: Role = "member"
    password: SecretStr | None = Field(default=None, min_length=10, max_length=1000)
    projects: list[str] = []


class PasswordReset(Record):
    """The password from now on; without one Vong chooses."""

    password: SecretStr | None = Field(default=None, min_length=10, max_length=1000)


@routes.get("/projects")
def projects(call: Call) -> list[Project]:
    """The projects that the caller may see: an owner all of them, others their own."""
    with call.owner() as connection:
        principal = call.principal
        if principal.user_id is not None or principal.role == "owner":
            return people.projects_of(connection, principal.user_id, principal.role)
        return [project for project in access.list_projects(connection) if project.id == principal.project_id]


@routes.post("/projects", status_code=201)
def create_project(wanted: ProjectCreate, call: Call) -> Project:
    """Make a project (owners)."""
    call.must()
    with call.owner() as connection:
        return access.create_project(connection, wanted.name)


@routes.get("/users")
def users(call: Call) -> list[User]:
    """Everybody who can sign in (owners)."""
    call.must()
    with call.owner() as connection:
        return people.list_users(connection)


@routes.post("/users", status_code=201)
def create_user(wanted: UserCreate, call: Call) -> NewUser:
    """Make an account (owners). A password that Vong chose is in this answer and nowhere else."""
    call.must()
    password = wanted.password.get_secret_value() if wanted.password else new_password()
    with call.owner() as connection:
        here = [one for one in access.list_projects(connection) if one.id == call.principal.project_id]
        chosen = [access.find_project(connection, name) for name in wanted.projects] or here
        user = access.create_user(connection, wanted.email, password, wanted.role, projects=chosen)
    return NewUser(user=user, password=None if wanted.password else password)


@routes.delete("/users/{email}")
def remove_user(email: str, call: Call) -> User:
    """Delete an account and end its sessions (owners). The last owner stays."""
    call.must()
    with call.owner() as connection:
        return people.remove_user(connection, email)


@routes.put("/users/{email}/password")
def reset_password(email: str, wanted: PasswordReset, call: Call) -> NewUser:
    """Give somebody another password and end their sessions (owners): for a password that was lost."""
    call.must()
    password = wanted.password.get_secret_value() if wanted.password else new_password()
    with call.owner() as connection:
        user = people.find_user(connection, email)
        people.set_password(connection, user.id, password)
    return NewUser(user=user, password=None if wanted.password else password)


@routes.get("/installation")
def show_installation(call: Call) -> SystemInfo:
    """What is installed and what it uses: versions, storage, processes (owners and members)."""
    call.must("member")
    with call.owner() as connection:
        return installation(call.platform, connection)


@routes.get("/keys")
def keys(call: Call) -> list[ApiKey]:
    """The project's API keys, without their secrets."""
    with call.scope() as connection:
        return access.list_keys(connection)


@routes.post("/keys", status_code=201)
def create_key(wanted: KeyCreate, call: Call) -> NewApiKey:
    """Make an API key (owners). The secret is in this answer and nowhere else."""
    call.must()
    known = sorted({*PATHS.values()})
    if unknown := [shape for shape in (wanted.scope or KeyScope()).shapes if shape not in known]:
        raise InvalidInput(f"no shape is named {unknown[0]!r}", f"use one of: {', '.join(known)}")
    with call.owner() as connection:
        project_id = call.principal.project_id
        if wanted.project is not None:
            project_id = access.find_project(connection, wanted.project).id
        more = wanted.model_dump(include={"role", "expires_at"})
        more |= {"scope": wanted.scope, "labels": wanted.labels}
        return access.create_key(connection, wanted.name, project_id=project_id, **more)


@routes.get("/keys/{name}")
def get_key(name: str, call: Call) -> ApiKey:
    """A live key by its name, prefix or id."""
    with call.scope() as connection:
        return find_key(connection, name)


@routes.post("/keys/{name}/rotate")
def rotate_key(name: str, wanted: KeyRotation, call: Call) -> NewApiKey:
    """Give a key another secret (owners), which is in this answer and nowhere else. Name, scope, limits, budgets and
    ledger go on.
    """
    call.must()
    with call.scope() as connection:
        return rotate(connection, name, timedelta(seconds=wanted.overlap), expires_at=wanted.expires_at)


@routes.delete("/keys/{name}")
def revoke_key(name: str, call: Call) -> ApiKey:
    """Revoke a key, named by its name, prefix or id (owners)."""
    call.must()
    with call.scope() as connection:
        return access.revoke_key(connection, name)
