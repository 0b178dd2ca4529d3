"""Drift between two sets of texts: how well a classifier tells them apart on texts that it has not seen.

A multinomial naive Bayes classifier over words is trained on nine tenths of both sets and ranks the last tenth, in ten
turns. The area under the ROC curve is 0.5 if the sets have the same distribution, and 1 if every text of one set is
recognised. This is the classifier two-sample test (Lopez-Paz and Oquab, 2017, arXiv:1610.06545).
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

from pydantic import Field

from vong.records import Record

FOLDS = 10
MAX_TEXTS = 1000
"""Texts of each set that are compared: evenly spaced ones of a larger set."""
MIN_TEXTS = 20
MAX_WORDS_PER_TEXT = 400
LISTED_WORDS = 10
WORD = re.compile(r"\w+")
NO_SPACES = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Characters of scripts without spaces between words, which count one by one."""


class DriftReport(Record):
    """Drift of `live_texts` texts against `reference_texts` texts.

    `score` is the area under the ROC curve, from 0.5 (no drift) to 1; `low` and `high` bound it at 95 %. `words` are
    those that mark the live texts most.
    """

    score: float
    low: float
    high: float
    reference_texts: int
    live_texts: int
    words: tuple[str, ...] = Field(default=())


def measure_drift(reference: Sequence[str], live: Sequence[str]) -> DriftReport | None:
    """Return the drift of live texts against reference texts. Returns None if a set has fewer than 20 texts."""
    sets = [[_count_words(text) for text in _choose(texts)] for texts in (reference, live)]
    if min(map(len, sets)) < MIN_TEXTS:
        return None
    scores: list[list[float]] = [[], []]
    for fold in range(FOLDS):
        kept = [[row for number, row in enumerate(one) if number % FOLDS != fold] for one in sets]
        weights, unknown = _train(kept[0], kept[1])
        for side, rows in enumerate(sets):
            scores[side] += [
                sum(weights.get(word, unknown) * count for word, count in row.items()) / max(1, row.total())
                for row in rows[fold::FOLDS]
            ]
    score = _area(scores[0], scores[1])
    error = _standard_error(score, len(scores[0]), len(scores[1]))
    weights, _ = _train(sets[0], sets[1])
    frequency = Counter[str]()
    for row in sets[1]:
        frequency.update(row)
    marking = sorted(weights, key=lambda word: (-weights[word] * frequency[word], word))
    return DriftReport(
        score=round(score, 4),
        low=round(max(0.0, score - 1.96 * error), 4),
        high=round(min(1.0, score + 1.96 * error), 4),
        reference_texts=len(sets[0]),
        live_texts=len(sets[1]),
        words=tuple(word for word in marking[:LISTED_WORDS] if weights[word] > 0),
    )


def _choose(texts: Sequence[str]) -> list[str]:
    step = max(1.0, len(texts) / MAX_TEXTS)
    return [texts[int(number * step)] for number in range(min(len(texts), MAX_TEXTS))]


def _count_words(text: str) -> Counter[str]:
    words: list[str] = []
    for word in WORD.findall(text.lower()):
        words += list(word) if NO_SPACES.search(word) else [word]
        if len(words) >= MAX_WORDS_PER_TEXT:
            break
    return Counter(words)


def _train(reference: Sequence[Counter[str]], live: Sequence[Counter[str]]) -> tuple[dict[str, float], float]:
    """Return the logarithm of each word's likelihood ratio, with additive smoothing, and that of an unknown word."""
    counts = [Counter[str](), Counter[str]()]
    for total, rows in zip(counts, (reference, live), strict=True):
        for row in rows:
            total.update(row)
    words = counts[0].keys() | counts[1].keys()
    size = len(words) + 1
    totals = [math.log(one.total() + size) for one in counts]
    weights = {
        word: math.log(counts[1][word] + 1) - totals[1] - math.log(counts[0][word] + 1) + totals[0] for word in words
    }
    return weights, totals[0] - totals[1]


def _area(reference: Sequence[float], live: Sequence[float]) -> float:
    """Return the probability that a live text ranks above a reference text; ties count half."""
    ranked = sorted([(score, 0) for score in reference] + [(score, 1) for score in live])
    rank_sum, start = 0.0, 0
    while start < len(ranked):
        end = start
        while end < len(ranked) and ranked[end][0] == ranked[start][0]:
            end += 1
        rank_sum += (start + end + 1) / 2 * sum(side for _, side in ranked[start:end])
        start = end
    pairs = len(reference) * len(live)
    return (rank_sum - len(live) * (len(live) + 1) / 2) / pairs


def _standard_error(area: float, reference: int, live: int) -> float:
    """Return the standard error of an area (Hanley and McNeil, 1982)."""
    one, two = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (live - 1) * (one - area**2) + (reference - 1) * (two - area**2)
    return math.sqrt(max(variance, 0.0) / (reference * live))
