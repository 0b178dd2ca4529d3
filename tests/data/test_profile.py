"""Health report: counts, findings and next steps."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.data.factories import SENTENCES, distinct_texts, example
from vong import language_detection
from vong.data import profile
from vong.data.importer import Importer
from vong.data.labels import evenness, value_at
from vong.data.report import HealthReport, ProfileSettings, format_report
from vong.errors import InvalidInput
from vong.records import Example, Message

SAMPLES = Path(__file__).parents[2] / "samples"


def test_duplicates_are_counted_by_kind() -> None:
    texts = distinct_texts(6)
    near = texts[0] + " !"
    rows = [example(text, "yes") for text in [*texts, texts[1], texts[1].upper(), near]]
    report = profile([*rows, example(texts[2], "no")])
    assert (report.exact.extra, report.exact.listed) == (1, [[2, 7]])
    assert (report.near.extra, report.near.listed) == (1, [[1, 9]])
    assert report.version is None


def test_an_input_in_two_splits_is_a_leak() -> None:
    texts = distinct_texts(3)
    rows = [
        example(texts[0], split="train"),
        example(texts[0], split="test"),
        example(texts[1], split="train"),
        example(texts[1].replace(" ", "  ", 1) + "!", split="test"),
        example(texts[2], split="test"),
        example(texts[2], split="test"),
    ]
    report = profile(rows)
    leak = report.leakage[0]
    assert (leak.a, leak.b, leak.same, leak.near) == ("test", "train", 1, 1)
    assert leak.listed == [(2, 1), (4, 3)]
    assert report.worst_severity == "error"
    assert "vong data split" in next(item.next_step for item in report.findings if item.code == "leakage")


def test_pii_is_counted_by_row_and_never_shown() -> None:
    rows = [example("my mail is jo@example.org, jo@example.com"), example("nothing", "call +44 7700 900782")]
    report = profile(rows)
    assert {kind: (item.found, item.listed) for kind, item in report.personal.items()} == {
        "email": (2, [1]),
        "phone": (1, [2]),
    }
    assert "jo@" not in report.model_dump_json()
    assert "900782" not in report.model_dump_json()


def test_labels_are_detected_in_json_completions_and_not_in_free_text() -> None:
    rows = [
        example(text, {"intent": "refund" if number % 4 else "cancel", "why": f"{text} and more words"})
        for number, text in enumerate(distinct_texts(40))
    ]
    report = profile(rows, ProfileSettings(labels=("metadata.channel",)))
    found = {label.path: label for label in report.labels}
    assert set(found) == {"completion.intent"}
    assert found["completion.intent"].values == {"refund": 30, "cancel": 10}
    assert found["completion.intent"].ratio == 3


def test_plain_completions_of_a_closed_set_are_labels() -> None:
    rows = [
        example(text, "yes" if number % 2 else "no", channel="mail") for number, text in enumerate(distinct_texts(20))
    ]
    report = profile(rows, ProfileSettings(labels=("metadata.channel",)))
    assert {label.path: label.values for label in report.labels} == {
        "completion": {"yes": 10, "no": 10},
        "metadata.channel": {"mail": 20},
    }


def test_one_input_with_two_labels_is_a_conflict_with_its_field() -> None:
    texts = distinct_texts(24)
    rows = [
        example(text, {"intent": "refund" if number % 2 else "cancel", "urgent": number % 3 == 0})
        for number, text in enumerate(texts)
    ]
    rows.append(example(texts[1] + " !", {"intent": "cancel", "urgent": False}))
    report = profile(rows)
    assert report.conflicts == 1
    assert report.conflicts_listed[0].rows == [2, 25]
    assert report.conflicts_listed[0].votes == {"completion.intent": {"refund": 1, "cancel": 1}}


def test_free_text_completions_conflict_only_for_identical_inputs() -> None:
    texts = distinct_texts(3)
    rows = [example(text, f"a long and free answer about {text}") for text in texts]
    rows += [example(texts[0], "something else entirely"), example(texts[1] + " !", "again something else")]
    assert profile(rows).conflicts == 1


def test_empty_and_very_long_rows_are_listed() -> None:
    silent = Message(role="assistant", content="")
    called = Message(role="assistant", tool_calls=[{"id": "1", "type": "function", "function": {"name": "f"}}])
    asked = (Message(role="user", content="a question"),)
    rows = [
        example(" \n", "yes"),
        Example(messages=asked, completion=silent),
        Example(messages=asked, completion=called),
        Example(messages=asked),
        example("x" * 30_000, "yes"),
    ]
    report = profile(rows)
    assert (report.empty, report.without_answer, report.too_long) == ([1, 2], 1, [5])


def test_the_histogram_counts_every_row_once() -> None:
    report = profile([example("x" * length, "yes") for length in (1, 2, 3, 4, 5, 100)])
    assert report.characters["input"].histogram == [(1, 1), (2, 1), (4, 2), (8, 1), (128, 1)]
    assert (report.characters["input"].least, report.characters["input"].most) == (1, 100)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (SENTENCES[0], "en"),
        ("Máy Till tự khởi động lại giữa lúc bán hàng, xin giúp với", "vi"),
        ("Bitte senden Sie mir die Rechnung noch einmal zu", "de"),
        ("ok", "unknown"),
    ],
)
def test_languages_are_detected_without_the_network(text: str, code: str) -> None:
    assert language_detection.detect_language(text) == code


def test_evenness_is_one_for_balanced_labels_and_lower_otherwise() -> None:
    assert evenness(Counter(a=5, b=5, c=5)) == pytest.approx(1.0)
    assert evenness(Counter(a=98, b=1, c=1)) < 0.2
    assert evenness(Counter(a=5)) == 0


def test_a_path_without_a_label_is_rejected() -> None:
    with pytest.raises(InvalidInput, match=r"completion.FIELD"):
        value_at(example("a", "b"), "rubbish.field")


def test_the_report_of_the_sample_tickets_equals_their_ground_truth() -> None:
    truth = json.loads((SAMPLES / "tickets.truth.json").read_text())
    rows = list(Importer([(SAMPLES / "tickets.jsonl", "tickets.jsonl")]).iter_examples())
    report = profile(rows, version="tickets@1")
    numbers = {str(row.metadata["id"]): number for number, row in enumerate(rows, 1)}
    repeats = {**truth["exact_duplicates"], **truth["near_duplicates"]}
    groups = [set(group) for group in (*report.exact.listed, *report.near.listed)]
    conflicts = [set(conflict.rows) for conflict in report.conflicts_listed]
    for copy, original in repeats.items():
        pair = {numbers[copy], numbers[original]}
        assert any(pair <= group for group in (*groups, *conflicts)), (copy, original)
    for copy, original in truth["conflicts"].items():
        assert any({numbers[copy], numbers[original]} <= rows_ for rows_ in conflicts)
    kinds = [kind for found in truth["personal_data"].values() for kind in found if kind != "name"]
    assert {kind: report.personal[kind].found for kind in set(kinds)} == {
        kind: kinds.count(kind) for kind in set(kinds)
    }
    assert {label.path for label in report.labels} == {
        f"completion.{name}" for name in ("intent", "product", "urgency")
    }


def test_the_report_is_printed_as_text_and_round_trips_as_json() -> None:
    report = profile([example(text, "yes") for text in SENTENCES], version="s@1")
    assert HealthReport.model_validate_json(report.model_dump_json()) == report
    text = format_report(report.model_dump(mode="json"))
    assert text.startswith("Health of s@1: 8 rows")
    assert "few_rows" in {finding.code for finding in report.findings}


def test_pii_samples_are_shown_with_every_value_masked() -> None:
    long = "please " * 20
    rows = [
        example(f"{long} write to jo@example.org or call +44 20 7946 0958 {long}"),
        example("my mail is an@example.com", "noted"),
    ]
    found = profile(rows).personal
    samples = found["email"].samples
    assert [sample.row for sample in samples] == [1, 2]
    assert samples[0].text.startswith("…") and samples[0].text.endswith("…")
    assert "[EMAIL] or call [PHONE]" in samples[0].text
    assert samples[1].text == "my mail is [EMAIL]"
    sample_texts = " ".join(sample.text for kind in found.values() for sample in kind.samples)
    assert "example" not in sample_texts and "7946" not in sample_texts
