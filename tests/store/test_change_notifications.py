"""Notifications of PostgreSQL about changes of cached rows. Frequent changes of other columns cause none."""

from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from vong import access
from vong.access import sessions
from vong.gateway.limits.store import set_limit
from vong.gateway.tables import CHANGES_CHANNEL, PRINCIPALS_CHANNEL
from vong.records.limit import LimitCreate
from vong.store.database import Database

DEPLOYMENT = """INSERT INTO serving_deployments
    (name, model, base, engine, engine_key, desired_state, state, settings, created_at, updated_at)
    VALUES ('triage', 'triage@1', 'base', 'local', 'g', 'running', 'starting', '{}', now(), now())"""
REPLICA = """INSERT INTO serving_replicas
    (engine_key, number, state, restart, planned, models, load, restarts, failures, since)
    VALUES ('g', 1, 'starting', false, 0, '[]', '{}', 0, '[]', now())"""


def create_rows(database: Database, project_id: UUID) -> None:
    """Create a key, a user with membership and session, and a deployment with its engine."""
    with database.owner() as owner:
        here = next(one for one in access.list_projects(owner) if one.id == project_id)
        access.create_user(owner, "ann@example.org", "a long password", "member", projects=[here])
    sessions.sign_in(database.owner, "ann@example.org", "a long password", "127.0.0.1")
    with database.scope(project_id) as connection:
        connection.execute(text(DEPLOYMENT))
        connection.execute(text(REPLICA))
        set_limit(connection, LimitCreate(subject_type="key", metric="requests", window="minute", amount=1))
        access.create_key(connection, "ci")


NO_CHANNELS = None
CALLERS, PROJECT = (PRINCIPALS_CHANNEL, ""), (CHANGES_CHANNEL, "project")


@pytest.mark.parametrize(
    ("statement", "channels"),
    [
        ("UPDATE access_keys SET revoked_at = now()", CALLERS),
        ("UPDATE access_keys SET models = '{triage}'", CALLERS),
        ("UPDATE access_keys SET hash = '\\x00'", CALLERS),
        ("UPDATE access_keys SET last_used_at = now()", NO_CHANNELS),
        ("DELETE FROM access_keys", CALLERS),
        ("UPDATE access_sessions SET seen_at = now(), expires_at = now()", NO_CHANNELS),
        ("DELETE FROM access_sessions", CALLERS),
        ("UPDATE access_users SET role = 'viewer'", CALLERS),
        ("DELETE FROM access_members", CALLERS),
        ("UPDATE gateway_limits SET amount = 2", PROJECT),
        ("DELETE FROM gateway_limits", PROJECT),
        ("UPDATE serving_deployments SET state = 'ready'", PROJECT),
        ("UPDATE serving_deployments SET updated_at = now()", NO_CHANNELS),
        ("DELETE FROM serving_deployments", PROJECT),
        ("UPDATE serving_replicas SET url = 'http://127.0.0.1:1'", PROJECT),
        ("UPDATE serving_replicas SET models = '[1]'", PROJECT),
        ("UPDATE serving_replicas SET memory = 1", NO_CHANNELS),
        ("UPDATE serving_replicas SET load = '{\"active\": 1}'", NO_CHANNELS),
        ("DELETE FROM serving_replicas", PROJECT),
    ],
)
def test_changes_of_cached_rows_are_notified(
    database: Database, project_id: UUID, statement: str, channels: tuple[str, str] | None
) -> None:
    create_rows(database, project_id)
    with psycopg.connect(database.url, autocommit=True) as listening:
        for channel in (CHANGES_CHANNEL, PRINCIPALS_CHANNEL):
            listening.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        with database.owner() as owner:
            owner.execute(text(f"SET LOCAL vong.project_id = '{project_id}'"))
            assert owner.execute(text(statement)).rowcount >= 1
        with database.owner() as owner:
            owner.execute(text(f"SELECT pg_notify('{PRINCIPALS_CHANNEL}', 'end')"))
        received = set[tuple[str, str]]()
        for notice in listening.notifies(timeout=30):
            if notice.payload == "end":
                break
            received.add((notice.channel, "project" if notice.payload == str(project_id) else notice.payload))
    assert received == ({channels} if channels else set())
