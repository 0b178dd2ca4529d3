"""Metrics of a ranking for one question.

Expected passages are quotes, and retrieved passages are chunks of any size, so one expected passage may be in several
overlapping chunks. Each expected passage counts once, at the rank of the first chunk that contains it. Without such
overlaps every metric equals that of trec_eval (and of ranx and ir_measures) with the chunks as documents.
"""

import re
import unicodedata
from collections.abc import Sequence
from math import ceil, log2
from typing import NamedTuple

from vong.knowledge.question import ExpectedPassage

MIN_QUOTE_SHARE = 0.5
"""Share of the words of a quote, in one piece, from which a chunk contains the quote. A chunk may end within it."""
WORD_PATTERN = re.compile(r"\w+")


class RankedText(NamedTuple):
    """Retrieved passage: the path of its document and its text."""

    path: str
    text: str


class Ranking(NamedTuple):
    """Ranking of one question compared with its expected passages.

    `found` has the rank (from 1) of each expected passage, or None. `relevant` says for each rank if its passage
    contains an expected one. `relevances` are the grades of the expected passages.
    """

    found: tuple[int | None, ...]
    relevant: tuple[bool, ...]
    relevances: tuple[int, ...]


def match_ranking(passages: Sequence[RankedText], expected: Sequence[ExpectedPassage]) -> Ranking:
    """Compare retrieved passages, best first, with the expected ones.

    A chunk contains a quote if it is from the same document and at least `MIN_QUOTE_SHARE` of the words of the quote
    occur in it in one piece, without case, diacritics of composition, spacing and punctuation. An expected passage
    without a quote is contained in every chunk of its document.
    """
    words = [split_words(passage.text) for passage in passages]
    quotes = [split_words(one.quote) for one in expected]
    found: list[int | None] = [None] * len(expected)
    relevant = [False] * len(passages)
    for rank, passage in enumerate(passages):
        for number, one in enumerate(expected):
            if passage.path == one.path and _contains(words[rank], quotes[number]):
                relevant[rank] = True
                found[number] = found[number] or rank + 1
    return Ranking(tuple(found), tuple(relevant), tuple(one.relevance for one in expected))


def split_words(text: str) -> list[str]:
    """Return the words of a text in one case and one Unicode form."""
    return WORD_PATTERN.findall(unicodedata.normalize("NFKC", text).casefold())


def recall_at(ranking: Ranking, k: int) -> float:
    """Return the share of the expected passages that are among the first `k`.

    Source: Manning, Raghavan and Schütze 2008, section 8.3; trec_eval's `recall`.
    """
    return sum(rank is not None and rank <= k for rank in ranking.found) / len(ranking.found)


def reciprocal_rank(ranking: Ranking) -> float:
    """Return 1 / rank of the first relevant passage, or 0 if none was retrieved.

    Its mean is MRR. Source: Voorhees 1999 (TREC-8 question answering); trec_eval's `recip_rank`.
    """
    ranks = [rank for rank in ranking.found if rank is not None]
    return 1 / min(ranks) if ranks else 0.0


def ndcg_at(ranking: Ranking, k: int) -> float:
    """Return the normalized discounted cumulative gain of the first `k` passages.

    DCG is the sum of relevance / log2(rank + 1), and nDCG is DCG divided by that of the ideal ranking. A rank has the
    gain of the expected passages that it is the first to contain; expected passages in one chunk are one of the ideal
    ranking. Source: Järvelin and Kekäläinen 2002 with linear gains, as trec_eval's `ndcg_cut`.
    """
    gains: dict[int, int] = {}
    ideal: list[int] = []
    for rank, relevance in zip(ranking.found, ranking.relevances, strict=True):
        if rank is None:
            ideal.append(relevance)
        else:
            gains[rank] = max(gains.get(rank, 0), relevance)
    ideal = sorted([*ideal, *gains.values()], reverse=True)[:k]
    best = sum(gain / log2(rank + 1) for rank, gain in enumerate(ideal, 1))
    return sum(gain / log2(rank + 1) for rank, gain in gains.items() if rank <= k) / best


def context_precision(relevant: Sequence[bool]) -> float:
    """Return how far relevant passages are ranked above the others, 0 if none is relevant.

    The mean of precision@i over the ranks i of the relevant passages. Source: `context_precision` of ragas 0.2
    (Es et al. 2023), which is average precision over the retrieved relevant passages.
    """
    total, hits = 0.0, 0
    for rank, is_relevant in enumerate(relevant, 1):
        if is_relevant:
            hits += 1
            total += hits / rank
    return total / hits if hits else 0.0


def score_ranking(ranking: Ranking, cutoffs: Sequence[int]) -> dict[str, float]:
    """Return the metrics of a ranking: recall and nDCG at each cutoff, MRR, context precision and context recall."""
    scores: dict[str, float] = {}
    for k in cutoffs:
        scores[f"recall@{k}"] = recall_at(ranking, k)
        scores[f"ndcg@{k}"] = ndcg_at(ranking, k)
    scores["mrr"] = reciprocal_rank(ranking)
    scores["context_precision"] = context_precision(ranking.relevant)
    scores["context_recall"] = recall_at(ranking, len(ranking.relevant) or 1)
    return scores


def contains_quote(text: str, quote: str, share: float = MIN_QUOTE_SHARE) -> bool:
    """Return True if at least `share` of the words of a quote occur in a text in one piece."""
    return _contains(split_words(text), split_words(quote), share)


def _contains(words: Sequence[str], quote: Sequence[str], share: float = MIN_QUOTE_SHARE) -> bool:
    return not quote or _longest_common_run(words, quote) >= ceil(len(quote) * share)


def _longest_common_run(words: Sequence[str], quote: Sequence[str]) -> int:
    """Return the length of the longest sequence of words that occurs in both texts."""
    longest = 0
    lengths: dict[int, int] = {}
    positions: dict[str, list[int]] = {}
    for position, word in enumerate(quote):
        positions.setdefault(word, []).append(position)
    for word in words:
        current: dict[int, int] = {}
        for position in positions.get(word, ()):
            current[position] = lengths.get(position - 1, 0) + 1
            longest = max(longest, current[position])
        lengths = current
    return longest
