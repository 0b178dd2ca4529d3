"""Splits are disjoint by cluster, right in size, balanced by label, and the same for the same seed."""

import random
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.making import different, example
from vong.data import profile, split
from vong.data.labels import value_at
from vong.data.near_duplicates import cluster, input_text
from vong.data.split import SplitSettings
from vong.errors import InvalidInput
from vong.records import Example

SHARES = {"train": 0.6, "validation": 0.1, "traffic": 0.15, "test": 0.15}


@st.composite
def datasets(draw: st.DrawFn) -> list[Example]:
    """Rows of five labels, some of them in clusters of near-duplicates, in random order."""
    dice = random.Random(draw(st.integers(0, 2**32)))
    rows: list[Example] = []
    for number, text in enumerate(different(draw(st.integers(40, 120)))):
        copies = dice.choice([1, 1, 1, 1, 2, 3])
        label = dice.choice("aaabbccde")
        rows += [example(text + " !" * copy, {"intent": label}, id=f"{number}.{copy}") for copy in range(copies)]
    dice.shuffle(rows)
    return rows


@settings(max_examples=25, deadline=None)
@given(datasets(), st.integers(0, 5))
def test_clusters_stay_together_and_sizes_and_labels_are_right(rows: list[Example], seed: int) -> None:
    wanted = SplitSettings(splits=SHARES, seed=seed, stratify=("completion.intent",))
    dealt = split(rows, wanted)
    # Nothing is lost, changed or moved: only the split is written.
    assert [row.hash for row in dealt.examples] == [row.hash for row in rows]
    assert dealt.counts == Counter(row.metadata["split"] for row in dealt.examples)
    groups = cluster([input_text(row) for row in rows]).groups().values()
    assert all(len({dealt.examples[row].metadata["split"] for row in group}) == 1 for group in groups)
    assert profile(dealt.examples).leakage == []
    largest = max(map(len, groups), default=1)
    per_label: dict[str, Counter[str]] = defaultdict(Counter)
    for row in dealt.examples:
        per_label[str(value_at(row, "completion.intent"))][row.metadata["split"]] += 1
    for name, share in SHARES.items():
        assert abs(dealt.counts[name] - share * len(rows)) <= largest
        for counts in per_label.values():
            assert abs(counts[name] - share * counts.total()) <= 2 * largest + 2
    assert split(rows, wanted).examples == dealt.examples


def test_another_seed_gives_another_split() -> None:
    rows = [example(text) for text in different(100)]
    one, other = (split(rows, SplitSettings(seed=seed)) for seed in (1, 2))
    assert one.counts == other.counts == {"train": 80, "validation": 10, "test": 10}
    assert one.examples != other.examples


def test_numbers_of_rows_are_met_exactly_and_the_rest_is_left_out() -> None:
    rows = [example(text) for text in different(100)]
    dealt = split(rows, SplitSettings(splits={"train": 50, "test": 13}))
    assert (dealt.counts, dealt.left_out, len(dealt.examples)) == ({"train": 50, "test": 13}, 37, 63)


def test_rows_of_one_group_stay_together() -> None:
    rows = [example(text, customer=f"c{number % 20}") for number, text in enumerate(different(100))]
    dealt = split(rows, SplitSettings(group="metadata.customer"))
    seen: dict[str, set[str]] = defaultdict(set)
    for row in dealt.examples:
        seen[row.metadata["customer"]].add(row.metadata["split"])
    assert all(len(names) == 1 for names in seen.values())
    assert dealt.clusters == 20


@pytest.mark.parametrize(
    ("splits", "reason"),
    [
        ({}, "needs a name"),
        ({"train": 0}, "needs a name"),
        ({"": 1.0}, "needs a name"),
        ({"train": 0.8, "test": 0.3}, "add up to 1.1"),
        ({"train": 100, "test": 100}, "the splits need 200 rows"),
        ({"train": 0.99, "test": 0.001}, "'test' would have no rows"),
    ],
)
def test_shares_that_cannot_be_had_are_refused(splits: dict[str, float], reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        split([example(text) for text in different(30)], SplitSettings(splits=splits))
