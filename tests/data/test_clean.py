"""Cleaning of datasets: changes, the list of changes, and the origin of every row."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

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


def test_text_is_normalized_without_its_indentation() -> None:
    messy = "\ufeffde\u0301jà\u00a0vu \u200b\x07 \r\n\n\n\n    code()  \n"
    assert normalize_text(messy) == "déjà vu\n\n    code()"
    assert normalize_text(normalize_text(messy)) == normalize_text(messy)


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
