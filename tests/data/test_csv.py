"""CSV as people save it: delimiters, quotes, empty rows."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vong.data.files import FileRow, inspect_file, read_rows
from vong.errors import InvalidInput


def read(folder: Path, text: str, name: str = "rows.csv") -> list[FileRow]:
    path = folder / name
    path.write_bytes(text.encode())
    return list(read_rows(inspect_file(path)))


@pytest.mark.parametrize(
    ("name", "text", "columns"),
    [
        ("a.csv", 'prompt;"answer, short"\nq;a', ["prompt", "answer, short"]),
        ("a.csv", '"question, in full, please";answer\nq;a', ["question, in full, please", "answer"]),
        ("a.tsv", "prompt\tanswer, in short, please\nq\ta", ["prompt", "answer, in short, please"]),
        ("a.tsv", "prompt\tanswer, in short, please\nq\ta, b, c", ["prompt", "answer, in short, please"]),
        ("a.csv", "prompt\tanswer, short\nq\ta", ["prompt", "answer, short"]),
        ("a.csv", "prompt|answer\nq|a, b; c", ["prompt", "answer"]),
        ("a.csv", "sep=;\nprompt;completion\nq;a, b", ["prompt", "completion"]),
        ("a.csv", '"sep=|"\r\nprompt|completion\r\nq|a', ["prompt", "completion"]),
        ("a.csv", "\ufeffsep=\t\r\nprompt\tcompletion\r\nq\ta", ["prompt", "completion"]),
        ("a.csv", "prompt,completion\rq,a\rr,b\r", ["prompt", "completion"]),
        ("a.csv", 'prompt, completion\n"q, 1", "a, b"\n', ["prompt", "completion"]),
        ("a.csv", "\n\nprompt,completion\nq,a\n", ["prompt", "completion"]),
        ("a.csv", "prompt,completion,,\nq,a,,\n", ["prompt", "completion"]),
        ("a.csv", 'prompt;completion\n"a; b";"x, y, z"\nc,c;d,d', ["prompt", "completion"]),
        ("a.csv", '"first\nline";answer\nq;a\n', ["first\nline", "answer"]),
        ("a.tsv", "prompt;completion\nq;a\n", ["prompt", "completion"]),
        ("a.csv", "text\nhello\n", ["text"]),
    ],
)
def test_the_delimiter_is_found(tmp_path: Path, name: str, text: str, columns: list[str]) -> None:
    rows = read(tmp_path, text, name)
    assert rows
    assert all(row.value is not None and list(row.value) == columns for row in rows)


@pytest.mark.parametrize(
    ("text", "lines", "bad"),
    [
        ('prompt,completion\nq1,a1\nq2,"bad" quote\nq3,a3', [2, 4], [3]),
        ('prompt,completion\nq1,a1\nq2,"never closed\nq3,a3\nq4,a4\n', [2, 4, 5], [3]),
        ('prompt,completion\nq1,a1\nq2,"open\nq3,a3\nq4,"a, 4"\nq5,a5\n', [2, 4, 5, 6], [3]),
        ('prompt,completion\n"two\nlines",a1\nq2,"bad"x\nq3,"b"y\nq4,a4\n', [2, 6], [4, 5]),
        ("prompt,completion\nq1,a1\nq2\nq3,a3,x\nq4,a4\n", [2, 5], [3, 4]),
    ],
)
def test_a_bad_row_costs_one_row(tmp_path: Path, text: str, lines: list[int], bad: list[int]) -> None:
    rows = read(tmp_path, text)
    assert [row.line for row in rows if row.value is not None] == lines
    assert [row.line for row in rows if row.problem] == bad


def test_rows_without_any_text_are_left_out(tmp_path: Path) -> None:
    rows = read(tmp_path, "prompt,completion\nq,a\n,\n ,\t\nr,b\n,\n,,,\n\n")
    assert [(row.line, row.value) for row in rows] == [
        (2, {"prompt": "q", "completion": "a"}),
        (5, {"prompt": "r", "completion": "b"}),
    ]


@pytest.mark.parametrize("text", ["a,a\n1,2\n", 'a,"b\n', '"a"b,c\n1,2\n'])
def test_a_first_line_without_column_names_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidInput, match="first line"):
        read(tmp_path, text)


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=8),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_every_table_that_a_program_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]], delimiter: str, end: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["id", "prompt", "completion"])
    numbered = [(f"{number}{first}", *others) for number, (first, *others) in enumerate(rows)]
    writer.writerows(numbered)
    found = read(tmp_path_factory.mktemp("csv"), text.getvalue())
    assert [tuple((row.value or {}).values()) for row in found] == numbered
