"""Metrics of rankings against trec_eval, and the comparison of quotes with chunks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vong.knowledge.question import ExpectedPassage
from vong.knowledge.retrieval_metrics import (
    RankedText,
    Ranking,
    contains_quote,
    context_precision,
    match_ranking,
    ndcg_at,
    recall_at,
    reciprocal_rank,
    score_ranking,
)

CASES = {
    "two of five": (["c1", "c2", "c3", "c4", "c5"], {"c1": 1, "c4": 1}),
    "graded": (["x", "c2", "y", "c9"], {"c2": 3, "c9": 1, "c7": 2}),
    "nothing found": (["x", "y", "z"], {"q": 1}),
    "deep": (
        ["r1", "r2", "n", "r3", "n2", "r4", "n3", "n4", "n5", "n6", "r5"],
        {"r1": 1, "r2": 2, "r3": 1, "r4": 3, "r5": 1, "r6": 2},
    ),
}
TREC_EVAL = {
    # Computed with pytrec_eval (trec_eval 9) and equal to ranx 0.3: measure -> value.
    "two of five": {"recall@1": 0.5, "recall@5": 1.0, "ndcg@3": 0.613147, "ndcg@5": 0.877215, "mrr": 1.0, "map": 0.75},
    "graded": {"recall@1": 0.0, "recall@5": 2 / 3, "ndcg@3": 0.39749, "ndcg@5": 0.487932, "mrr": 0.5, "map": 1 / 3},
    "nothing found": {"recall@1": 0.0, "recall@5": 0.0, "ndcg@3": 0.0, "ndcg@5": 0.0, "mrr": 0.0, "map": 0.0},
    "deep": {
        "recall@1": 1 / 6,
        "recall@5": 0.5,
        "recall@10": 4 / 6,
        "ndcg@3": 0.429859,
        "ndcg@5": 0.442896,
        "ndcg@10": 0.58443,
        "mrr": 1.0,
        "map": 0.645202,
    },
}


def rank(case: str) -> Ranking:
    retrieved, relevances = CASES[case]
    expected = [ExpectedPassage(path=path, relevance=grade) for path, grade in relevances.items()]
    return match_ranking([RankedText(path, "text") for path in retrieved], expected)


@pytest.mark.parametrize("case", CASES)
def test_metrics_equal_those_of_trec_eval(case: str) -> None:
    ranking, wanted = rank(case), TREC_EVAL[case]
    scores = score_ranking(ranking, (1, 3, 5, 10))
    for metric in wanted.keys() - {"map"}:
        assert scores[metric] == pytest.approx(wanted[metric], abs=1e-6), metric
    found = sum(one is not None for one in ranking.found)
    # Context precision is average precision over the retrieved relevant passages instead of over all expected ones.
    share = found / len(ranking.found)
    assert context_precision(ranking.relevant) * share == pytest.approx(wanted["map"], abs=1e-6)
    assert scores["context_recall"] == share


def test_context_precision_equals_the_example_of_ragas() -> None:
    # documentation of ragas, context precision: relevant at ranks 1 and 3 of 3 -> (1/1 + 2/3) / 2
    assert context_precision([True, False, True]) == pytest.approx((1 + 2 / 3) / 2)
    assert context_precision([]) == 0


def test_a_quote_split_by_chunks_counts_once_and_overlaps_do_not_raise_the_score() -> None:
    quote = ExpectedPassage(path="a.md", quote="Refunds above 500 euros need a supervisor's approval.")
    both = [
        RankedText("a.md", "Refunds above 500 euros need a supervisor's"),
        RankedText("a.md", "500 euros need a supervisor’s approval. Then it is paid."),
    ]
    ranking = match_ranking(both, [quote])
    assert ranking.relevant == (True, True)
    assert (ranking.found, ndcg_at(ranking, 5), recall_at(ranking, 1)) == ((1,), 1.0, 1.0)


def test_one_chunk_with_two_expected_passages_is_a_perfect_ranking() -> None:
    expected = [
        ExpectedPassage(path="a.md", quote="the first fact"),
        ExpectedPassage(path="a.md", quote="a second fact"),
    ]
    ranking = match_ranking([RankedText("a.md", "Here is the first fact, and a second fact.")], expected)
    assert (ndcg_at(ranking, 1), recall_at(ranking, 1), reciprocal_rank(ranking)) == (1, 1, 1)


@pytest.mark.parametrize(
    ("text", "quote", "contained"),
    [
        ("Thời  hạn   hoàn tiền là\n14 ngày.", "thời hạn hoàn tiền là 14 ngày", True),
        ("Thời hạn hoàn tiền là 30 tuần.", "Chúng tôi giao hàng trong hai ngày", False),
        ("The fee is 2 %.", "fee is 2%", True),
        ("two words apart in a long text of other words", "two other", True),  # one of two words is half of the quote
        ("anything", "", True),
        ("anything", "?!", True),
        ("", "a quote", False),
    ],
)
def test_quotes_are_compared_by_words(text: str, quote: str, contained: bool) -> None:
    assert contains_quote(text, quote) is contained


def test_a_quote_in_another_document_does_not_count() -> None:
    ranking = match_ranking(
        [RankedText("b.md", "the same text")], [ExpectedPassage(path="a.md", quote="the same text")]
    )
    assert score_ranking(ranking, (1,)) == {
        "recall@1": 0.0,
        "ndcg@1": 0.0,
        "mrr": 0.0,
        "context_precision": 0.0,
        "context_recall": 0.0,
    }


@given(
    st.lists(st.sampled_from("abcdef"), max_size=8),
    st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 3)), min_size=1, max_size=5),
)
def test_every_metric_is_between_0_and_1(retrieved: list[str], expected: list[tuple[str, int]]) -> None:
    wanted = [ExpectedPassage(path=path, relevance=grade) for path, grade in expected]
    scores = score_ranking(match_ranking([RankedText(path, path) for path in retrieved], wanted), (1, 2, 5))
    assert all(0 <= value <= 1 + 1e-12 for value in scores.values())
    assert scores["recall@1"] <= scores["recall@5"]
