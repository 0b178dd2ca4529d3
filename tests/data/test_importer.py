"""Import of files into examples with their line numbers."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from vong.data.importer import Importer
from vong.errors import InvalidInput

ROWS: list[dict[str, Any]] = [
    {"id": "a", "question": "one\ntwo", "answer": "Đúng, 1"},
    {"id": "b", "question": 'three, "four"', "answer": "no"},
]


def write(folder: Path, kind: str) -> Path:
    path = folder / f"rows.{kind}"
    if kind == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in ROWS) + "\n\n")
    elif kind == "json":
        path.write_text(json.dumps(ROWS, indent=1))
    elif kind in {"csv", "tsv"}:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, list(ROWS[0]), delimiter="\t" if kind == "tsv" else ";")
            writer.writeheader()
            writer.writerows(ROWS)
    else:
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    return path


@pytest.mark.parametrize(
    ("kind", "lines"), [("jsonl", [1, 2]), ("json", [1, 2]), ("csv", [2, 4]), ("tsv", [2, 4]), ("parquet", [1, 2])]
)
def test_every_file_type_has_the_same_rows_with_their_lines(tmp_path: Path, kind: str, lines: list[int]) -> None:
    path = write(tmp_path, kind)
    found = list(Importer([(path, path.name)]).iter_examples())
    assert [(row.prompt_text, row.completion_text, row.metadata) for row in found] == [
        (row["question"], row["answer"], {"id": row["id"]}) for row in ROWS
    ]
    assert [row.origin.id for row in found if row.origin] == [f"{path.name}#{line}" for line in lines]


def test_the_file_type_is_detected_without_an_extension(tmp_path: Path) -> None:
    for kind in ("jsonl", "json", "csv", "parquet"):
        bare = write(tmp_path, kind).rename(tmp_path / f"{kind}-without-ending")
        assert len(list(Importer([(bare, bare.name)]).iter_examples())) == 2


def test_an_invalid_row_stops_the_import_with_its_line_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n{"prompt": "c"}\n')
    with pytest.raises(InvalidInput, match=r"rows.jsonl line 2: the column 'completion' has no value"):
        list(Importer([(path, path.name)]).iter_examples())


def test_invalid_rows_can_be_skipped_counted_and_listed(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n{"prompt": \n[1]\n{"prompt": "c", "completion": "d"}\n')
    imported = Importer([(path, path.name)], on_error="skip")
    assert [row.completion_text for row in imported.iter_examples()] == ["b", "d"]
    assert imported.counts == {"read": 4, "imported": 2, "skipped": 2}
    assert [row.row for row in imported.skipped] == ["rows.jsonl#2", "rows.jsonl#3"]
    assert "not JSON" in imported.skipped[0].reason


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("rows.jsonl", b"", "no rows"),
        ("rows.csv", b"a,a\n1,2\n", "column names"),
        ("rows.csv", b"prompt,completion\n\x01\x02\xff,b\n", "UTF-8"),
        ("rows.json", b'{"a": 1}', "column"),
        ("rows.json", b"[1, 2", "not JSON"),
        ("rows.parquet", b"PAR1 but not really", "not Parquet"),
    ],
)
def test_an_unreadable_file_is_a_client_error(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=reason):
        list(Importer([(path, name)]).iter_examples())


def test_a_csv_row_with_too_many_cells_is_invalid(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("prompt,completion\na,b\nc,d,e\n")
    imported = Importer([(path, path.name)], on_error="skip")
    assert len(list(imported.iter_examples())) == 1
    assert imported.skipped[0].reason == "the row has 3 cells, the first line 2"
