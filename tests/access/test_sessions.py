from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from vong import access
from vong.access import login_throttle, passwords, sessions, tables, users
from vong.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    TooManyAttempts,
    Unauthenticated,
)
from vong.records import now
from vong.store.database import Database

HASHER_IN_USE = passwords._hasher
"""Hasher of the server, which a fixture replaces by a cheap one."""
ANN, SECRET = "ann@example.org", "a long enough secret"


@pytest.fixture
def ann(database: Database, project_id: UUID) -> users.User:
    assert project_id
    with database.owner() as owner:
        project = access.find_project(owner, "default")
        return access.create_user(owner, ANN, SECRET, "member", projects=[project])


def sign_in(
    database: Database, email: str = ANN, password: str = SECRET, address: str = "10.0.0.1"
) -> sessions.NewSession:
    return sessions.sign_in(database.owner, email, password, address)


def principal(database: Database, token: str) -> access.Principal:
    with database.owner() as owner:
        return access.authenticate(owner, token)


def test_a_session_authenticates_its_user_in_the_selected_project(
    database: Database, ann: users.User, project_id: UUID
) -> None:
    opened = sign_in(database, "  Ann@Example.org ")
    who = principal(database, opened.token)
    assert (who.project_id, who.actor, who.role, who.user_id) == (project_id, ANN, "member", ann.id)
    assert opened.session.project.name == "default"


def test_the_token_and_the_password_are_not_stored_in_the_database(database: Database, ann: users.User) -> None:
    opened = sign_in(database)
    with database.owner() as owner:
        for table in (tables.sessions, tables.users, tables.login_attempts):
            stored = str(owner.execute(select(table)).all())
            assert opened.token not in stored and SECRET not in stored


def test_an_unknown_account_and_a_wrong_password_return_the_same_error(database: Database, ann: users.User) -> None:
    messages: list[str] = []
    for email, password in ((ANN, "wrong password"), ("nobody@example.org", SECRET)):
        with pytest.raises(Unauthenticated) as refused:
            sign_in(database, email, password)
        messages.append(str(refused.value))
    assert messages[0] == messages[1]


def test_login_to_an_unknown_account_computes_a_hash_of_the_same_cost(
    database: Database, ann: users.User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from argon2 import PasswordHasher

    hashes: list[str] = []
    verify = PasswordHasher.verify

    def counting(self: PasswordHasher, stored: str, password: str) -> bool:
        hashes.append(stored.rsplit("$", 2)[0])
        return verify(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    for email in (ANN, "nobody@example.org"):
        with pytest.raises(Unauthenticated):
            sign_in(database, email, "wrong password")
    assert len(hashes) == 2
    assert hashes[0] == hashes[1]  # the same algorithm with the same cost


def test_passwords_are_hashed_with_argon2id_and_64_mib() -> None:
    from argon2 import Type

    hasher = HASHER_IN_USE()
    assert (hasher.type, hasher.memory_cost, hasher.time_cost) == (Type.ID, 64 * 1024, 3)


def test_ten_failures_lock_an_account_for_fifteen_minutes(database: Database, ann: users.User) -> None:
    for number in range(login_throttle.MAX_ATTEMPTS_PER_ACCOUNT):
        with pytest.raises(Unauthenticated):
            sign_in(database, ANN, "wrong password", f"10.0.0.{number}")
    with pytest.raises(TooManyAttempts, match="try again at 20") as refused:
        sign_in(database)
    assert refused.value.retry_after and 0 < refused.value.retry_after <= 901
    with database.owner() as owner:
        owner.execute(update(tables.login_attempts).values(attempted_at=now() - login_throttle.ATTEMPT_WINDOW))
    assert sign_in(database).session.user.email == ANN


def test_thirty_failures_lock_an_address_for_all_accounts(database: Database, ann: users.User) -> None:
    with database.owner() as owner:
        for number in range(login_throttle.MAX_ATTEMPTS_PER_ADDRESS):
            login_throttle.record_attempt(owner, f"{number}@example.org", "10.9.9.9")
    with pytest.raises(TooManyAttempts):
        sign_in(database, address="10.9.9.9")
    assert sign_in(database, address="10.9.9.8")


def test_the_right_password_resets_the_failure_count(database: Database, ann: users.User) -> None:
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            sign_in(database, ANN, "wrong password")
    sign_in(database)
    with database.owner() as owner:
        assert owner.scalar(select(func.count()).select_from(tables.login_attempts)) == 0


def test_a_session_expires_after_thirty_idle_days_and_is_extended_by_use(database: Database, ann: users.User) -> None:
    token = sign_in(database).token
    soon, earlier = now() + timedelta(days=1), now() - timedelta(days=29)
    with database.owner() as owner:
        owner.execute(update(tables.sessions).values(expires_at=soon, seen_at=earlier))
    principal(database, token)
    with database.owner() as owner:
        expires = owner.scalar(select(tables.sessions.c.expires_at))
        assert expires and expires > now() + timedelta(days=29)
        owner.execute(update(tables.sessions).values(expires_at=now()))
    with pytest.raises(Unauthenticated, match="not signed in"):
        principal(database, token)


def test_a_member_can_switch_only_to_projects_of_their_own(database: Database, ann: users.User) -> None:
    with database.owner() as owner:
        access.create_project(owner, "other")
    who = principal(database, sign_in(database).token)
    with database.owner() as owner, pytest.raises(NotFound, match="no accessible project named 'other'"):
        sessions.switch_project(owner, who, "other")


def test_an_owner_can_switch_to_any_project_and_the_next_login_restores_it(
    database: Database, project_id: UUID
) -> None:
    with database.owner() as owner:
        other = access.create_project(owner, "other")
        access.create_user(owner, "owner@localhost", SECRET, "owner")
    token = sign_in(database, "owner@localhost").token
    assert principal(database, token).project_id == project_id
    with database.owner() as owner:
        sessions.switch_project(owner, access.authenticate(owner, token), "other")
    assert principal(database, token).project_id == other.id
    assert sign_in(database, "owner@localhost").session.project.name == "other"


def test_a_changed_password_ends_the_other_sessions(database: Database, ann: users.User) -> None:
    here, elsewhere = sign_in(database).token, sign_in(database).token
    change = partial(sessions.change_password, database.owner, principal(database, here))
    with pytest.raises(InvalidInput, match="current password"):
        change("wrong password", "another secret", "10.0.0.1")
    with pytest.raises(InvalidInput, match="10 to 1000"):
        change(SECRET, "short", "10.0.0.1")
    change(SECRET, "another secret", "10.0.0.1")
    assert principal(database, here)
    with pytest.raises(Unauthenticated):
        principal(database, elsewhere)
    assert sign_in(database, password="another secret")


def test_the_last_owner_cannot_be_removed_and_email_addresses_are_unique(database: Database, ann: users.User) -> None:
    with database.owner() as owner:
        access.create_user(owner, "owner@localhost", SECRET, "owner")
        with pytest.raises(PreconditionFailed, match="last owner"):
            users.delete_user(owner, "owner@localhost")
        with pytest.raises(Conflict):
            access.create_user(owner, "ANN@example.org", SECRET, "member")


def test_a_removed_user_is_signed_out(database: Database, ann: users.User) -> None:
    token = sign_in(database).token
    with database.owner() as owner:
        users.delete_user(owner, ANN)
    with pytest.raises(Unauthenticated):
        principal(database, token)


def test_a_user_without_a_project_cannot_sign_in(database: Database, project_id: UUID) -> None:
    assert project_id
    with database.owner() as owner:
        access.create_user(owner, ANN, SECRET, "member")
    with pytest.raises(Forbidden, match="no project"):
        sign_in(database)
