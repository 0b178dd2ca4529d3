"""What a scorer is: a function from its options to a `Scorer`.

A scorer says what one answer contributes to each of its metrics, and how a metric follows from the sum of those
contributions. That is enough for totals, for comparing two runs and for resampling them without reading texts again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class MetricValue(NamedTuple):
    """One answer under one metric: its own `value`, and the `statistics` whose sums over all answers give the total."""

    value: float
    statistics: tuple[float, ...]


@dataclass(frozen=True)
class Scorer:
    """Scores answers against references.

    `measure(answer, reference)` gives a `Measure` for each metric. `total(sums)` makes the metric of the summed
    statistics; where it is None the metric is a mean: statistics are (value, 1). `best` is the value of a perfect
    answer in the library's own unit (1 or 100), the worst is 0. `signature` says exactly how the metric is computed.
    """

    signature: str
    measure: Callable[[str, str], dict[str, MetricValue]]
    total: Callable[[Sequence[float]], float] | None = None
    best: float = 1.0


def share(value: float) -> MetricValue:
    """The measure of a metric that is a mean over answers."""
    return MetricValue(float(value), (float(value), 1.0))
