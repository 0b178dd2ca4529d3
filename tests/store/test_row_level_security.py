"""Row-level security: queries without a filter do not reach rows of other projects."""

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
def other_project(database: Database, project_id: UUID) -> UUID:
    """Create another project. Both projects have a key with the name of the project."""
    with database.owner() as owner:
        written = access.create_project(owner, "other").id
    for project in (project_id, written):
        with database.scope(project) as connection:
            access.create_key(connection, f"of {project}")
    return written


def test_a_select_without_a_filter_reads_no_row_of_another_project(
    database: Database, project_id: UUID, other_project: UUID
) -> None:
    for project in (project_id, other_project):
        with database.scope(project) as connection:
            assert connection.execute(text("SELECT name FROM access_keys")).scalars().all() == [f"of {project}"]


def test_a_filter_for_the_other_project_reads_nothing(
    database: Database, project_id: UUID, other_project: UUID
) -> None:
    with database.scope(project_id) as connection:
        assert connection.execute(select(tables.keys).where(tables.keys.c.project_id == other_project)).all() == []


def test_rows_for_another_project_are_rejected(database: Database, project_id: UUID, other_project: UUID) -> None:
    values = {"id": new_id(), "name": "x", "prefix": "x", "hash": b"x", "role": "owner", "created_at": now()}
    with pytest.raises(DBAPIError, match="row-level security"), database.scope(project_id) as connection:
        connection.execute(insert(tables.keys).values(project_id=other_project, **values))
    with pytest.raises(DBAPIError, match="row-level security"), database.scope(project_id) as connection:
        connection.execute(update(tables.keys).values(project_id=other_project))


def test_an_update_or_delete_without_a_filter_changes_only_rows_of_the_project(
    database: Database, project_id: UUID, other_project: UUID
) -> None:
    with database.scope(project_id) as connection:
        assert connection.execute(update(tables.keys).values(role="viewer")).rowcount == 1
        assert connection.execute(delete(tables.keys)).rowcount == 1
    with database.scope(other_project) as connection:
        assert [key.role for key in access.list_keys(connection)] == ["member"]


@pytest.mark.parametrize("setting", ["SELECT 1", "SELECT set_config('vong.project_id', '', true)"])
def test_without_a_project_there_are_no_rows(
    database: Database, project_id: UUID, other_project: UUID, setting: str
) -> None:
    with database.owner() as connection:
        connection.execute(text("SET LOCAL ROLE vong_request"))
        connection.execute(text(setting))
        assert connection.scalar(text("SELECT count(*) FROM access_keys")) == 0


def test_the_project_setting_ends_with_its_transaction(
    database: Database, project_id: UUID, other_project: UUID
) -> None:
    for _ in range(5):  # the pool reuses the connections
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
def test_each_project_reads_exactly_its_own_rows_for_any_order_of_writes(
    database: Database, project_id: UUID, other_project: UUID, owners: list[bool]
) -> None:
    names: dict[UUID, list[str]] = {project_id: [], other_project: []}
    for project in names:
        with database.scope(project) as connection:
            connection.execute(delete(tables.keys))
    for number, first in enumerate(owners):
        project = project_id if first else other_project
        with database.scope(project) as connection:
            access.create_key(connection, str(number))
        names[project].append(str(number))
    for project, expected in names.items():
        with database.scope(project) as connection:
            assert sorted((key.name for key in access.list_keys(connection)), key=int) == expected
