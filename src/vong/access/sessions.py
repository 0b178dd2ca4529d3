"""Sessions: a person signs in once, and a random token in a cookie stands for them until 30 idle days have passed.

The connections here are the owner's: a session is found before its project is known.
"""

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from vong.access import login_throttle, tables
from vong.access.keys import digest
from vong.access.passwords import matches
from vong.access.principal import Principal
from vong.access.projects import Project, Role
from vong.access.users import plain, projects_of, set_password
from vong.errors import Forbidden, InvalidInput, NotFound, Unauthenticated, nearest
from vong.records import Record, now

PREFIX = "vongs-"
IDLE = timedelta(days=30)
TOUCHED = timedelta(minutes=5)
"""How often it is written down that a session is used."""

Owner = Callable[[], AbstractContextManager[Connection]]
"""Opens a transaction as the owner. A password is checked between two of them: no connection waits for it."""


class SignedInUser(Record):
    """Who is signed in."""

    id: UUID
    email: str
    role: Role


class ProjectRef(Record):
    """A project to choose."""

    id: UUID
    name: str


class SessionView(Record):
    """A person who is signed in, the project they look at, and those they may change to."""

    user: SignedInUser
    project: ProjectRef
    projects: list[ProjectRef]


class NewSession(NamedTuple):
    """A session at its beginning: the token is in the cookie and nowhere else."""

    token: str
    session: SessionView


def sign_in(owner: Owner, email: str, password: str, address: str) -> NewSession:
    """Begin a session. Unauthenticated says the same of an unknown account and of a wrong password."""
    account = plain(email)
    with owner() as connection:
        login_throttle.begin(connection, account, address)
        row = connection.execute(select(tables.users).where(tables.users.c.email == account)).mappings().first()
    if not matches(password, row["password_hash"] if row else None) or row is None:
        raise Unauthenticated(
            "this account and password do not fit",
            "look at both; an owner can reset a lost password: vong access password --reset",
        )
    with owner() as connection:
        login_throttle.forgive(connection, account)
        connection.execute(delete(tables.sessions).where(tables.sessions.c.expires_at < now()))
        projects = projects_of(connection, row["id"], row["role"])
        if not projects:
            raise Forbidden(f"{account!r} belongs to no project", "ask an owner to add you to one")
        chosen = _last(connection, row["id"], projects)
        token = PREFIX + secrets.token_urlsafe(32)
        values = {"hash": digest(token), "user_id": row["id"], "project": chosen.id}
        times = {"created_at": now(), "seen_at": now(), "expires_at": now() + IDLE}
        connection.execute(insert(tables.sessions).values({**values, **times}))
    return NewSession(
        token, _session(SignedInUser(id=row["id"], email=row["email"], role=row["role"]), chosen, projects)
    )


def owner_of(connection: Connection, token: str) -> Principal:
    """Whose session this is. Unauthenticated where it has ended."""
    users, sessions = tables.users.c, tables.sessions.c
    joined = tables.sessions.join(tables.users, users.id == sessions.user_id)
    found = select(tables.sessions, users.email, users.role).select_from(joined).where(sessions.hash == digest(token))
    row = connection.execute(found).mappings().first()
    if row is None or row["expires_at"] <= now():
        raise Unauthenticated("you are not signed in", "sign in at /login")
    if now() - row["seen_at"] > TOUCHED:
        again = {"seen_at": now(), "expires_at": now() + IDLE}
        connection.execute(update(tables.sessions).where(sessions.hash == row["hash"]).values(again))
    return Principal(
        row["project"], row["email"], row["role"], row["user_id"], row["hash"], expires_at=row["expires_at"]
    )


def read(connection: Connection, principal: Principal) -> SessionView:
    """The caller's session. Unauthenticated for a key, which has none."""
    if principal.user_id is None:
        raise Unauthenticated("you are not signed in: a key has no session", "sign in at /login")
    projects = projects_of(connection, principal.user_id, principal.role)
    chosen = next((one for one in projects if one.id == principal.project_id), None)
    if chosen is None:
        raise Forbidden("you no longer belong to this project", "sign in again")
    return _session(SignedInUser(id=principal.user_id, email=principal.actor, role=principal.role), chosen, projects)


def switch(connection: Connection, principal: Principal, project: str) -> SessionView:
    """Look at another project, by its name or id, from now on."""
    here = read(connection, principal)
    chosen = next((one for one in here.projects if project in {one.name, str(one.id)}), None)
    if chosen is None:
        names = [one.name for one in here.projects]
        raise NotFound(
            f"no project named {project!r} that you may see", nearest(project, names, "vong access project list")
        )
    connection.execute(
        update(tables.sessions).where(tables.sessions.c.hash == principal.session).values(project=chosen.id)
    )
    return here.model_copy(update={"project": chosen})


def sign_out(connection: Connection, principal: Principal) -> None:
    """End the caller's session; a key has none to end."""
    connection.execute(delete(tables.sessions).where(tables.sessions.c.hash == principal.session))


def change_password(owner: Owner, principal: Principal, current: str, new: str, address: str) -> None:
    """Change the caller's own password, and end their other sessions."""
    if principal.user_id is None:
        raise InvalidInput("a key has no password", "sign in, or as an owner: vong access password --reset")
    with owner() as connection:
        login_throttle.begin(connection, principal.actor, address)
        kept = connection.scalar(select(tables.users.c.password_hash).where(tables.users.c.id == principal.user_id))
    if not matches(current, kept):
        raise InvalidInput("the current password is not that", "type it again; an owner can reset a lost one")
    with owner() as connection:
        login_throttle.forgive(connection, principal.actor)
        set_password(connection, principal.user_id, new, keep=principal.session)


def _last(connection: Connection, user_id: UUID, projects: list[Project]) -> Project:
    """The project that the user looked at last, else the first."""
    sessions = tables.sessions.c
    newest = select(sessions.project).where(sessions.user_id == user_id).order_by(sessions.seen_at.desc()).limit(1)
    last = connection.scalar(newest)
    return next((one for one in projects if one.id == last), projects[0])


def _session(user: SignedInUser, chosen: Project, projects: list[Project]) -> SessionView:
    names = {one.id: ProjectRef(id=one.id, name=one.name) for one in projects}
    return SessionView(user=user, project=names[chosen.id], projects=list(names.values()))
