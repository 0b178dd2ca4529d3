"""Diffs of two dataset versions."""

from sqlalchemy import Connection

from tests.data.factories import example
from vong import data
from vong.data.rows import DatasetDiff
from vong.records import Example, Operation
from vong.store.blobs import BlobStore


def versions(connection: Connection, blobs: BlobStore, a: list[Example], b: list[Example]) -> DatasetDiff:
    one = data.write(connection, blobs, "a", a, Operation(name="import"))
    other = data.write(connection, blobs, "b", b, Operation(name="import"))
    return data.diff(blobs, one, other)


def test_a_diff_lists_added_removed_changed_and_moved_rows(connection: Connection, blobs: BlobStore) -> None:
    before = [
        example("kept", "1"),
        example("by id, first wording", "2", id="x"),
        example("other answer", "3"),
        example("gone", "4"),
        example("gets a split", "5"),
    ]
    after = [
        example("gets a split", "5", split="test"),
        example("other answer", "three"),
        example("kept", "1"),
        example("new", "6"),
        example("by id, second wording", "2", id="x"),
    ]
    found = versions(connection, blobs, before, after)
    assert (found.added, found.removed, found.changed, found.unchanged, found.metadata_changed) == (1, 1, 2, 2, 1)
    assert [(row.kind, row.row_a, row.row_b) for row in found.rows] == [
        ("changed", 3, 2),
        ("changed", 2, 5),
        ("removed", 4, None),
        ("added", None, 4),
    ]
    assert found.rows[0].before == before[2]
    assert found.rows[0].after == after[1]


def test_repeated_rows_are_paired_one_by_one(connection: Connection, blobs: BlobStore) -> None:
    found = versions(connection, blobs, [example("a", "b")] * 3, [example("a", "b")] * 2)
    assert (found.unchanged, found.removed, found.added) == (2, 1, 0)
