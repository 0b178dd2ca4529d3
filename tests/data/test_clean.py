"""Cleaning of datasets: changes, the list of changes, and the origin of every row."""

import ast
import dataclasses
import difflib
import inspect
import json
import string
import subprocess
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.data.factories import SENTENCES, distinct_texts, example
from vong.data import clean, profile
from vong.data.clean import CleanSettings
from vong.data.text_normalization import normalize_text
from vong.records import Example, ExampleOrigin


def labelled(text: str, intent: str, **metadata: Any) -> Example:
    return example(text, {"intent": intent, "summary": f"about {text[:30]}"}, **metadata)


def clean_rows(count: int = 24) -> list[Example]:
    """Return rows that need no cleaning, with values that are recognized as labels."""
    return [labelled(text, "refund" if number % 2 else "cancel") for number, text in enumerate(distinct_texts(count))]


def change_kinds(cleaned: Any) -> list[tuple[int, str]]:
    return [(change.row, change.what) for change in cleaned.changes]


def test_clean_rows_are_unchanged() -> None:
    rows = clean_rows()
    cleaned = clean(rows)
    assert cleaned.examples == rows
    assert cleaned.changes == []


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("\ufeffde\u0301jà\u00a0vu\u200b\x07\r\n\r\n\r\n    code()  \n", "déjà vu\n\n\n    code()"),
        ("    y = x + 1\n    return y", "    y = x + 1\n    return y"),
        ("import os\n\n\ndef f(): ...", "import os\n\n\ndef f(): ..."),
        ("first  \nsecond", "first  \nsecond"),
        ("last word\x0cnext page", "last word\x0cnext page"),
        ("left\x1fright", "left right"),
        ("don\x92t say \x93yes\x94 \x96 10 \x80", "don’t say “yes” – 10 €"),
        ("don\u00e2\x80\x99t", "don’t"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\u3000\u3000段落", "\u3000\u3000段落"),
        ("ภาษา\u200bไทย, new\u200bline", "ภาษา\u200bไทย, newline"),
        ("text \t\n\n", "text"),
    ],
)
def test_normalization_keeps_what_code_and_markdown_depend_on(text: str, normalized: str) -> None:
    assert normalize_text(text) == normalized


@pytest.mark.parametrize("module", [json, json.decoder, json.encoder, textwrap, difflib, string, dataclasses, inspect])
def test_code_compiles_to_the_same_tree(module: ModuleType) -> None:
    source = inspect.getsource(module)
    assert ast.dump(ast.parse(normalize_text(source))) == ast.dump(ast.parse(source))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and not isinstance(node.body[0], ast.Expr):
            body = "\n".join(source.splitlines()[node.body[0].lineno - 1 : node.end_lineno])
            assert normalize_text(body) == body.rstrip()  # a completion that begins with its indentation


def test_a_patch_still_applies(tmp_path: Path) -> None:
    before = "one\r\n\x0c\n\n two  \nthree\u00a0\n" + "same\n" * 5 + "cafe\u0301\nlast\n"
    after = before.replace("three", "drei").replace("last", "\tend ")
    old, new = before.split("\n")[:-1], after.split("\n")[:-1]
    lines = difflib.unified_diff(old, new, "a/file.txt", "b/file.txt", lineterm="")
    patch = normalize_text("\n".join(lines) + "\n")
    (tmp_path / "file.txt").write_bytes(before.encode())
    (tmp_path / "change.patch").write_bytes(patch.encode())
    subprocess.run(["git", "apply", "--whitespace=nowarn", "change.patch"], cwd=tmp_path, check=True)
    assert (tmp_path / "file.txt").read_bytes().decode() == after


MARKDOWN_LINES = [
    *("first  ", "second", "", "    code", "- item", "  - nested  ", "1. one", "> quote", "| a | b |", "|---|---|"),
    *("# title ", "\\", "text\\", "\titem", "***", "* * *", "[x](y)", " a  b ", "<b>", "word\x0cword"),
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(MARKDOWN_LINES), max_size=12))
def test_markdown_renders_to_the_same_page(lines: list[str]) -> None:
    text = "\n".join(lines)
    render = MarkdownIt("commonmark").enable("table").render
    assert render(normalize_text(text)).strip() == render(text).strip()


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=80))
def test_normalization_is_idempotent(text: str) -> None:
    assert normalize_text(normalize_text(text)) == normalize_text(text)


def test_pii_is_masked_in_prompts_and_completions() -> None:
    rows = [*clean_rows(), labelled("mail me at jo@example.org about +44 7700 900782 please", "refund")]
    cleaned = clean(rows)
    assert "[EMAIL]" in cleaned.examples[-1].prompt_text
    assert "[PHONE]" in cleaned.examples[-1].prompt_text
    assert json.loads(cleaned.examples[-1].completion_text)["intent"] == "refund"
    assert cleaned.counts == {"masked": 1}
    assert cleaned.changes[0].reason == "2 email, 1 phone"
    assert not any("jo@example.org" in change.model_dump_json() for change in cleaned.changes)
    dropped = clean(rows, CleanSettings(personal="drop"))
    assert (len(dropped.examples), dropped.counts) == (24, {"dropped_personal": 1})
    assert clean(rows, CleanSettings(personal="keep")).examples == rows


def full_row(value: str) -> Example:
    """Return a row with a value in every place that can hold text."""
    call = {"id": "call_1", "type": "function", "function": {"name": "send", "arguments": json.dumps({"to": value})}}
    answer = {"role": "assistant", "content": f"to {value}"}
    return Example.model_validate(
        {
            "messages": [
                {"role": "system", "content": f"you write to {value}"},
                {"role": "user", "content": [{"type": "text", "text": f"ask {value}"}], "name": value},
                {"role": "assistant", "content": f"earlier {value}", "reasoning_content": f"think of {value}"},
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "call_1", "content": json.dumps({"sent": value})},
                {"role": "user", "content": "again"},
            ],
            "completion": {**answer, "tool_calls": [call]},
            "rejected": answer,
            "tools": [{"type": "function", "function": {"name": "send", "description": f"sends to {value}"}}],
            "metadata": {"customer": value, "all": [{"contact": value}], "id": value, "split": "train"},
        }
    )


PLACES = 14


def test_pii_is_reported_and_masked_in_every_place() -> None:
    row = full_row("mara.lind@shop.example")
    report = profile([row])
    assert (report.personal["email"].found, report.personal["email"].rows) == (PLACES, 1)
    assert "mara.lind" not in report.model_dump_json()
    cleaned = clean([row])
    assert cleaned.examples == [full_row("[EMAIL]")]
    assert cleaned.changes[0].reason == f"{PLACES} email"
    assert cleaned.changes[0].id == "[EMAIL]"
    assert profile(cleaned.examples).personal == {}
    assert clean([row], CleanSettings(personal="drop")).examples == []
    assert clean([row], CleanSettings(personal="keep")).examples == [row]


def test_the_name_of_a_column_says_what_its_value_is() -> None:
    row = example(
        "a question", "yes", phone=78651450, order_id="0912345678", birthDate="1980-05-03", score=0.785398163397
    )
    masked = clean([row]).examples[0].metadata
    assert masked == {
        "phone": "[PHONE]",
        "order_id": "0912345678",
        "birthDate": "[BIRTH_DATE]",
        "score": 0.785398163397,
    }
    assert [sample.text for sample in profile([row]).personal["phone"].samples] == ["phone: [PHONE]"]


def test_a_row_without_pii_is_the_same_row() -> None:
    row = full_row("nobody")
    assert clean([row]).examples[0] is row


def test_answers_with_other_numbers_both_stay() -> None:
    text = "please convert the length of the long table in the meeting room on the second floor: "
    answer = "the long table in the meeting room on the second floor has a length of {} centimetres"
    rows = [example(f"{text}{number}", answer.format(number)) for number in (180, 181)]
    assert clean(rows).examples == rows


def test_the_first_of_equal_rows_remains() -> None:
    rows = clean_rows()
    cleaned = clean([*rows, rows[3], rows[3]])
    assert cleaned.examples == rows
    assert change_kinds(cleaned) == [(25, "dropped_exact_duplicate"), (26, "dropped_exact_duplicate")]


def test_near_duplicates_are_removed_only_if_their_completions_agree() -> None:
    rows = [
        example(text, f"a long answer, number {number}: {text[::-1]}") for number, text in enumerate(distinct_texts(24))
    ]
    other = example(rows[0].prompt_text + " !", "quite another answer, which is as good as the first one")
    same = example(rows[1].prompt_text + " !", rows[1].completion_text)
    cleaned = clean([*rows, other, same])
    assert cleaned.examples == [*rows, other]
    assert change_kinds(cleaned) == [(26, "dropped_near_duplicate")]


def test_the_majority_of_a_cluster_decides_its_label() -> None:
    rows = clean_rows()
    text = rows[0].prompt_text
    cluster = [
        labelled(text + ending, intent) for ending, intent in ((" a", "cancel"), (" b", "refund"), (" c", "cancel"))
    ]
    cleaned = clean([*rows, *cluster])
    assert cleaned.examples == rows
    assert cleaned.counts == {"relabelled": 1, "dropped_near_duplicate": 3}
    remaining = clean([*rows, *cluster], CleanSettings(near="keep", exact="keep"))
    assert json.loads(remaining.examples[25].completion_text) == {
        **json.loads(cluster[1].completion_text),
        "intent": "cancel",
    }
    relabelled = next(change for change in remaining.changes if change.what == "relabelled")
    assert relabelled.after == remaining.examples[25].hash
    assert "3 of 4" in relabelled.reason


def test_every_one_of_equal_rows_has_a_vote() -> None:
    rows = clean_rows()
    text = rows[0].prompt_text
    voters = [rows[0], labelled(text + " !", "refund"), rows[0]]
    assert clean([*rows[1:], *voters]).examples == [*rows[1:], rows[0]]


def test_tied_rows_are_dropped_and_listed_or_left_as_configured() -> None:
    rows = clean_rows()
    tied = labelled(rows[0].prompt_text + " !", "refund")
    cleaned = clean([*rows, tied])
    assert cleaned.examples == rows[1:]
    assert change_kinds(cleaned) == [(1, "dropped_conflict"), (25, "dropped_conflict")]
    assert "no majority for completion.intent among rows 1, 25" in cleaned.changes[0].reason
    assert clean([*rows, tied], CleanSettings(ties="keep")).examples == [*rows, tied]
    assert clean([*rows, tied], CleanSettings(conflicts="keep")).examples == [*rows, tied]


def test_empty_rows_are_removed() -> None:
    rows = clean_rows()
    cleaned = clean([*rows, example("\u200b \n", "yes")])
    assert cleaned.examples == rows
    assert cleaned.counts["dropped_empty"] == 1


def test_every_row_has_the_origin_of_its_line() -> None:
    rows = [
        row.model_copy(update={"origin": ExampleOrigin(kind="file", id=f"tickets.jsonl#{number}")})
        for number, row in enumerate(
            [*clean_rows(), labelled("write to jo@example.org today", "refund"), *clean_rows(2)], 1
        )
    ]
    cleaned = clean(rows)
    assert [row.origin for row in cleaned.examples] == [row.origin for row in rows[:25]]
    assert {change.origin for change in cleaned.changes} == {f"tickets.jsonl#{line}" for line in (25, 26, 27)}
    by_hash = {row.hash for row in rows}
    assert all(change.before in by_hash for change in cleaned.changes)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(SENTENCES), st.sampled_from(["", " !", " jo@example.org"]), st.sampled_from(["a", "b"])
        ),
        max_size=30,
    )
)
def test_a_second_cleaning_changes_nothing(drawn: list[tuple[str, str, str]]) -> None:
    rows = [*clean_rows(), *(labelled(text + ending, intent) for text, ending, intent in drawn)]
    once = clean(rows)
    twice = clean(once.examples)
    assert twice.changes == []
    report = profile(once.examples)
    assert (report.exact.extra, report.conflicts, report.personal) == (0, 0, {})
    assert len(once.examples) + sum(change.after is None for change in once.changes) == len(rows)
