"""YAML text of files: one reader and one writer."""

import pytest

from vong.errors import InvalidInput
from vong.yaml_text import dump_yaml, parse_yaml

TEXTS = [
    "no",
    "y",
    "1e5",
    ".5",
    "true",
    "2020-01-01",
    "a\nb",
    "a\u2028b\nc",
    " x\ny",
    "\n",
    "a \nb",
    "~",
    "0x1f",
    "1:30",
]


def parse(source: str | bytes) -> object:
    return parse_yaml(source, "the file", max_bytes=1_000)


def test_values_are_read_as_yaml_1_2_and_json() -> None:
    values = {"a": "yes", "b": 100000.0, "c": [0.5, "2020-01-01", True]}
    assert parse("a: yes\nb: 1e5\nc: [.5, 2020-01-01, true]\n") == values
    assert parse(b'\xef\xbb\xbf{"a":\t1}') == {"a": 1}


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("a: 1\na: 2", "in line 2: the key 'a' occurs twice"),
        ('{"a": 1,\n"a": 2}', "in line 2: the key 'a' occurs twice"),
        ("a: &x [1]\nb: *x", "in line 2: a YAML alias"),
        ("1: 2", "in line 1: the key 1 is no text"),
        ("a: {{ x }}", "in line 1"),
        ("a: [", "not valid YAML in line 1"),
        ("<<: {a: 1}", "in line 1"),
        ("a: \0", "not valid YAML"),
        ("a: 2020-01-01 12:61:99 x: y", "not valid YAML"),
        (b"\xff", "not UTF-8"),
        ("[" * 900, "nested too deep"),
        ("a" * 1_001, "1001 bytes, and at most 1000"),
    ],
)
def test_a_fault_is_one_error_with_its_line(source: str | bytes, part: str) -> None:
    with pytest.raises(InvalidInput) as error:
        parse(source)
    assert error.value.message.startswith("the file ") and part in error.value.message


def test_written_texts_are_read_again_unchanged() -> None:
    values = {"list": TEXTS, "same": TEXTS, "keys": {text: text for text in TEXTS if "\n" not in text}}
    assert parse(dump_yaml(values)) == values
