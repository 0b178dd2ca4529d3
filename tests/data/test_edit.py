"""Rows changed by hand, files looked at before an import, and rows found by their metadata."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tests.data.making import example
from tests.data.test_api import Server, server, tickets
from vong import data
from vong.data.edit import RowEdit
from vong.data.find import RowFilter
from vong.data.rows import page
from vong.data.versions import read_lines
from vong.errors import InvalidInput
from vong.records import DatasetVersion, Operation
from vong.store.blobs import Blobs

__all__ = ["server"]

ROWS = [
    example("a", "1", id=1, split="train", channel="email"),
    example("b", "2", id=2, split="train", channel="chat"),
    example("c", "3", id=3, split="test", channel="Email", old=True),
]


def made(connection: Connection, blobs: Blobs) -> DatasetVersion:
    return data.write(connection, blobs, "small", ROWS, Operation(name="import"))


def test_an_edit_is_a_new_version_with_all_other_rows_as_they_were(connection: Connection, blobs: Blobs) -> None:
    before = made(connection, blobs)
    changed = example("b", "two", id=2, split="test", channel="chat")
    after = data.edit(connection, blobs, before, [RowEdit(number=2, example=changed), RowEdit(number=1)])
    assert list(data.read(blobs, after)) == [changed, ROWS[2]]
    assert (after.number, after.parents, after.splits) == (2, (before.ref,), {"test": 2})
    assert after.operation == Operation(name="edit", settings={"rows": [1, 2]}, changes={"edited": 1, "removed": 1})
    assert list(data.read(blobs, before)) == ROWS
    written = data.write(connection, blobs, "same", [changed, ROWS[2]], Operation(name="import"))
    assert written.hash == after.hash
    lines = [hashlib.sha256(line).digest() for line in read_lines(blobs, after)]
    assert hashlib.sha256(b"".join(lines)).hexdigest() == after.hash


def test_an_edit_that_changes_nothing_makes_no_version(connection: Connection, blobs: Blobs) -> None:
    before = made(connection, blobs)
    assert data.edit(connection, blobs, before, [RowEdit(number=3, example=ROWS[2])]) == before


@pytest.mark.parametrize(
    ("edits", "match"),
    [
        ([], "nothing to edit"),
        ([RowEdit(number=4)], "no row 4"),
        ([RowEdit(number=1), RowEdit(number=1)], "twice"),
        ([RowEdit(number=1), RowEdit(number=2), RowEdit(number=3)], "leaves no rows"),
    ],
)
def test_an_edit_that_cannot_be_is_refused(
    connection: Connection, blobs: Blobs, edits: list[RowEdit], match: str
) -> None:
    with pytest.raises(InvalidInput, match=match):
        data.edit(connection, blobs, made(connection, blobs), edits)


@pytest.mark.parametrize(
    ("metadata", "numbers"),
    [(["channel=email"], [1, 3]), (["channel=email", "old=true"], [3]), (["id=2"], [2]), (["none=x"], [])],
)
def test_rows_are_found_by_their_metadata(
    connection: Connection, blobs: Blobs, metadata: list[str], numbers: list[int]
) -> None:
    found = page(blobs, made(connection, blobs), RowFilter(metadata=tuple(metadata)))
    assert [row.number for row in found] == numbers


def test_metadata_without_a_value_is_refused(connection: Connection, blobs: Blobs) -> None:
    with pytest.raises(InvalidInput, match="names no metadata"):
        page(blobs, made(connection, blobs), RowFilter(metadata=("email",)))


def test_a_diff_lists_one_kind_and_counts_all(connection: Connection, blobs: Blobs) -> None:
    before = made(connection, blobs)
    edits = [RowEdit(number=1), RowEdit(number=2, example=example("b", "two", id=2))]
    after = data.edit(connection, blobs, before, edits)
    found = data.diff(blobs, before, after, kind="removed")
    assert (found.removed, found.changed, [row.kind for row in found.rows]) == (1, 1, ["removed"])
    assert [row.kind for row in data.diff(blobs, before, after).rows] == ["changed", "removed"]


def test_a_look_says_format_columns_rows_and_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("frage,antwort\nwas,das\nwer,\n")
    found = data.preview(file, "rows.csv", options={"input": "frage", "output": "antwort"}, limit=5)
    assert (found.kind, found.format, found.columns) == ("csv", "pairs", ["frage", "antwort"])
    assert [row.prompt_text for row in found.rows] == ["was", "wer"]
    unknown = data.preview(file, "rows.csv")
    assert (unknown.format, unknown.rows) == (None, [])
    assert unknown.error
    assert "no format fits" in unknown.error
    file.write_text('{"prompt": "a", "completion": "b"}\n{"prompt": "a"}\n{"prompt": ')
    cut = data.preview(file, "rows.jsonl")
    assert (len(cut.rows), [row.row for row in cut.problems]) == (1, ["rows.jsonl#2", "rows.jsonl#3"])


def test_rows_are_looked_at_and_edited_over_the_api(server: Server, tmp_path: Path) -> None:
    (found,) = server.data.preview([tickets(tmp_path)])
    assert (found["format"], len(found["rows"])) == ("pairs", 20)
    assert server.data.datasets() == []
    first = server.data.append("small", ROWS)
    edited = server.data.edit(first.ref, {1: example("a", "one", id=1), 2: None})
    assert [row.example.answer for row in server.data.rows(edited.ref)] == ["one", "3"]
    assert [row.number for row in server.data.rows(first.ref, metadata={"channel": "email", "id": "3"})] == [3]
    answer = server.http.post(f"/api/v1/data/versions/{edited.ref}/rows", json=[{"number": 0}])
    assert answer.status_code == 422
