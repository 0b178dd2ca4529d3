"""Dataset versions: immutable, named by their content hash, with their origin."""

import threading
from uuid import UUID

import pytest
from hypothesis import given, settings
from sqlalchemy import Connection, select
from sqlalchemy.exc import ProgrammingError

from tests.data.factories import example, examples
from vong import access, data
from vong.data import tables
from vong.data.row_search import RowFilter
from vong.data.rows import list_rows
from vong.data.versions import VersionRows, list_datasets
from vong.errors import InvalidInput, NotFound
from vong.records import Example, Operation
from vong.records.record import canonical_json
from vong.store.blobs import BlobStore
from vong.store.database import Database

IMPORT = Operation(name="import")


def rows(count: int, first: int = 0) -> list[Example]:
    return [example(f"question {number}", f"answer {number}", id=f"r{number}") for number in range(first, count)]


def test_a_version_returns_exactly_its_rows(connection: Connection, blobs: BlobStore) -> None:
    written = [*rows(3), example("với dấu\n", None, nested={"a": None, "b": [1, 2.5]}, split="test")]
    version = data.write(connection, blobs, "tickets", written, IMPORT)
    assert list(data.read(blobs, version)) == written
    assert list(data.read(blobs, version, split="test")) == written[3:]
    assert (version.rows, version.number, version.splits) == (4, 1, {"test": 1})
    assert version == data.find(connection, version.ref)


@settings(max_examples=40, deadline=None)
@given(examples())
def test_any_example_round_trips_as_a_row(row: Example) -> None:
    line = canonical_json(row.model_dump(mode="json", exclude_none=True))
    assert b"\n" not in line
    assert Example.model_validate_json(line) == row


def test_equal_rows_are_the_same_version(connection: Connection, blobs: BlobStore) -> None:
    first = data.write(connection, blobs, "tickets", rows(3), IMPORT)
    second = data.write(connection, blobs, "tickets", rows(4), IMPORT)
    again = data.write(connection, blobs, "tickets", rows(3), Operation(name="clean"))
    assert again == first
    assert (first.number, second.number) == (1, 2)
    assert data.write(connection, blobs, "other", rows(3), IMPORT).hash == first.hash


def test_metadata_is_part_of_the_version_hash(connection: Connection, blobs: BlobStore) -> None:
    first = data.write(connection, blobs, "tickets", [example("a", "b", split="train")], IMPORT)
    second = data.write(connection, blobs, "tickets", [example("a", "b", split="test")], IMPORT)
    assert first.hash != second.hash


def test_a_version_is_referenced_by_name_number_or_hash(connection: Connection, blobs: BlobStore) -> None:
    first = data.write(connection, blobs, "tickets", rows(1), IMPORT)
    second = data.write(connection, blobs, "tickets", rows(2), IMPORT)
    assert data.find(connection, "tickets") == second
    assert data.find(connection, "tickets@1") == first
    assert data.find(connection, f"tickets@{first.hash[:6]}") == first
    assert data.find(connection, f"tickets@{first.hash}") == first
    with pytest.raises(NotFound, match="did you mean 'tickets'"):
        data.find(connection, "ticket")
    with pytest.raises(NotFound, match="vong data list tickets"):
        data.find(connection, "tickets@7")
    with pytest.raises(NotFound):
        data.find(connection, "tickets@abcdef123456")
    with pytest.raises(InvalidInput, match="6 hexadecimal"):
        data.find(connection, "tickets@abc")


@pytest.mark.parametrize("name", ["", "a/b", "-a", "a b", "x" * 101, "../etc"])
def test_misleading_names_are_rejected(connection: Connection, blobs: BlobStore, name: str) -> None:
    with pytest.raises(InvalidInput, match="invalid dataset name"):
        data.write(connection, blobs, name, rows(1), IMPORT)


def test_a_version_without_rows_is_rejected(connection: Connection, blobs: BlobStore) -> None:
    with pytest.raises(InvalidInput, match="leaves no rows"):
        data.write(connection, blobs, "tickets", [], Operation(name="clean"))


def test_versions_can_be_added_but_not_changed_or_removed(connection: Connection, blobs: BlobStore) -> None:
    data.write(connection, blobs, "tickets", rows(1), IMPORT)
    for statement in (tables.versions.update().values(rows=9), tables.versions.delete()):
        with pytest.raises(ProgrammingError, match="permission denied"), connection.begin_nested():
            connection.execute(statement)


def test_another_project_reads_nothing_even_without_a_filter(
    database: Database, connection: Connection, blobs: BlobStore
) -> None:
    data.write(connection, blobs, "tickets", rows(1), IMPORT)
    connection.commit()
    with database.owner() as owner:
        other = access.create_project(owner, "other").id
    with database.scope(other) as foreign:
        assert foreign.execute(select(tables.versions)).all() == []
        with pytest.raises(NotFound):
            data.find(foreign, "tickets")
        assert data.write(foreign, blobs, "tickets", rows(2), IMPORT).number == 1


def test_concurrent_writers_get_different_numbers(database: Database, project_id: UUID, blobs: BlobStore) -> None:
    def write(count: int) -> None:
        with database.scope(project_id) as connection:
            data.write(connection, blobs, "tickets", rows(count), IMPORT)

    threads = [threading.Thread(target=write, args=(count,)) for count in (1, 2, 3, 3, 2, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.scope(project_id) as connection:
        versions = data.list_versions(connection, "tickets")
    assert [version.number for version in versions] == [3, 2, 1]
    assert sorted(version.rows for version in versions) == [1, 2, 3]


def test_versions_are_listed_by_page(connection: Connection, blobs: BlobStore) -> None:
    for name in ("b", "a", "c"):
        for count in (1, 2, 3):
            data.write(connection, blobs, name, rows(count), IMPORT)
    assert [version.number for version in data.list_versions(connection, "a", limit=2)] == [3, 2]
    assert [version.number for version in data.list_versions(connection, "a", before=2)] == [1]
    assert [(version.name, version.number) for version in list_datasets(connection, limit=2)] == [("a", 3), ("b", 3)]
    assert [version.name for version in list_datasets(connection, after="b")] == ["c"]


def test_append_adds_only_new_rows(connection: Connection, blobs: BlobStore) -> None:
    first = data.append(connection, blobs, "tickets", rows(2))
    assert first.parents == ()
    second = data.append(connection, blobs, "tickets", [*rows(3), *rows(3)])
    assert (second.rows, second.parents) == (3, (first.ref,))
    assert second.operation.changes == {"added": 1, "already_present": 5}
    assert data.append(connection, blobs, "tickets", rows(3)) == second


def test_rows_are_paged_and_filtered_by_split_and_text(connection: Connection, blobs: BlobStore) -> None:
    written = [example(f"Frage {n}", "ja" if n % 2 else "nein", split="odd" if n % 2 else "even") for n in range(1, 11)]
    version = data.write(connection, blobs, "tickets", written, IMPORT)
    assert [row.number for row in list_rows(blobs, version, limit=3)] == [1, 2, 3]
    assert [row.number for row in list_rows(blobs, version, after=8, limit=5)] == [9, 10]
    assert [row.number for row in list_rows(blobs, version, RowFilter(split="even"), after=4, limit=2)] == [6, 8]
    assert [row.number for row in list_rows(blobs, version, RowFilter(text="FRAGE 10"))] == [10]
    assert [row.number for row in list_rows(blobs, version, RowFilter(text="NEIN"), limit=2)] == [2, 4]
    assert [row.example for row in list_rows(blobs, version)] == written == list(VersionRows(blobs, version))
