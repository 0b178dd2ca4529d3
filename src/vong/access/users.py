"""Users: people who can sign in. All that is here wants the owner's connection: accounts belong to no project."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select, update

from vong.access import tables
from vong.access.passwords import hash_password
from vong.access.projects import Project, Role, list_projects
from vong.errors import Conflict, InvalidInput, NotFound, PreconditionFailed, nearest
from vong.records import Record, new_id, now


class User(Record):
    """A person who can sign in, and the names of the projects they may work in (an owner: all)."""

    id: UUID
    email: str
    role: Role
    created_at: datetime
    projects: list[str] = []


class NewUser(Record):
    """A user just made. `password` is shown this once, and only where Vong chose it."""

    user: User
    password: str | None = None


def create_user(
    connection: Connection, email: str, password: str, role: Role, *, projects: Sequence[Project] = ()
) -> User:
    """Make a person's account. Conflict where the address has one."""
    email = plain(email)
    if not email or "@" not in email or any(letter.isspace() for letter in email):
        raise InvalidInput(f"{email!r} is no e-mail address", "it is the name to sign in with: somebody@example.org")
    if connection.scalar(select(tables.users.c.id).where(tables.users.c.email == email)):
        raise Conflict(f"{email!r} has an account already", "list them with: vong access user list")
    user = User(id=new_id(), email=email, role=role, created_at=now(), projects=[one.name for one in projects])
    values = {**user.model_dump(exclude={"projects"}), "password_hash": hash_password(password)}
    connection.execute(insert(tables.users).values(values))
    if projects:
        connection.execute(insert(tables.members), [{"user_id": user.id, "project": one.id} for one in projects])
    return user


def list_users(connection: Connection) -> list[User]:
    """All users, oldest first."""
    columns = [column for column in tables.users.c if column.name != "password_hash"]
    rows = connection.execute(select(*columns).order_by(tables.users.c.id)).mappings().all()
    return [
        User.model_validate({**row, "projects": [one.name for one in projects_of(connection, row["id"], row["role"])]})
        for row in rows
    ]


def find_user(connection: Connection, email: str) -> User:
    """The user of that address."""
    users = {user.email: user for user in list_users(connection)}
    if plain(email) not in users:
        raise NotFound(f"nobody here has the address {email!r}", nearest(email, list(users), "vong access user list"))
    return users[plain(email)]


def remove_user(connection: Connection, email: str) -> User:
    """Delete an account; its sessions end. The last owner stays."""
    user = find_user(connection, email)
    if user.role == "owner":
        connection.execute(select(tables.users.c.id).where(tables.users.c.role == "owner").with_for_update())
        owners = select(func.count()).select_from(tables.users).where(tables.users.c.role == "owner")
        if connection.scalar(owners) == 1:
            raise PreconditionFailed(f"{email!r} is the last owner", "make another owner first: vong access user add")
    connection.execute(delete(tables.users).where(tables.users.c.id == user.id))
    return user


def set_password(connection: Connection, user_id: UUID, password: str, *, keep: bytes | None = None) -> None:
    """Give a user another password, and end their sessions (but the one to `keep`)."""
    hashed = hash_password(password)
    connection.execute(update(tables.users).where(tables.users.c.id == user_id).values(password_hash=hashed))
    ending = delete(tables.sessions).where(tables.sessions.c.user_id == user_id)
    connection.execute(ending if keep is None else ending.where(tables.sessions.c.hash != keep))


def projects_of(connection: Connection, user_id: UUID | None, role: Role) -> list[Project]:
    """The projects that a user may work in, oldest first."""
    projects = list_projects(connection)
    if role == "owner":
        return projects
    theirs = set(connection.scalars(select(tables.members.c.project).where(tables.members.c.user_id == user_id)))
    return [project for project in projects if project.id in theirs]


def plain(email: str) -> str:
    """An address as it is kept and compared."""
    return email.strip().lower()
