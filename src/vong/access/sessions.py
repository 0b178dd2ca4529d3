"""Sessions of signed-in users: a random token in a cookie, valid until it is unused for 30 days.

The connections are the owner's, because a session is looked up before its project is known.
"""

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from vong.access import login_throttle, tables
from vong.access.keys import hash_secret
from vong.access.passwords import verify_password
from vong.access.principal import Principal
from vong.access.projects import Project, Role
from vong.access.users import list_user_projects, normalize_email, set_password
from vong.errors import Forbidden, InvalidInput, NotFound, Unauthenticated, did_you_mean
from vong.records import Record, now

SESSION_PREFIX = "vongs-"
SESSION_IDLE_TIMEOUT = timedelta(days=30)
SEEN_INTERVAL = timedelta(minutes=5)
"""Minimum interval between two updates of the last use of a session."""

OwnerTransaction = Callable[[], AbstractContextManager[Connection]]
"""Opens a transaction as the owner. A password is checked between two transactions, so that it holds no connection."""


class SignedInUser(Record):
    """Signed-in user."""

    id: UUID
    email: str
    role: Role


class ProjectRef(Record):
    """Id and name of a project."""

    id: UUID
    name: str


class SessionView(Record):
    """Session of a signed-in user: the current project and the projects to which the user may switch."""

    user: SignedInUser
    project: ProjectRef
    projects: list[ProjectRef]


class NewSession(NamedTuple):
    """New session with its token, which is stored only in the cookie."""

    token: str
    session: SessionView


def sign_in(owner: OwnerTransaction, email: str, password: str, address: str) -> NewSession:
    """Sign in a user and create a session.

    Raises:
        Unauthenticated: unknown account or wrong password, with the same message.
        Forbidden: the user belongs to no project.
        TooManyAttempts: too many failed attempts.
    """
    account = normalize_email(email)
    with owner() as connection:
        login_throttle.record_attempt(connection, account, address)
        row = connection.execute(select(tables.users).where(tables.users.c.email == account)).mappings().first()
    if not verify_password(password, row["password_hash"] if row else None) or row is None:
        raise Unauthenticated(
            "wrong account or password",
            "check both; an owner can reset a lost password: vong access password --reset",
        )
    with owner() as connection:
        login_throttle.reset_attempts(connection, account)
        connection.execute(delete(tables.sessions).where(tables.sessions.c.expires_at < now()))
        projects = list_user_projects(connection, row["id"], row["role"])
        if not projects:
            raise Forbidden(f"{account!r} belongs to no project", "ask an owner to add you to one")
        chosen = _last_project(connection, row["id"], projects)
        token = SESSION_PREFIX + secrets.token_urlsafe(32)
        values = {"hash": hash_secret(token), "user_id": row["id"], "project_id": chosen.id}
        times = {"created_at": now(), "seen_at": now(), "expires_at": now() + SESSION_IDLE_TIMEOUT}
        connection.execute(insert(tables.sessions).values({**values, **times}))
    return NewSession(
        token, _to_view(SignedInUser(id=row["id"], email=row["email"], role=row["role"]), chosen, projects)
    )


def authenticate_session(connection: Connection, token: str) -> Principal:
    """Return the principal of a session token. Raises Unauthenticated if the session has ended."""
    users, sessions = tables.users.c, tables.sessions.c
    joined = tables.sessions.join(tables.users, users.id == sessions.user_id)
    query = (
        select(tables.sessions, users.email, users.role).select_from(joined).where(sessions.hash == hash_secret(token))
    )
    row = connection.execute(query).mappings().first()
    if row is None or row["expires_at"] <= now():
        raise Unauthenticated("not signed in", "sign in at /login")
    if now() - row["seen_at"] > SEEN_INTERVAL:
        renewed = {"seen_at": now(), "expires_at": now() + SESSION_IDLE_TIMEOUT}
        connection.execute(update(tables.sessions).where(sessions.hash == row["hash"]).values(renewed))
    return Principal(
        row["project_id"], row["email"], row["role"], row["user_id"], row["hash"], expires_at=row["expires_at"]
    )


def get_session(connection: Connection, principal: Principal) -> SessionView:
    """Return the session of the caller. Raises Unauthenticated for a key, which has no session."""
    if principal.user_id is None:
        raise Unauthenticated("not signed in: a key has no session", "sign in at /login")
    projects = list_user_projects(connection, principal.user_id, principal.role)
    chosen = next((one for one in projects if one.id == principal.project_id), None)
    if chosen is None:
        raise Forbidden("user no longer belongs to this project", "sign in again")
    return _to_view(SignedInUser(id=principal.user_id, email=principal.actor, role=principal.role), chosen, projects)


def switch_project(connection: Connection, principal: Principal, project: str) -> SessionView:
    """Switch the session to another project, by name or id. Raises NotFound if the caller may not see it."""
    session = get_session(connection, principal)
    chosen = next((one for one in session.projects if project in {one.name, str(one.id)}), None)
    if chosen is None:
        names = [one.name for one in session.projects]
        raise NotFound(
            f"no accessible project named {project!r}", did_you_mean(project, names, "vong access projects list")
        )
    connection.execute(
        update(tables.sessions).where(tables.sessions.c.hash == principal.session).values(project_id=chosen.id)
    )
    return session.model_copy(update={"project": chosen})


def sign_out(connection: Connection, principal: Principal) -> None:
    """Delete the session of the caller. Has no effect for a key."""
    connection.execute(delete(tables.sessions).where(tables.sessions.c.hash == principal.session))


def change_password(owner: OwnerTransaction, principal: Principal, current: str, new: str, address: str) -> None:
    """Change the password of the caller and end the other sessions of the user."""
    if principal.user_id is None:
        raise InvalidInput("a key has no password", "sign in, or as an owner: vong access password --reset")
    with owner() as connection:
        login_throttle.record_attempt(connection, principal.actor, address)
        stored = connection.scalar(select(tables.users.c.password_hash).where(tables.users.c.id == principal.user_id))
    if not verify_password(current, stored):
        raise InvalidInput("wrong current password", "enter it again; an owner can reset a lost password")
    with owner() as connection:
        login_throttle.reset_attempts(connection, principal.actor)
        set_password(connection, principal.user_id, new, keep_session=principal.session)


def _last_project(connection: Connection, user_id: UUID, projects: list[Project]) -> Project:
    """Return the last project of the user. Returns the first accessible project if there is none."""
    sessions = tables.sessions.c
    newest = select(sessions.project_id).where(sessions.user_id == user_id).order_by(sessions.seen_at.desc()).limit(1)
    last = connection.scalar(newest)
    return next((one for one in projects if one.id == last), projects[0])


def _to_view(user: SignedInUser, chosen: Project, projects: list[Project]) -> SessionView:
    names = {one.id: ProjectRef(id=one.id, name=one.name) for one in projects}
    return SessionView(user=user, project=names[chosen.id], projects=list(names.values()))
