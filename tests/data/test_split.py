"""Splits: disjoint by cluster, of the requested size, balanced by label and deterministic."""

import random
from collections import Counter, defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.data.factories import distinct_texts, example
from vong.data import profile, split
from vong.data.clean import CleanSettings
from vong.data.labels import value_at
from vong.data.near_duplicates import cluster, input_text
from vong.data.report import ProfileSettings
from vong.data.split import SplitSettings
from vong.errors import InvalidInput
from vong.records import Example, Record

SHARES = {"train": 0.6, "validation": 0.1, "traffic": 0.15, "test": 0.15}


@st.composite
def datasets(draw: st.DrawFn) -> list[Example]:
    """Draw rows of five labels, some in clusters of near-duplicates, in random order."""
    dice = random.Random(draw(st.integers(0, 2**32)))
    rows: list[Example] = []
    for number, text in enumerate(distinct_texts(draw(st.integers(40, 120)))):
        copies = dice.choice([1, 1, 1, 1, 2, 3])
        label = dice.choice("aaabbccde")
        rows += [example(text + " !" * copy, {"intent": label}, id=f"{number}.{copy}") for copy in range(copies)]
    dice.shuffle(rows)
    return rows


@settings(max_examples=25, deadline=None)
@given(datasets(), st.integers(0, 5))
def test_clusters_stay_together_and_sizes_and_labels_are_right(rows: list[Example], seed: int) -> None:
    split_settings = SplitSettings(splits=SHARES, seed=seed, stratify=("completion.intent",))
    result = split(rows, split_settings)
    # No row is lost, changed or moved: only the split is set.
    assert [row.hash for row in result.examples] == [row.hash for row in rows]
    assert result.counts == Counter(row.metadata["split"] for row in result.examples)
    groups = cluster([input_text(row) for row in rows]).groups().values()
    assert all(len({result.examples[row].metadata["split"] for row in group}) == 1 for group in groups)
    assert profile(result.examples).leakage == []
    largest = max(map(len, groups), default=1)
    per_label: dict[str, Counter[str]] = defaultdict(Counter)
    for row in result.examples:
        per_label[str(value_at(row, "completion.intent"))][row.metadata["split"]] += 1
    for name, share in SHARES.items():
        assert abs(result.counts[name] - share * len(rows)) <= largest
        for counts in per_label.values():
            assert abs(counts[name] - share * counts.total()) <= 2 * largest + 2
    assert split(rows, split_settings).examples == result.examples


def test_another_seed_draws_another_split() -> None:
    rows = [example(text) for text in distinct_texts(100)]
    one, other = (split(rows, SplitSettings(seed=seed)) for seed in (1, 2))
    assert one.counts == other.counts == {"train": 80, "validation": 10, "test": 10}
    assert one.examples != other.examples


def test_row_counts_are_met_exactly_and_other_rows_are_left_out() -> None:
    rows = [example(text) for text in distinct_texts(100)]
    result = split(rows, SplitSettings(splits={"train": 50, "test": 13}))
    assert (result.counts, result.left_out, len(result.examples)) == ({"train": 50, "test": 13}, 37, 63)


def test_rows_of_one_group_stay_together() -> None:
    rows = [example(text, customer=f"c{number % 20}") for number, text in enumerate(distinct_texts(100))]
    result = split(rows, SplitSettings(group="metadata.customer"))
    seen: dict[str, set[str]] = defaultdict(set)
    for row in result.examples:
        seen[row.metadata["customer"]].add(row.metadata["split"])
    assert all(len(names) == 1 for names in seen.values())
    assert result.clusters == 20


@pytest.mark.parametrize(
    ("splits", "reason"),
    [
        ({}, "needs a name"),
        ({"train": 0.8, "test": 0.3}, "add up to 1.1"),
        ({"train": 100, "test": 100}, "the splits need 200 rows"),
        ({"train": 0.99, "test": 0.001}, "'test' would have no rows"),
    ],
)
def test_impossible_shares_are_rejected(splits: dict[str, float], reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        split([example(text) for text in distinct_texts(30)], SplitSettings(splits=splits))


@pytest.mark.parametrize(
    "splits",
    [
        *({"train": share} for share in (0, -1, "NaN", "nan", float("nan"), float("inf"), "Infinity", "-inf", None)),
        *({name: 1.0} for name in ("", " ", "tr\0ain", "a\nb", "x" * 101, "\ud83d")),
    ],
)
def test_settings_reject_shares_that_are_not_finite_and_names_that_cannot_be_stored(splits: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SplitSettings.model_validate({"splits": splits})


@pytest.mark.parametrize("settings_type", [SplitSettings, CleanSettings, ProfileSettings])
@pytest.mark.parametrize("threshold", ["NaN", float("nan"), float("inf"), 2, -1])
def test_settings_reject_thresholds_out_of_range(settings_type: type[Record], threshold: Any) -> None:
    with pytest.raises(ValidationError):
        settings_type.model_validate({"threshold": threshold})
