"""Scores of sample generations, computed by a function that the caller of a recipe passes in."""

from collections.abc import Callable, Sequence
from typing import NamedTuple


class SampleScores(NamedTuple):
    """Totals of all metrics over the samples, and the metrics of each sample."""

    totals: dict[str, float]
    samples: list[dict[str, float]]


SampleScorer = Callable[[Sequence[str], Sequence[str]], SampleScores]
"""Function that scores outputs against their references."""
