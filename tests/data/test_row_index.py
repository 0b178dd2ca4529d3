"""Index of the versions that contain a row. Its results equal those of a scan of all versions."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from tests.data.factories import example, examples
from vong import data
from vong.data.row_index import hash_row
from vong.data.versions import find_row_by_hash, list_child_versions, list_versions_containing, read_lines
from vong.records import DatasetVersion, Example, ExampleOrigin, Operation
from vong.store.blobs import BlobStore

IMPORT = Operation(name="import")


def derived(source: Example, content: str) -> Example:
    return example(content).model_copy(update={"origin": ExampleOrigin(kind="row", id=source.hash)})


def scan_versions(connection: Connection, blobs: BlobStore, names: list[str], hash_: str) -> list[str]:
    """Return the versions that contain a row, found by reading every version."""
    versions = [version for name in names for version in data.list_versions(connection, name, limit=500)]

    def has(version: DatasetVersion) -> bool:
        rows = data.read(blobs, version)
        return any(row.hash == hash_ or (row.origin is not None and row.origin.id == hash_) for row in rows)

    return [version.ref for version in versions if has(version)]


QUERIES = [example(f"question {number}") for number in range(6)]
MADE = [derived(QUERIES[0], "made of 0"), derived(QUERIES[3], "made of 3"), example("question 0", "yes", moved=True)]
POOL = [*QUERIES, *MADE]
histories = st.lists(st.lists(st.sampled_from(range(len(POOL))), min_size=1, max_size=7), min_size=1, max_size=6)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(histories, st.integers(0, 10**9))
def test_index_results_equal_a_scan(
    connection: Connection, blobs: BlobStore, history: list[list[int]], salt: int
) -> None:
    names = [f"a{salt}-{time.monotonic_ns()}", f"b{salt}-{time.monotonic_ns()}"]
    for number, rows in enumerate(history):
        data.write(connection, blobs, names[number % 2], [POOL[row] for row in rows], IMPORT)
    for row in POOL:
        ours = [
            version.ref for version in list_versions_containing(connection, blobs, row.hash) if version.name in names
        ]
        assert ours == scan_versions(connection, blobs, names, row.hash)


@given(examples())
def test_the_hash_of_a_row_is_read_from_its_line(row: Example) -> None:
    line = row.model_dump_json(exclude_none=True).encode()
    assert hash_row(line)[0].hex() == row.hash


def test_a_row_is_found_by_a_prefix_of_its_hash(connection: Connection, blobs: BlobStore) -> None:
    data.write(connection, blobs, "one", POOL, IMPORT)
    found = find_row_by_hash(connection, blobs, POOL[4].hash[:9])
    assert found == POOL[4]
    assert find_row_by_hash(connection, blobs, "0" * 64) is None
    assert find_row_by_hash(connection, blobs, "no hash") is None


def test_versions_without_an_index_are_indexed_by_the_first_query(connection: Connection, blobs: BlobStore) -> None:
    first = data.write(connection, blobs, "old", POOL[:3], IMPORT)
    second = data.write(connection, blobs, "old", POOL[1:4], Operation(name="edit"), (first.ref,))
    connection.execute(text("RESET ROLE"))
    connection.execute(text("DELETE FROM data_rows"))
    connection.execute(text("DELETE FROM data_index_state"))
    assert [version.ref for version in list_versions_containing(connection, blobs, POOL[0].hash)] == [first.ref]
    assert [version.ref for version in list_versions_containing(connection, blobs, POOL[1].hash)] == [
        second.ref,
        first.ref,
    ]
    assert [version.ref for version in list_child_versions(connection, first.ref)] == [second.ref]


@pytest.mark.slow
def test_a_query_does_not_read_hundreds_of_versions(connection: Connection, blobs: BlobStore) -> None:
    for number in range(300):
        data.append(connection, blobs, f"set{number % 10}", [example(f"row {number}")])
    sought = example("row 7")
    started = time.perf_counter()
    found = list_versions_containing(connection, blobs, sought.hash)
    taken = time.perf_counter() - started
    assert len(found) == 30
    assert find_row_by_hash(connection, blobs, sought.hash) == sought
    assert taken < 0.5, f"{1000 * taken:.0f} ms"  # reading all versions took seconds
    (newest,) = data.list_versions(connection, "set7", limit=1)
    assert len(list(read_lines(blobs, newest))) == 30
