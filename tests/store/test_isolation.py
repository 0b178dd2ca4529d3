"""Row-level security: a forgotten filter reads nothing of another project."""

from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, ProgrammingError

from vong import access
from vong.access import tables
from vong.records import new_id, now
from vong.store.database import Database


@pytest.fixture
def other(database: Database, project_id: UUID) -> UUID:
    """Another project; both have a key named after them."""
    with database.owner() as owner:
        made = access.create_project(owner, "other").id
    for project in (project_id, made):
        with database.scope(project) as connection:
            access.create_key(connection, f"of {project}")
    return made


def test_a_select_without_a_filter_reads_no_foreign_row(database: Database, project_id: UUID, other: UUID) -> None:
    for project in (project_id, other):
        with database.scope(project) as connection:
            assert connection.execute(text("SELECT name FROM access_keys")).scalars().all() == [f"of {project}"]


def test_a_filter_for_the_other_project_reads_nothing(database: Database, project_id: UUID, other: UUID) -> None:
    with database.scope(project_id) as connection:
        assert connection.execute(select(tables.keys).where(tables.keys.c.project_id == other)).all() == []


def test_rows_for_another_project_are_refused(database: Database, project_id: UUID, other: UUID) -> None:
    values = {"id": new_id(), "name": "x", "prefix": "x", "hash": b"x", "role": "owner", "created_at": now()}
    with pytest.raises(DBAPIError, match="row-level security"), database.scope(project_id) as connection:
        connection.execute(insert(tables.keys).values(project_id=other, **values))
    with pytest.raises(DBAPIError, match="row-level security"), database.scope(project_id) as connection:
        connection.execute(update(tables.keys).values(project_id=other))


def test_an_update_or_delete_of_everything_touches_only_its_own(
    database: Database, project_id: UUID, other: UUID
) -> None:
    with database.scope(project_id) as connection:
        assert connection.execute(update(tables.keys).values(role="viewer")).rowcount == 1
        assert connection.execute(delete(tables.keys)).rowcount == 1
    with database.scope(other) as connection:
        assert [key.role for key in access.list_keys(connection)] == ["member"]


@pytest.mark.parametrize("setting", ["SELECT 1", "SELECT set_config('vong.project_id', '', true)"])
def test_without_a_project_there_are_no_rows(database: Database, project_id: UUID, other: UUID, setting: str) -> None:
    with database.owner() as connection:
        connection.execute(text("SET LOCAL ROLE vong_request"))
        connection.execute(text(setting))
        assert connection.scalar(text("SELECT count(*) FROM access_keys")) == 0


def test_the_project_ends_with_its_transaction(database: Database, project_id: UUID, other: UUID) -> None:
    for _ in range(5):  # the pool hands the same connections out again
        with database.scope(project_id) as connection:
            connection.scalar(text("SELECT 1"))
        with database.owner() as connection:
            assert not connection.scalar(text("SELECT current_setting('vong.project_id', true)"))
            assert connection.scalar(text("SELECT count(*) FROM access_keys")) == 2


def test_the_restricted_role_cannot_change_the_schema(database: Database, project_id: UUID) -> None:
    for statement in ("ALTER TABLE access_keys DISABLE ROW LEVEL SECURITY", "CREATE TABLE mine (i int)"):
        with pytest.raises(ProgrammingError), database.scope(project_id) as connection:
            connection.execute(text(statement))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(owners=st.lists(st.booleans(), max_size=12))
def test_whoever_writes_what_each_project_sees_its_own_and_only_its_own(
    database: Database, project_id: UUID, other: UUID, owners: list[bool]
) -> None:
    names: dict[UUID, list[str]] = {project_id: [], other: []}
    for project in names:
        with database.scope(project) as connection:
            connection.execute(delete(tables.keys))
    for number, first in enumerate(owners):
        project = project_id if first else other
        with database.scope(project) as connection:
            access.create_key(connection, str(number))
        names[project].append(str(number))
    for project, wanted in names.items():
        with database.scope(project) as connection:
            assert sorted((key.name for key in access.list_keys(connection)), key=int) == wanted
