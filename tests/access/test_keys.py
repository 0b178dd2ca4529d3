from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from vong import access
from vong.errors import Conflict, NotFound, Unauthenticated
from vong.records import now
from vong.store.database import Database


def test_a_key_authenticates_its_own_project(database: Database, project_id: UUID, connection: Connection) -> None:
    created = access.create_key(connection, "first")
    connection.commit()
    with database.owner() as owner:
        principal = access.authenticate(owner, created.secret)
    assert (principal.project_id, principal.actor, principal.role) == (project_id, "first", "member")


def test_the_secret_is_not_stored_in_the_database(connection: Connection) -> None:
    created = access.create_key(connection, "first")
    row = connection.execute(text("SELECT access_keys::text FROM access_keys")).scalar_one()
    assert created.secret not in row
    assert created.key.prefix in row


def test_unknown_revoked_and_expired_keys_are_refused(database: Database, project_id: UUID) -> None:
    with database.scope(project_id) as connection:
        revoked = access.create_key(connection, "revoked")
        expired = access.create_key(connection, "expired", expires_at=now() - timedelta(seconds=1))
        access.revoke_key(connection, "revoked")
    for secret, message in (
        ("vong-nothing", "unknown API key"),
        (revoked.secret, "revoked"),
        (expired.secret, "expired"),
    ):
        with database.owner() as owner, pytest.raises(Unauthenticated, match=message):
            access.authenticate(owner, secret)


def test_revoking_an_unknown_key_suggests_the_nearest_name(connection: Connection) -> None:
    access.create_key(connection, "production")
    with pytest.raises(NotFound, match="did you mean 'production'"):
        access.revoke_key(connection, "prodution")


def test_projects_see_only_their_own_keys(database: Database, connection: Connection) -> None:
    access.create_key(connection, "mine")
    connection.commit()
    with database.owner() as owner:
        other = access.create_project(owner, "other").id
    with database.scope(other) as foreign:
        assert access.list_keys(foreign) == []


def test_project_names_are_unique(database: Database, project_id: UUID) -> None:
    assert project_id
    with database.owner() as owner, pytest.raises(Conflict):
        access.create_project(owner, "default")


def test_deleting_expired_keys_leaves_the_others(connection: Connection) -> None:
    access.create_key(connection, "internal", expires_at=now() - timedelta(seconds=1))
    access.create_key(connection, "internal", expires_at=now() + timedelta(days=1))
    access.create_key(connection, "mine", expires_at=now() - timedelta(seconds=1))
    access.delete_expired_keys(connection, "internal")
    assert [key.name for key in access.list_keys(connection)] == ["internal", "mine"]
