"""Scorers, one file each: a function from options to a `Scorer`; its docstring is its page in the docs.

In: an answer and its reference. Out: a `Measure` for each metric, and totals that equal the metric's own library's.
"""

from vong.evals.scorers.base import MetricValue, Scorer, share

__all__ = ["MetricValue", "Scorer", "share"]
