"""Routes of access: keys, projects and users. Sessions are in `sessions`."""

from datetime import timedelta

from fastapi import APIRouter
from pydantic import AwareDatetime, Field, SecretStr

from vong import access
from vong.access import users as accounts
from vong.access.key_rotation import rotate_key as rotate
from vong.access.keys import ApiKey, NewApiKey, check_new_key, find_key
from vong.access.passwords import generate_password
from vong.access.projects import Project, Role
from vong.access.users import NewUser, User
from vong.api.http.dependencies import CurrentUser
from vong.errors import InvalidInput
from vong.gateway.auth.scopes import FINE_TUNING, VECTOR_STORES
from vong.gateway.endpoints import ENDPOINT_PATHS
from vong.records import Record
from vong.records.key_scope import KeyLabels, KeyScope

MAX_OVERLAP_SECONDS = 90 * 86_400
"""Maximum seconds that a replaced secret stays valid."""

routes = APIRouter(prefix="/api/v1/access", tags=["access"])


class KeyCreate(Record):
    """API key to create.

    An owner may name another `project` than the own one. A key with a `scope` may only call models and send feedback.
    """

    name: str
    role: Role = "member"
    expires_at: AwareDatetime | None = None
    project: str | None = None
    scope: KeyScope | None = None
    labels: KeyLabels | None = None


class KeyRotation(Record):
    """Rotation of a key. The old secret stays valid for `overlap` seconds.

    `expires_at` is the new expiry of the key; null keeps the current one.
    """

    overlap: int = Field(default=0, ge=0, le=MAX_OVERLAP_SECONDS)
    expires_at: AwareDatetime | None = None


class ProjectCreate(Record):
    """Project to create."""

    name: str = Field(min_length=1, max_length=100)


class UserCreate(Record):
    """Account to create.

    Without a `password` Vong generates one and shows it once. `projects` (by name) are the projects of the user; by
    default the project of the caller. An owner may work in all projects.
    """

    email: str = Field(max_length=320)
    role: Role = "member"
    password: SecretStr | None = Field(default=None, min_length=10, max_length=1000)
    projects: list[str] = []


class PasswordReset(Record):
    """New password. If left out, Vong generates one."""

    password: SecretStr | None = Field(default=None, min_length=10, max_length=1000)


@routes.get("/projects")
def list_projects(context: CurrentUser) -> list[Project]:
    """List the projects of the caller. Owners see all projects."""
    with context.owner_transaction() as connection:
        principal = context.principal
        if principal.user_id is not None or principal.role == "owner":
            return accounts.list_user_projects(connection, principal.user_id, principal.role)
        return [project for project in access.list_projects(connection) if project.id == principal.project_id]


@routes.post("/projects", status_code=201)
def create_project(body: ProjectCreate, context: CurrentUser) -> Project:
    """Create a project. Owners only."""
    context.require_role()
    with context.owner_transaction() as connection:
        return access.create_project(connection, body.name)


@routes.get("/users")
def list_users(context: CurrentUser) -> list[User]:
    """List all accounts. Owners only."""
    context.require_role()
    with context.owner_transaction() as connection:
        return accounts.list_users(connection)


@routes.post("/users", status_code=201)
def create_user(body: UserCreate, context: CurrentUser) -> NewUser:
    """Create an account. Owners only.

    A generated password is returned only in this response.
    """
    context.require_role()
    password = body.password.get_secret_value() if body.password else generate_password()
    with context.owner_transaction() as connection:
        current = [one for one in access.list_projects(connection) if one.id == context.principal.project_id]
        selected = [access.find_project(connection, name) for name in body.projects] or current
        user = access.create_user(connection, body.email, password, body.role, projects=selected)
    return NewUser(user=user, password=None if body.password else password)


@routes.delete("/users/{email:path}")
def delete_user(email: str, context: CurrentUser) -> User:
    """Delete an account and end its sessions. Owners only. The last owner cannot be deleted."""
    context.require_role()
    with context.owner_transaction() as connection:
        return accounts.delete_user(connection, email)


@routes.put("/users/{email:path}/password")
def reset_password(email: str, body: PasswordReset, context: CurrentUser) -> NewUser:
    """Reset the password of a user and end the user's sessions. Owners only."""
    context.require_role()
    password = body.password.get_secret_value() if body.password else generate_password()
    with context.owner_transaction() as connection:
        user = accounts.find_user(connection, email)
        accounts.set_password(connection, user.id, password)
    return NewUser(user=user, password=None if body.password else password)


@routes.get("/keys")
def list_keys(context: CurrentUser) -> list[ApiKey]:
    """List the API keys of the project, without their secrets."""
    with context.project_transaction() as connection:
        return access.list_keys(connection)


@routes.post("/keys", status_code=201)
def create_key(body: KeyCreate, context: CurrentUser) -> NewApiKey:
    """Create an API key. Owners only. The secret is returned only in this response.

    An active key of the project may not have the same name.
    """
    context.require_role()
    known = sorted({*ENDPOINT_PATHS.values(), FINE_TUNING, VECTOR_STORES})
    if unknown := [endpoint for endpoint in (body.scope or KeyScope()).endpoints if endpoint not in known]:
        raise InvalidInput(f"unknown endpoint {unknown[0]!r} in the scope", f"use one of: {', '.join(known)}")
    with context.owner_transaction() as connection:
        project_id = context.principal.project_id
        if body.project is not None:
            project_id = access.find_project(connection, body.project).id
        check_new_key(connection, body.name, project_id, body.expires_at)
        options = body.model_dump(include={"role", "expires_at"})
        options |= {"scope": body.scope, "labels": body.labels}
        return access.create_key(connection, body.name, project_id=project_id, **options)


@routes.get("/keys/{name:path}")
def get_key(name: str, context: CurrentUser) -> ApiKey:
    """Return an active key by name, prefix or id."""
    with context.project_transaction() as connection:
        return find_key(connection, name)


@routes.post("/keys/{name:path}/rotate")
def rotate_key(name: str, body: KeyRotation, context: CurrentUser) -> NewApiKey:
    """Replace the secret of a key. Owners only.

    The new secret is returned only in this response. Name, scope, limits, budgets and ledger are kept.
    """
    context.require_role()
    with context.project_transaction() as connection:
        return rotate(connection, name, timedelta(seconds=body.overlap), expires_at=body.expires_at)


@routes.delete("/keys/{name:path}")
def revoke_key(name: str, context: CurrentUser) -> ApiKey:
    """Revoke a key by name, prefix or id. Owners only."""
    context.require_role()
    with context.project_transaction() as connection:
        return access.revoke_key(connection, name)
