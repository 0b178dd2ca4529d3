"""Report of a suite run: metrics with intervals and variance, threshold checks, and the worst slices."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vong.evals import scoring
from vong.evals.paired_tests import group_p_value, holm_adjust
from vong.evals.runs import ScoredOutput
from vong.evals.scorers import Scorer, mean_metric
from vong.evals.statistics import bootstrap_total
from vong.evals.suites import SuiteEntry, Threshold, list_metrics
from vong.records import Record

Floats = NDArray[np.float64]

SEED = 20_260
MIN_SLICE_EXAMPLES = 8
"""Smallest slice that is compared with the other examples."""
MAX_WORST_SLICES = 20
TRUNCATED = "length"


class SuiteMetric(Record):
    """Metric of an entry over all repeats, with its 95 % interval over the examples.

    `values` has the total of each repeat. `within_error` is the standard error over the examples, `between_deviation`
    the standard deviation between repeats (null for a single one): a difference between models below it may be due to
    sampling alone.
    """

    entry: int
    scorer: str
    n: int
    value: float
    low: float
    high: float
    values: tuple[float, ...]
    within_error: float
    between_deviation: float | None = None
    higher_is_better: bool | None = True


class SuiteCheck(Record):
    """Result of a threshold. `value` is null if no example of the slice has the metric; the check then fails."""

    entry: int
    scorer: str
    slice: str | None = None
    direction: str
    bound: float
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    passed: bool
    confident: bool = False


class WorstSlice(Record):
    """Slice whose mean is worse than that of the other examples, with a permutation test.

    `adjusted_p` is Holm's correction over all slices and metrics of the suite run.
    """

    entry: int
    scorer: str
    slice: str
    n: int
    value: float
    rest: float
    p: float
    adjusted_p: float


class EntryOutputs:
    """Outputs of the repeats of one entry as columns: for each metric the statistics and values of each example."""

    def __init__(self, entry: SuiteEntry, repeats: Sequence[Sequence[ScoredOutput]]) -> None:
        self.entry = entry
        self.scorers = scoring.build_scorers(entry.scorers)
        self._repeats = [[_with_run_metrics(output) for output in outputs] for outputs in repeats]
        names = dict.fromkeys(name for one in self._repeats for _, values in one for name in values)
        self.metrics = list_metrics(entry, list(names))

    def find_scorer(self, metric: str) -> Scorer | None:
        """Return the scorer that computes a metric."""
        return scoring.find_scorer(self.scorers, metric)

    def higher_is_better(self, metric: str) -> bool | None:
        """Return whether higher values of a metric are better."""
        if metric in LOWER_IS_BETTER:
            return False
        scorer = self.find_scorer(metric)
        return True if scorer is None else scorer.higher_is_better

    def rows(self, metric: str, positions: frozenset[int] | None = None) -> dict[int, Floats]:
        """Return the statistics of each example, averaged over the repeats, by position."""
        found: dict[int, list[Sequence[float]]] = {}
        for outputs in self._repeats:
            for position, values in outputs:
                if metric in values and (positions is None or position in positions):
                    found.setdefault(position, []).append(values[metric].statistics)
        return {position: np.mean(rows, axis=0) for position, rows in found.items()}

    def values(self, metric: str) -> dict[int, float]:
        """Return the value of each example, averaged over the repeats, by position."""
        found: dict[int, list[float]] = {}
        for outputs in self._repeats:
            for position, values in outputs:
                if metric in values:
                    found.setdefault(position, []).append(values[metric].value)
        return {position: sum(values) / len(values) for position, values in found.items()}

    def totals(self, metric: str) -> list[float]:
        """Return the total of each repeat."""
        rows = [[values[metric].statistics for _, values in one if metric in values] for one in self._repeats]
        return [scoring.compute_total(self.find_scorer(metric), one) for one in rows if one]


LOWER_IS_BETTER = frozenset({"failed_share", "truncated_share", "latency_ms", "cost"})
NOT_SLICED = frozenset({"latency_ms", "cost"})
"""Metrics of every run whose slices are not tested: each further test weakens the correction of the others."""


def measure_metrics(number: int, outputs: EntryOutputs) -> list[SuiteMetric]:
    """Return all metrics of an entry with intervals. Examples are the unit of resampling, repeats are averaged."""
    found: list[SuiteMetric] = []
    for metric in outputs.metrics:
        rows, totals = outputs.rows(metric), outputs.totals(metric)
        interval = bootstrap_total(np.array(list(rows.values())), _total_function(outputs, metric), seed=SEED)
        found.append(
            SuiteMetric(
                entry=number,
                scorer=metric,
                n=len(rows),
                value=interval.value if len(totals) > 1 else totals[0],
                low=interval.low,
                high=interval.high,
                values=tuple(totals),
                within_error=interval.standard_error,
                between_deviation=float(np.std(totals, ddof=1)) if len(totals) > 1 else None,
                higher_is_better=outputs.higher_is_better(metric),
            )
        )
    return found


def check_thresholds(
    number: int, outputs: EntryOutputs, slices: Mapping[str, frozenset[int]], extra: Sequence[Threshold] = ()
) -> list[SuiteCheck]:
    """Return the result of each threshold of an entry, and of further ones."""
    return [_check(number, outputs, slices, threshold) for threshold in (*outputs.entry.thresholds, *extra)]


def find_worst_slices(groups: Sequence[tuple[int, EntryOutputs, Mapping[str, frozenset[int]]]]) -> list[WorstSlice]:
    """Return the slices of all entries that are worse than the other examples, the most certain first.

    Every slice of at least `MIN_SLICE_EXAMPLES` examples is tested on every metric with a direction, and Holm's
    correction covers all of these tests.
    """
    tested: list[tuple[WorstSlice, bool]] = []
    for number, outputs, slices in groups:
        for metric in outputs.metrics:
            direction = outputs.higher_is_better(metric)
            if direction is not None and metric not in NOT_SLICED:
                tested += [(one, direction) for one in _test_slices(number, outputs, metric, slices)]
    adjusted = holm_adjust([one.p for one, _ in tested])
    worse = [
        one.model_copy(update={"adjusted_p": p})
        for (one, higher_is_better), p in zip(tested, adjusted, strict=True)
        if (one.value < one.rest if higher_is_better else one.value > one.rest)
    ]
    return sorted(worse, key=lambda one: (one.adjusted_p, one.p))[:MAX_WORST_SLICES]


def _test_slices(
    number: int, outputs: EntryOutputs, metric: str, slices: Mapping[str, frozenset[int]]
) -> list[WorstSlice]:
    by_position = outputs.values(metric)
    positions, values = list(by_position), np.array(list(by_position.values()))
    found: list[WorstSlice] = []
    for name, members in slices.items():
        inside = np.array([position in members for position in positions], dtype=bool)
        size = int(inside.sum())
        if size < MIN_SLICE_EXAMPLES or size == len(values):
            continue
        found.append(
            WorstSlice(
                entry=number,
                scorer=metric,
                slice=name,
                n=size,
                value=float(values[inside].mean()),
                rest=float(values[~inside].mean()),
                p=group_p_value(values, inside, seed=SEED),
                adjusted_p=1.0,
            )
        )
    return found


def _check(
    number: int, outputs: EntryOutputs, slices: Mapping[str, frozenset[int]], threshold: Threshold
) -> SuiteCheck:
    common: dict[str, Any] = {
        "entry": number,
        "scorer": threshold.scorer,
        "slice": threshold.slice,
        "direction": threshold.direction,
        "bound": threshold.bound,
        "confident": threshold.confident,
    }
    positions = None if threshold.slice is None else slices.get(threshold.slice, frozenset())
    rows = outputs.rows(threshold.scorer, positions)
    if not rows:
        return SuiteCheck(**common, passed=False)
    interval = bootstrap_total(np.array(list(rows.values())), _total_function(outputs, threshold.scorer), seed=SEED)
    value = interval.value
    if threshold.direction == "at_least":
        passed = (interval.low if threshold.confident else value) >= threshold.bound - 1e-12
    else:
        passed = (interval.high if threshold.confident else value) <= threshold.bound + 1e-12
    return SuiteCheck(**common, value=value, low=interval.low, high=interval.high, n=len(rows), passed=passed)


def _total_function(outputs: EntryOutputs, metric: str) -> Callable[[Sequence[float]], float] | None:
    scorer = outputs.find_scorer(metric)
    return scorer.total if scorer else None


def _with_run_metrics(output: ScoredOutput) -> tuple[int, scoring.MetricValues]:
    """Return the metrics of an output with those that every run has."""
    mean = mean_metric
    values = {**output.metric_values, "failed_share": mean(output.error is not None)}
    values["truncated_share"] = mean(output.finish_reason == TRUNCATED)
    if output.error is None:
        values["latency_ms"] = mean(output.latency_ms)
        if output.cost is not None:
            values["cost"] = mean(output.cost)
    return output.position, values
