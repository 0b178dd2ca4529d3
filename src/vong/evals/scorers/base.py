"""Scorer interface: a scorer is a function that takes options and returns a `Scorer`.

A `Scorer` computes the contribution of one output to each of its metrics, and a metric from the sum of these
contributions. Totals, comparisons and resampling therefore need no second look at the texts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class MetricValue(NamedTuple):
    """Value of one metric for one output, with the `statistics` whose sums over all outputs yield the total."""

    value: float
    statistics: tuple[float, ...]


@dataclass(frozen=True)
class Scorer:
    """Computation of one or more metrics of an output against a reference.

    `measure(output, reference)` returns a `MetricValue` for each metric. `total(sums)` computes the metric from the
    summed statistics; if it is None, the metric is a mean and the statistics are (value, 1). `best` is the value of a
    perfect output in the library's unit (1 or 100); the worst is 0. `uses_reference` is False if `measure` ignores the
    reference. `signature` identifies the exact computation.
    """

    signature: str
    measure: Callable[[str, str], dict[str, MetricValue]]
    total: Callable[[Sequence[float]], float] | None = None
    best: float = 1.0
    uses_reference: bool = True


def mean_metric(value: float) -> MetricValue:
    """Return the value of a metric whose total is the mean over outputs."""
    return MetricValue(float(value), (float(value), 1.0))
