"""Near-duplicate clusters, compared with their definition."""

import random
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.factories import SENTENCES, distinct_texts
from vong.data.near_duplicates import cluster, jaccard, normalize_for_comparison, shingles, strip_common_affixes


@st.composite
def collections(draw: st.DrawFn) -> list[str]:
    """Draw sentences, and copies of them with a few changed letters."""
    texts = draw(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=8))
    dice = random.Random(draw(st.integers(0, 2**32)))
    for text in list(texts):
        for _ in range(draw(st.integers(0, 2))):
            letters = list(text)
            for _ in range(draw(st.integers(0, 6))):
                letters[dice.randrange(len(letters))] = dice.choice("abcdefghij ")
            texts.append("".join(letters))
    return texts


@settings(max_examples=60, deadline=None)
@given(collections(), st.sampled_from([0.6, 0.8, 0.9]))
def test_clusters_are_the_connected_components_of_all_similar_pairs(texts: list[str], threshold: float) -> None:
    found = cluster(texts, threshold)
    sets = [shingles(text) for text in strip_common_affixes([normalize_for_comparison(text) for text in texts])]
    # Brute force: connect rows by chains of similar pairs.
    groups = [{row} for row in range(len(texts))]
    for a, b in combinations(range(len(texts)), 2):
        if jaccard(sets[a], sets[b]) >= threshold:
            joined = groups[a] | groups[b]
            for row in joined:
                groups[row] = joined
    assert found.near == [min(group) for group in groups]


def test_case_and_whitespace_do_not_matter() -> None:
    found = cluster(["Hello  there,\nworld", "hello there, world", "good bye"])
    assert found.same == [0, 0, 2]
    assert found.groups(found.same) == {0: [0, 1]}


def test_the_words_of_a_template_do_not_make_rows_similar() -> None:
    template = "You sort tickets into product, urgency and intent. Read with care and answer in JSON.\n\nTicket: "
    texts = [template + text + "\n\nAnswer as JSON, nothing else." for text in distinct_texts(40)]
    assert cluster(texts).groups() == {}
    assert len(cluster([*texts, texts[3].replace("Ticket: ", "Ticket:  ")]).groups()) == 1


def test_a_common_prefix_of_few_texts_is_compared() -> None:
    texts = ["the same beginning and one", "the same beginning and two"]
    assert strip_common_affixes(texts) == texts


def test_very_short_texts_are_compared_completely() -> None:
    assert cluster(["hi", "hi", "ho", ""]).near == [0, 0, 2, 3]
    assert cluster([]).near == []


def test_clusters_are_deterministic() -> None:
    texts = [text[:60] + text[60:].replace("a", "e") for text in distinct_texts(60)] + distinct_texts(60)
    assert cluster(texts) == cluster(texts)


@pytest.mark.parametrize(("one", "other"), [("5²", "52"), ("H₂O", "h2o"), ("1½", "11/2"), ("①", "1"), ("ℝ", "r")])
def test_characters_with_their_own_meaning_are_not_merged(one: str, other: str) -> None:
    assert normalize_for_comparison(one) != normalize_for_comparison(other)
    assert cluster([f"Compute {one}", f"Compute {other}"]).same == [0, 1]


@pytest.mark.parametrize(
    ("one", "other"), [("ＡＢＣ　１", "abc 1"), ("ﬁle", "file"), ("cafe\u0301", "CAFÉ"), ("a\u00a0b", "A  b")]
)
def test_forms_of_the_same_character_are_equal(one: str, other: str) -> None:
    assert normalize_for_comparison(one) == normalize_for_comparison(other)
