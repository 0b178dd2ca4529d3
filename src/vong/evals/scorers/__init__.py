"""Scorers, one per file: each function returns a `Scorer` for its options; its docstring is its documentation page.

In: an output and its reference. Out: a `MetricValue` for each metric, with totals equal to those of its library.

May import `errors` and `plugins`; a scorer imports its metric library inside its function.
"""

from vong.evals.scorers.base import MetricValue, Scorer, mean_metric

__all__ = ["MetricValue", "Scorer", "mean_metric"]
