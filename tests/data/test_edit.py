"""Manual edits of rows, previews of files before an import, and search by metadata."""

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection

from tests.data.factories import example
from tests.data.test_api import Server, server, tickets
from vong import data
from vong.cli import data as commands
from vong.data.preview import preview
from vong.data.report_store import load_changes
from vong.data.row_search import RowFilter
from vong.data.rows import list_rows
from vong.data.versions import read_lines
from vong.errors import Conflict, InvalidInput
from vong.records import DatasetVersion, Operation
from vong.records.dataset_row import RowEdit
from vong.store.blobs import BlobStore

__all__ = ["server"]

ROWS = [
    example("a", "1", id=1, split="train", channel="email"),
    example("b", "2", id=2, split="train", channel="chat"),
    example("c", "3", id=3, split="test", channel="Email", old=True),
]


def import_rows(connection: Connection, blobs: BlobStore) -> DatasetVersion:
    return data.write(connection, blobs, "small", ROWS, Operation(name="import"))


def test_an_edit_creates_a_version_with_all_other_rows_unchanged(connection: Connection, blobs: BlobStore) -> None:
    before = import_rows(connection, blobs)
    changed = example("b", "two", id=2, split="test", channel="chat")
    after = data.edit(connection, blobs, before, [RowEdit(number=2, example=changed), RowEdit(number=1)])
    assert list(data.read(blobs, after)) == [changed, ROWS[2]]
    assert (after.number, after.parents, after.splits) == (2, (before.ref,), {"test": 2})
    assert after.operation.changes == {"edited": 1, "removed": 1}
    listed = [(change.row, change.id, change.what, change.after) for change in load_changes(blobs, after)]
    assert listed == [(1, "1", "removed", None), (2, "2", "edited", changed.hash)]
    assert list(data.read(blobs, before)) == ROWS
    written = data.write(connection, blobs, "same", [changed, ROWS[2]], Operation(name="import"))
    assert written.hash == after.hash
    lines = [hashlib.sha256(line).digest() for line in read_lines(blobs, after)]
    assert hashlib.sha256(b"".join(lines)).hexdigest() == after.hash


def test_an_edit_without_a_change_creates_no_version(connection: Connection, blobs: BlobStore) -> None:
    before = import_rows(connection, blobs)
    assert data.edit(connection, blobs, before, [RowEdit(number=3, example=ROWS[2])]) == before


@pytest.mark.parametrize(
    ("edits", "match"),
    [
        ([], "there are no edits"),
        ([RowEdit(number=4)], "no row 4"),
        ([RowEdit(number=1), RowEdit(number=1)], "twice"),
        ([RowEdit(number=1), RowEdit(number=2), RowEdit(number=3)], "leaves no rows"),
    ],
)
def test_invalid_edits_are_rejected(connection: Connection, blobs: BlobStore, edits: list[RowEdit], match: str) -> None:
    with pytest.raises(InvalidInput, match=match):
        data.edit(connection, blobs, import_rows(connection, blobs), edits)


@pytest.mark.parametrize(
    ("metadata", "numbers"),
    [(["channel=email"], [1, 3]), (["channel=email", "old=true"], [3]), (["id=2"], [2]), (["none=x"], [])],
)
def test_rows_are_found_by_their_metadata(
    connection: Connection, blobs: BlobStore, metadata: list[str], numbers: list[int]
) -> None:
    found = list_rows(blobs, import_rows(connection, blobs), RowFilter(metadata=tuple(metadata)))
    assert [row.number for row in found] == numbers


def test_a_metadata_filter_without_a_value_is_rejected(connection: Connection, blobs: BlobStore) -> None:
    with pytest.raises(InvalidInput, match="invalid metadata filter"):
        list_rows(blobs, import_rows(connection, blobs), RowFilter(metadata=("email",)))


def test_a_diff_lists_one_kind_of_change_and_counts_all(connection: Connection, blobs: BlobStore) -> None:
    before = import_rows(connection, blobs)
    edits = [RowEdit(number=1), RowEdit(number=2, example=example("b", "two", id=2))]
    after = data.edit(connection, blobs, before, edits)
    found = data.diff(blobs, before, after, kind="removed")
    assert (found.removed, found.changed, [row.kind for row in found.rows]) == (1, 1, ["removed"])
    assert [row.kind for row in data.diff(blobs, before, after).rows] == ["changed", "removed"]


def test_a_preview_has_format_columns_rows_and_errors(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("frage,antwort\nwas,das\nwer,\n")
    found = preview(file, "rows.csv", options={"input": "frage", "output": "antwort"}, limit=5)
    assert (found.kind, found.format, found.columns) == ("csv", "pairs", ["frage", "antwort"])
    assert [row.prompt_text for row in found.rows] == ["was", "wer"]
    assert (found.estimated_rows, found.bytes) == (2, file.stat().st_size)
    assert found.reason == "only this format accepts options"
    unknown = preview(file, "rows.csv")
    assert (unknown.format, unknown.rows) == (None, [])
    assert unknown.error
    assert "no format matches" in unknown.error
    file.write_text('{"prompt": "a", "completion": "b"}\n{"prompt": "a"}\n{"prompt": ')
    cut = preview(file, "rows.jsonl")
    assert (len(cut.rows), [row.row for row in cut.problems]) == (1, ["rows.jsonl#2", "rows.jsonl#3"])
    assert cut.estimated_rows == 3
    assert cut.reason
    assert "match with confidence 25%" in cut.reason
    assert {one.name: one.default for one in cut.options} == {
        "input": "prompt",
        "output": "completion",
        "system": None,
        "template": None,
    }


def test_editing_an_outdated_version_is_a_conflict(connection: Connection, blobs: BlobStore) -> None:
    first = import_rows(connection, blobs)
    second = data.edit(connection, blobs, first, [RowEdit(number=1)])
    with pytest.raises(Conflict, match="no longer the newest") as refused:
        data.edit(connection, blobs, first, [RowEdit(number=2)])
    assert f"vong data diff {first.ref} {second.ref}" in refused.value.hint


def test_the_history_of_a_dataset_is_a_graph_with_parents_of_other_datasets(server: Server) -> None:
    first = server.data.append("one", ROWS)
    second = server.data.edit(first.ref, {1: None})
    import_rows = server.run(server.data.split(second.ref, {"a": 0.5, "b": 0.5}, name="other"))
    found = server.data.graph("one")
    assert [(node["ref"], node["number"], node["rows"]) for node in found["nodes"]] == [
        (second.ref, 2, 2),
        (first.ref, 1, 3),
    ]
    assert found["edges"] == [{"parent": first.ref, "child": second.ref, "operation": "edit"}]
    other = server.data.graph("other")
    assert [node["ref"] for node in other["nodes"]] == [import_rows["ref"], second.ref]
    assert other["more"] == 0


def test_rows_are_previewed_and_edited_over_the_api(server: Server, tmp_path: Path) -> None:
    (found,) = server.data.preview([tickets(tmp_path)])
    assert (found["format"], len(found["rows"])) == ("pairs", 20)
    assert server.data.datasets() == []
    first = server.data.append("small", ROWS)
    edited = server.data.edit(first.ref, {1: example("a", "one", id=1), 2: None})
    assert [row.example.completion_text for row in server.data.rows(edited.ref)] == ["one", "3"]
    assert [row.number for row in server.data.rows(first.ref, metadata={"channel": "email", "id": "3"})] == [3]
    answer = server.http.post(f"/api/v1/data/versions/{edited.ref}/rows", json=[{"number": 0}])
    assert answer.status_code == 422


def test_many_rows_are_edited_from_a_file_on_the_command_line(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = server.data.append("small", ROWS)
    monkeypatch.setattr(commands, "Client", lambda: SimpleNamespace(data=server.data))
    file = tmp_path / "changes.jsonl"
    changed = RowEdit(number=1, example=example("a", "one")).model_dump_json(exclude_none=True)
    file.write_text(changed + '\n{"number": 3, "example": null}\n')
    done = CliRunner().invoke(commands.group, ["edit", "small", "--file", str(file), "--json"])
    assert done.exit_code == 0, done.output
    assert [row.example.completion_text for row in server.data.rows("small")] == ["one", "2"]
    assert [change["row"] for change in server.data.changes("small")] == [1, 3]
    shown = CliRunner().invoke(commands.group, ["graph", "small"])
    assert first.ref in shown.output and "edit" in shown.output
    wrong = CliRunner().invoke(commands.group, ["edit", "small", "1", "--file", str(file)])
    assert isinstance(wrong.exception, InvalidInput)
    counted = CliRunner().invoke(commands.group, ["rows", "small", "--where", "id=2", "--count", "--json"])
    assert json.loads(counted.stdout) == {"rows": 1}
