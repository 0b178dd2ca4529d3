"""User accounts. All functions require the owner's connection, because accounts belong to no project."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select, update

from vong.access import tables
from vong.access.passwords import hash_password
from vong.access.projects import Project, Role, list_projects
from vong.errors import Conflict, InvalidInput, NotFound, PreconditionFailed, did_you_mean
from vong.records import Record, new_id, now


class User(Record):
    """User account with the names of its projects. An owner has all projects."""

    id: UUID
    email: str
    role: Role
    created_at: datetime
    projects: list[str] = []


class NewUser(Record):
    """New user. `password` is set only if Vong generated it, and is never shown again."""

    user: User
    password: str | None = None


def create_user(
    connection: Connection, email: str, password: str, role: Role, *, projects: Sequence[Project] = ()
) -> User:
    """Create a user account.

    Raises:
        InvalidInput: the e-mail address is invalid.
        Conflict: the e-mail address has an account.
    """
    email = normalize_email(email)
    if not email or "@" not in email or any(letter.isspace() for letter in email):
        raise InvalidInput(f"{email!r} is not an e-mail address", "enter an address such as name@example.org")
    if connection.scalar(select(tables.users.c.id).where(tables.users.c.email == email)):
        raise Conflict(f"user {email!r} exists already", "list them with: vong access users list")
    user = User(id=new_id(), email=email, role=role, created_at=now(), projects=[one.name for one in projects])
    values = {**user.model_dump(exclude={"projects"}), "password_hash": hash_password(password)}
    connection.execute(insert(tables.users).values(values))
    if projects:
        connection.execute(insert(tables.members), [{"user_id": user.id, "project_id": one.id} for one in projects])
    return user


def list_users(connection: Connection) -> list[User]:
    """List all users, oldest first."""
    columns = [column for column in tables.users.c if column.name != "password_hash"]
    rows = connection.execute(select(*columns).order_by(tables.users.c.id)).mappings().all()
    return [
        User.model_validate(
            {**row, "projects": [one.name for one in list_user_projects(connection, row["id"], row["role"])]}
        )
        for row in rows
    ]


def find_user(connection: Connection, email: str) -> User:
    """Return a user by e-mail address. Raises NotFound if there is none."""
    users = {user.email: user for user in list_users(connection)}
    if normalize_email(email) not in users:
        raise NotFound(
            f"no user with the e-mail address {email!r}", did_you_mean(email, list(users), "vong access users list")
        )
    return users[normalize_email(email)]


def delete_user(connection: Connection, email: str) -> User:
    """Delete an account and its sessions. Raises PreconditionFailed for the last owner."""
    user = find_user(connection, email)
    if user.role == "owner":
        connection.execute(select(tables.users.c.id).where(tables.users.c.role == "owner").with_for_update())
        owners = select(func.count()).select_from(tables.users).where(tables.users.c.role == "owner")
        if connection.scalar(owners) == 1:
            hint = "create another owner first: vong access users create"
            raise PreconditionFailed(f"{email!r} is the last owner", hint)
    connection.execute(delete(tables.users).where(tables.users.c.id == user.id))
    return user


def set_password(connection: Connection, user_id: UUID, password: str, *, keep_session: bytes | None = None) -> None:
    """Set the password of a user and end all sessions of the user except `keep_session`."""
    hashed = hash_password(password)
    connection.execute(update(tables.users).where(tables.users.c.id == user_id).values(password_hash=hashed))
    statement = delete(tables.sessions).where(tables.sessions.c.user_id == user_id)
    connection.execute(statement if keep_session is None else statement.where(tables.sessions.c.hash != keep_session))


def list_user_projects(connection: Connection, user_id: UUID | None, role: Role) -> list[Project]:
    """List the projects of a user, oldest first."""
    projects = list_projects(connection)
    if role == "owner":
        return projects
    members = set(connection.scalars(select(tables.members.c.project_id).where(tables.members.c.user_id == user_id)))
    return [project for project in projects if project.id in members]


def normalize_email(email: str) -> str:
    """Normalize an e-mail address for storage and comparison."""
    return email.strip().lower()
