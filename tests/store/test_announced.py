"""Changes of what servers keep in memory are announced, whoever makes them; what changes all the time is not."""

from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from vong import access
from vong.access import sessions
from vong.gateway.limits.store import put_limit
from vong.gateway.tables import CHANGES_CHANNEL, PRINCIPALS_CHANNEL
from vong.records.limit import LimitCreate
from vong.store.database import Database

DEPLOYMENT = """INSERT INTO serving_deployments
    (name, model, base, engine, engine_key, desired_state, state, settings, created_at, updated_at)
    VALUES ('triage', 'triage@1', 'base', 'local', 'g', 'running', 'starting', '{}', now(), now())"""
ENGINE = """INSERT INTO serving_engines (engine_key, state, restart, restarts, failures)
    VALUES ('g', 'starting', false, 0, '[]')"""


def prepare(database: Database, project_id: UUID) -> None:
    """A key, a person with a membership and a session, a deployment with its engine."""
    with database.owner() as owner:
        here = next(one for one in access.list_projects(owner) if one.id == project_id)
        access.create_user(owner, "ann@example.org", "a long password", "member", projects=[here])
    sessions.sign_in(database.owner, "ann@example.org", "a long password", "127.0.0.1")
    with database.scope(project_id) as connection:
        connection.execute(text(DEPLOYMENT))
        connection.execute(text(ENGINE))
        put_limit(connection, LimitCreate(subject_type="key", metric="requests", window="minute", amount=1))
        access.create_key(connection, "ci")


NOTHING = None
OF_CALLERS, OF_THE_PROJECT = (PRINCIPALS_CHANNEL, ""), (CHANGES_CHANNEL, "project")


@pytest.mark.parametrize(
    ("statement", "announced"),
    [
        ("UPDATE access_keys SET revoked_at = now()", OF_CALLERS),
        ("UPDATE access_keys SET models = '{triage}'", OF_CALLERS),
        ("UPDATE access_keys SET hash = '\\x00'", OF_CALLERS),
        ("UPDATE access_keys SET last_used_at = now()", NOTHING),
        ("DELETE FROM access_keys", OF_CALLERS),
        ("UPDATE access_sessions SET seen_at = now(), expires_at = now()", NOTHING),
        ("DELETE FROM access_sessions", OF_CALLERS),
        ("UPDATE access_users SET role = 'viewer'", OF_CALLERS),
        ("DELETE FROM access_members", OF_CALLERS),
        ("UPDATE gateway_limits SET amount = 2", OF_THE_PROJECT),
        ("DELETE FROM gateway_limits", OF_THE_PROJECT),
        ("UPDATE serving_deployments SET state = 'ready'", OF_THE_PROJECT),
        ("UPDATE serving_deployments SET updated_at = now()", NOTHING),
        ("DELETE FROM serving_deployments", OF_THE_PROJECT),
        ("UPDATE serving_engines SET url = 'http://127.0.0.1:1'", OF_THE_PROJECT),
        ("UPDATE serving_engines SET memory = 1", NOTHING),
        ("DELETE FROM serving_engines", OF_THE_PROJECT),
    ],
)
def test_a_change_is_announced(
    database: Database, project_id: UUID, statement: str, announced: tuple[str, str] | None
) -> None:
    prepare(database, project_id)
    with psycopg.connect(database.url, autocommit=True) as listening:
        for channel in (CHANGES_CHANNEL, PRINCIPALS_CHANNEL):
            listening.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        with database.owner() as owner:
            owner.execute(text(f"SET LOCAL vong.project_id = '{project_id}'"))
            assert owner.execute(text(statement)).rowcount >= 1
        with database.owner() as owner:
            owner.execute(text(f"SELECT pg_notify('{PRINCIPALS_CHANNEL}', 'end')"))
        heard = set[tuple[str, str]]()
        for notice in listening.notifies(timeout=30):
            if notice.payload == "end":
                break
            heard.add((notice.channel, "project" if notice.payload == str(project_id) else notice.payload))
    assert heard == ({announced} if announced else set())
