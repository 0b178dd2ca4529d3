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
    reference. `signature` identifies the exact computation. `measure_several(output, references)` is the metric's own
    definition for several references; if it is None, each metric has its value with the best reference.
    """

    signature: str
    measure: Callable[[str, str], dict[str, MetricValue]]
    total: Callable[[Sequence[float]], float] | None = None
    best: float = 1.0
    uses_reference: bool = True
    measure_several: Callable[[str, Sequence[str]], dict[str, MetricValue]] | None = None

    def measure_references(self, output: str, references: Sequence[str]) -> dict[str, MetricValue]:
        """Return the metrics of an output for which each of the references is correct."""
        if len(references) == 1:
            return self.measure(output, references[0])
        if self.measure_several is not None:
            return self.measure_several(output, references)
        best: dict[str, MetricValue] = {}
        for reference in references:
            for metric, one in self.measure(output, reference).items():
                if metric not in best or one.value > best[metric].value:
                    best[metric] = one
        return best


def mean_metric(value: float) -> MetricValue:
    """Return the value of a metric whose total is the mean over outputs."""
    return MetricValue(float(value), (float(value), 1.0))
