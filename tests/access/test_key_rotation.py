from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, text, update

from vong import access
from vong.access import tables
from vong.access.delegated_keys import create_delegated_key
from vong.access.key_rotation import rotate_key
from vong.access.keys import find_key
from vong.access.principal import Principal
from vong.errors import Conflict, InvalidInput, Unauthenticated
from vong.records import now
from vong.records.key_scope import KeyLabels, KeyScope
from vong.store.database import Database

DAY = timedelta(days=1)


def authenticate(database: Database, secret: str) -> Principal:
    with database.owner() as owner:
        return access.authenticate(owner, secret)


def test_both_secrets_are_valid_until_the_overlap_ends(database: Database, project_id: UUID) -> None:
    scope, labels = KeyScope(models=("triage", "openai/*"), endpoints=("chat",)), KeyLabels(tags=("web",), user="shop")
    with database.scope(project_id) as connection:
        old = access.create_key(connection, "ci", scope=scope, labels=labels)
    with database.scope(project_id) as connection:
        new = rotate_key(connection, "ci", DAY)
    assert new.secret != old.secret and new.key.prefix != old.key.prefix == new.key.previous_prefix
    first, second = authenticate(database, old.secret), authenticate(database, new.secret)
    assert first._replace(expires_at=None) == second
    assert first.expires_at and first.expires_at == new.key.previous_until
    assert (first.actor, first.key_id, first.scope, first.labels) == ("ci", old.key.id, scope, labels)
    with database.scope(project_id) as connection:
        connection.execute(update(tables.keys).values(previous_until=now()))
    assert authenticate(database, new.secret) == second
    with pytest.raises(Unauthenticated, match=f"use the secret that begins with {new.key.prefix}"):
        authenticate(database, old.secret)


def test_rotation_without_an_overlap_ends_all_older_secrets_at_once(database: Database, project_id: UUID) -> None:
    with database.scope(project_id) as connection:
        first = access.create_key(connection, "ci")
    with database.scope(project_id) as connection:
        second = rotate_key(connection, "ci", DAY)
    with database.scope(project_id) as connection:
        third = rotate_key(connection, second.key.prefix, timedelta(0))
    for secret in (first.secret, second.secret):
        with pytest.raises(Unauthenticated):
            authenticate(database, secret)
    assert authenticate(database, third.secret).key_id == first.key.id
    with database.scope(project_id) as connection:
        (row,) = access.list_keys(connection)
        stored = connection.execute(text("SELECT access_keys::text FROM access_keys")).scalar_one()
    assert row.rotated_at and not any(created.secret in stored for created in (first, second, third))


def test_the_last_use_of_the_old_secret_is_recorded(database: Database, project_id: UUID) -> None:
    with database.scope(project_id) as connection:
        old = access.create_key(connection, "ci")
    authenticate(database, old.secret)
    with database.scope(project_id) as connection:
        used = find_key(connection, "ci").last_used_at
        new = rotate_key(connection, "ci", DAY)
    assert used and (new.key.previous_used_at, new.key.last_used_at) == (used, None)
    authenticate(database, new.secret)
    authenticate(database, old.secret)
    with database.scope(project_id) as connection:
        key = find_key(connection, "ci")
        assert key.last_used_at and key.previous_used_at == used  # last use is recorded once a minute
        connection.execute(update(tables.keys).values(previous_used_at=now() - DAY))
    authenticate(database, old.secret)
    with database.scope(project_id) as connection:
        again = find_key(connection, "ci").previous_used_at
    assert again and now() - again < timedelta(minutes=10)


def test_an_expired_key_is_rotated_only_with_a_new_expiry(database: Database, project_id: UUID) -> None:
    with database.scope(project_id) as connection:
        access.create_key(connection, "ci", expires_at=now() - DAY)
        with pytest.raises(Conflict, match="set a later expiry"):
            rotate_key(connection, "ci", timedelta(0))
        created = rotate_key(connection, "ci", timedelta(0), expires_at=now() + DAY)
    assert authenticate(database, created.secret).actor == "ci"


def test_only_members_keys_have_a_scope(connection: Connection) -> None:
    with pytest.raises(InvalidInput, match="'owner' cannot have a scope"):
        access.create_key(connection, "ci", role="owner", scope=KeyScope(models=("triage",)))


def test_a_delegated_key_acts_for_its_key_and_ends_with_it(database: Database, project_id: UUID) -> None:
    with database.scope(project_id) as connection:
        created = access.create_key(connection, "ci", scope=KeyScope(models=("triage",)))
        secret = create_delegated_key(connection, key_id=created.key.id)
    with database.scope(project_id) as connection:
        rotate_key(connection, "ci", timedelta(0))
        assert [key.name for key in access.list_keys(connection)] == ["ci"]
    principal = authenticate(database, secret)
    assert principal.expires_at and principal.expires_at > now()
    assert principal.is_delegated and principal._replace(is_delegated=False, expires_at=None) == Principal(
        project_id, "ci", "member", key_id=created.key.id, scope=created.key.scope
    )
    with database.scope(project_id) as connection:
        access.revoke_key(connection, "ci")
    with pytest.raises(Unauthenticated, match="was revoked"):
        authenticate(database, secret)


def test_a_delegated_key_of_a_user_ends_when_the_user_leaves_the_project(database: Database, project_id: UUID) -> None:
    with database.owner() as owner:
        here = next(one for one in access.list_projects(owner) if one.id == project_id)
        user = access.create_user(owner, "ann@example.org", "a long password", "member", projects=[here])
    with database.scope(project_id) as connection:
        secret = create_delegated_key(connection, user_id=user.id)
        expired = create_delegated_key(connection, user_id=user.id, lifetime=-DAY)
    deputy = authenticate(database, secret)
    assert deputy.expires_at and deputy.expires_at > now()
    assert deputy == Principal(
        project_id, "ann@example.org", "member", user.id, is_delegated=True, expires_at=deputy.expires_at
    )
    with pytest.raises(Unauthenticated, match="expired"):
        authenticate(database, expired)
    with database.owner() as owner:
        owner.execute(tables.members.delete())
    with pytest.raises(Unauthenticated, match="no longer belongs"):
        authenticate(database, secret)
