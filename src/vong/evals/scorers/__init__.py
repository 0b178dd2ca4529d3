"""Scorers, one per file: each function returns a `Scorer` for its options; its docstring is its documentation page.

In: an output and its reference, or a `ScorerInput`. Out: a `MetricValue` for each metric, with totals equal to those of
its library.

May import `errors`, `plugins`, `records` and `language_detection`; a scorer imports its metric library inside its
function.
"""

from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, build_input_scorer, mean_metric
from vong.evals.scorers.services import NO_SERVICES, ScorerServices

__all__ = [
    "NO_SERVICES",
    "MetricValue",
    "Scorer",
    "ScorerInput",
    "ScorerServices",
    "build_input_scorer",
    "mean_metric",
]
