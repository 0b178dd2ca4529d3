"""Readers of files: encodings, compression, files that are no rows, and the layouts of JSON."""

import codecs
import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vong.data.files import FileRow, clean_file_name, inspect_file, read_rows
from vong.data.files import source as file_source
from vong.data.importer import Importer
from vong.data.preview import preview
from vong.errors import InvalidInput

FRENCH = "Où est le café ? Près de la forêt, à côté de l'hôtel."
UNICODE_ENCODINGS = [
    *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"),
]
LANGUAGES = {
    "cp1252": "Wie groß ist München? Über 1,5 Millionen Einwohner in der Stadt",
    "latin-1": FRENCH,
    "cp1250": "Gdzie leży Łódź? Łódź leży w środkowej Polsce, a żółw i źrebię są w zagrodzie",
    "iso8859_2": "Gdzie leży Łódź? Łódź leży w środkowej Polsce, a żółw i źrebię są w zagrodzie",
    "cp1254": "İstanbul nerede? Şişli ve Beşiktaş'ın kıyısında, çok büyük bir şehir, güzel bir ağaç",
    "cp1251": "Где находится Москва? Москва находится в центре европейской части России",
    "koi8_r": "Где находится Москва? Москва находится в центре европейской части России",
    "shift_jis": "東京はどこですか。東京は日本の首都です。関東地方にあります",
    "gb18030": "北京在哪里？北京是中国的首都，位于华北平原的北部",
    "euc_kr": "서울은 어디에 있습니까? 서울은 대한민국의 수도입니다",
    "cp1253": "Πού είναι η Αθήνα; Η Αθήνα είναι στην Ελλάδα και είναι η πρωτεύουσα",
}


def read(folder: Path, name: str, content: bytes) -> list[FileRow]:
    path = folder / "upload"
    path.write_bytes(content)
    return list(read_rows(inspect_file(path, name)))


def encode_rows(kind: str, rows: list[dict[str, str]], encoding: str) -> bytes:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    if kind == "jsonl":
        text = "\n".join(lines) + "\n"
    elif kind == "json":
        text = "[\n" + ",\n".join(lines) + "\n]"
    else:
        text = "prompt,completion\n" + "".join(f'"{row["prompt"]}","{row["completion"]}"\n' for row in rows)
    return text.encode(encoding)


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize("kind", ["jsonl", "json", "csv"])
@pytest.mark.parametrize("encoding", UNICODE_ENCODINGS)
def test_every_unicode_encoding_is_read(tmp_path: Path, encoding: str, kind: str, compress: Any) -> None:
    for text in (FRENCH, LANGUAGES["cp1251"], LANGUAGES["shift_jis"], LANGUAGES["euc_kr"], "plain", "🎉 done"):
        rows = [{"prompt": text, "completion": "yes"}] * 2
        content = compress(encode_rows(kind, rows, encoding))
        assert [row.value for row in read(tmp_path, f"rows.{kind}", content)] == rows


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv"])
@pytest.mark.parametrize(("encoding", "text"), LANGUAGES.items())
def test_older_encodings_are_guessed_from_the_text(tmp_path: Path, kind: str, encoding: str, text: str) -> None:
    rows = [{"prompt": text, "completion": "yes"}] * 3
    path = tmp_path / f"rows.{kind}"
    path.write_bytes(encode_rows(kind, rows, encoding))
    imported = Importer([(path, path.name)])
    assert [example.prompt_text for example in imported.iter_examples()] == [text] * 3
    assert codecs.lookup(imported.encodings[path.name]).name in {codecs.lookup(encoding).name, "cp1252"}
    assert "not UTF-8" in imported.warnings[0]


def test_a_single_accent_is_read_as_western(tmp_path: Path) -> None:
    rows = read(tmp_path, "rows.csv", b"prompt,completion\nQu\xe9,s\xed\n")
    assert rows == [FileRow(2, {"prompt": "Qué", "completion": "sí"})]


def test_an_invalid_byte_in_utf8_spoils_its_row_only(tmp_path: Path) -> None:
    good = f'{{"prompt": "{FRENCH}", "completion": "b"}}\n'.encode()
    rows = read(tmp_path, "rows.jsonl", good * 3 + b'{"prompt": "\xff", "completion": "b"}\n' + good)
    assert [row.problem is None for row in rows] == [True, True, True, False, True]
    assert "UTF-8" in str(rows[3].problem)
    table = f"prompt,completion\n{FRENCH[:20]},b\n".encode() * 1 + b"\xff,b\nc,d\n"
    rows = read(tmp_path, "rows.csv", table)
    assert [row.line for row in rows if row.problem] == [3]
    assert "0xff" in str(rows[1].problem)


def test_the_start_of_a_file_may_end_within_a_character(tmp_path: Path) -> None:
    content = encode_rows("jsonl", [{"prompt": "ééééé", "completion": "b"}] * 3, "utf-8")
    cut = content[: content.rindex("é".encode()) + 1]
    path = tmp_path / "rows.jsonl"
    path.write_bytes(cut)
    assert len(preview(path, path.name).rows) == 2


def test_the_start_of_a_compressed_file_is_previewed(tmp_path: Path) -> None:
    rows = [{"prompt": f"{number} {hash(str(number))}", "completion": "b"} for number in range(3000)]
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(encode_rows("jsonl", rows, "utf-8"))[:20_000])
    found = preview(path, path.name)
    assert len(found.rows) == 20
    assert (found.error, found.encoding) == (None, "utf-8, gzip")
    assert 20 < (found.estimated_rows or 0) < 3000


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("rows.jsonl.zst", b"\x28\xb5\x2f\xfd....", "Zstandard.*unzstd"),
        ("rows.json.bz2", b"BZh91AY", "bzip2"),
        ("rows.csv.xz", b"\xfd7zXZ\x00...", "XZ"),
        ("rows.jsonl", gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0), "gzip twice"),
        ("rows.parquet", b'{"a": 1}', "not Parquet"),
        ("rows.parquet.gz", gzip.compress(b"PAR1....", mtime=0), "Parquet, compressed with gzip"),
        ("rows.csv", b"%PDF-1.7", "PDF"),
        ("rows.json", b"SQLite format 3\x00", "SQLite"),
        ("rows.jsonl", b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS pointer.*git lfs pull"),
        ("rows.json", b"\n<!DOCTYPE html><html>", "web page"),
        ("rows.json", '<?xml version="1.0"?>'.encode("utf-16"), "XML"),
        ("rows.csv", b"ARROW1\x00\x00", "Arrow"),
        ("rows.csv", bytes(range(256)) * 20, "not text"),
        ("rows.jsonl.gz", gzip.compress(b'{"a": 1}\n' * 5000, mtime=0)[:-40], "damaged or incomplete"),
        ("rows.csv.gz", b"\x1f\x8bnot really", "damaged or incomplete"),
    ],
)
def test_a_file_that_is_no_rows_is_named(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    with pytest.raises(InvalidInput, match=f"(?s){reason}") as raised:
        read(tmp_path, name, content)
    assert raised.value.hint


@pytest.mark.parametrize(
    ("member", "what"), [("rows.csv", "ZIP archive"), ("xl/workbook.xml", "Excel"), ("word/document.xml", "Office")]
)
def test_an_archive_is_named_by_its_content(tmp_path: Path, member: str, what: str) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(member, "a,b")
    with pytest.raises(InvalidInput, match=what):
        read(tmp_path, "rows.csv", content.getvalue())


def test_parquet_is_recognized_whatever_its_name(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    path = tmp_path / "rows.json"
    parquet.write_table(pyarrow.Table.from_pylist([{"prompt": "a", "completion": "b"}]), path)
    assert [row.value for row in read_rows(inspect_file(path))] == [{"prompt": "a", "completion": "b"}]


def test_a_compressed_file_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_source, "MAX_UNPACKED_BYTES", 3 << 20)
    with pytest.raises(InvalidInput, match="unpacks to more than"):
        read(tmp_path, "rows.jsonl.gz", gzip.compress(b" " * (5 << 20)))


PAIR = {"prompt": "q", "completion": "a"}
OTHER = {"prompt": "r", "completion": "b"}
SQUAD = {
    "version": "1.1",
    "data": [
        {
            "title": "t",
            "paragraphs": [{"context": "C.", "qas": [{"id": "1", "question": "Q?", "answers": [{"text": "A"}]}]}],
        }
    ],
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([PAIR, OTHER], [PAIR, OTHER]),
        (PAIR, [PAIR]),
        ({"data": [PAIR, OTHER]}, [PAIR, OTHER]),
        ({"version": "1", "rows": [PAIR]}, [PAIR]),
        ({"examples": [PAIR], "tags": [{"name": "x"}]}, [PAIR]),
        ({"type": "text2text", "instances": [PAIR]}, [PAIR]),
        ({"features": [], "rows": [{"row_idx": 0, "row": PAIR, "truncated_cells": []}]}, [PAIR]),
        ({"train": [PAIR], "test": [OTHER]}, [{**PAIR, "split": "train"}, {**OTHER, "split": "test"}]),
        ({"train": [["q", "a"]], "oos_val": [["r", "b"]]}, [{**PAIR, "split": "train"}, {**OTHER, "split": "oos_val"}]),
        ({"result": {"data": {"items": [PAIR]}}}, [PAIR]),
        ({"prompt": ["q", "r"], "completion": ["a", "b"]}, [PAIR, OTHER]),
        ({"prompt": {"0": "q", "1": "r"}, "completion": {"0": "a", "1": "b"}}, [PAIR, OTHER]),
        ({"0": PAIR, "1": OTHER}, [PAIR, OTHER]),
        ({"columns": ["prompt", "completion"], "index": [0], "data": [["q", "a"]]}, [PAIR]),
        ({"messages": [{"role": "user", "content": "q"}]}, [{"messages": [{"role": "user", "content": "q"}]}]),
        (SQUAD, [{"prompt": "C.\n\nQ?", "completion": "A", "id": "1", "title": "t"}]),
    ],
)
@pytest.mark.parametrize("name", ["rows.json", "rows"])
@pytest.mark.parametrize("indent", [None, 1])
def test_the_rows_of_a_json_file_are_found(
    tmp_path: Path, value: Any, expected: list[Any], name: str, indent: int | None
) -> None:
    rows = read(tmp_path, name, json.dumps(value, indent=indent).encode())
    assert [row.value for row in rows] == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"segments": [{"text": "a"}]}, [{"segments": [{"text": "a"}]}]),
        ({"id": 1, "body": {"prompt": "q"}}, [{"id": 1, "body": {"prompt": "q"}}]),
        ({"data": [PAIR, OTHER]}, [PAIR, OTHER]),
        ({"train": [PAIR]}, [{**PAIR, "split": "train"}]),
    ],
)
def test_one_line_of_jsonl_is_a_row_unless_it_is_certainly_a_list(
    tmp_path: Path, value: Any, expected: list[Any]
) -> None:
    assert [row.value for row in read(tmp_path, "rows.jsonl", json.dumps(value).encode())] == expected


def test_pretty_printed_objects_in_sequence_are_rows(tmp_path: Path) -> None:
    text = "\n".join(json.dumps(row, indent=2) for row in (PAIR, OTHER))
    assert [row.value for row in read(tmp_path, "rows.jsonl", text.encode())] == [PAIR, OTHER]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{\n "a": {"x": 1},\n "b": [1]\n}', "one object without a list of rows: its keys are 'a', 'b'"),
        (b'{"cats": [{"x": 1}], "dogs": [{"x": 1}]}', "with several lists: its keys are 'cats', 'dogs'"),
        (b'[\n{"a": 1},\n{"a": }\n]', r"not JSON: .*line 3 column 7"),
        (b'[{"a": 1} {"a": 2}]', "',' or ']' expected after row 1"),
        (b'[{"a": 1}, ', "line 1 column 12"),
        (b'[{"a": 1}] x', "text after the end"),
    ],
)
def test_the_error_of_a_json_file_names_its_place_or_keys(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        read(tmp_path, "rows.json", content)


@pytest.mark.parametrize("name", ["rows.json", "rows.jsonl"])
def test_a_deep_row_is_an_invalid_row(tmp_path: Path, name: str) -> None:
    deep = '{"prompt": "a", "completion": "b", "x": %s}' % ("[" * 3000 + "]" * 3000)
    shallow = json.dumps(PAIR)
    assert "deep" in str(read(tmp_path, name, deep.encode())[0].problem)
    text = f"[{deep},\n{shallow}]" if name == "rows.json" else f"{deep}\n{shallow}\n"
    rows = read(tmp_path, name, text.encode())
    assert [row.problem is None for row in rows] == [False, True]
    assert "deep" in str(rows[0].problem)


def test_nan_is_a_missing_value_except_in_a_weight(tmp_path: Path) -> None:
    rows = read(tmp_path, "rows.json", b'[{"prompt": "a", "input": NaN, "x": [NaN, 1], "weight": NaN}]')
    value = rows[0].value or {}
    assert value["input"] is None
    assert value["x"] == [None, 1]
    assert value["weight"] != value["weight"]


def test_rows_that_are_no_objects_are_described(tmp_path: Path) -> None:
    rows = read(tmp_path, "rows.json", b'["a", 1, null, ["a"], true]')
    assert [str(row.problem).split(",")[0] for row in rows] == [
        *("the row is a text", "the row is a number", "the row is null", "the row is a list", "the row is a boolean")
    ]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_a_file_name_can_always_be_stored(name: str) -> None:
    cleaned = clean_file_name(name)
    assert cleaned
    assert len(cleaned) <= 200
    assert not set(cleaned) & set("/\\\0\n\r")
    cleaned.encode()
    assert clean_file_name(cleaned) == cleaned


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("../../a.csv", "a.csv"),
        ("C:\\data\\a.csv", "a.csv"),
        ("a\0b.csv", "a_b.csv"),
        ("", "rows.jsonl"),
        ("..", "rows.jsonl"),
        ("\ud83d.csv", "_.csv"),
    ],
)
def test_a_file_name_is_its_last_part(name: str, cleaned: str) -> None:
    assert clean_file_name(name) == cleaned
