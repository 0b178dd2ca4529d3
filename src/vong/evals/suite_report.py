"""Report of a suite run: metrics with intervals and variance, threshold checks, and the worst slices."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vong.evals import scoring
from vong.evals.paired_tests import group_p_value, holm_adjust
from vong.evals.runs import ScoredOutput
from vong.evals.scorers import Scorer, mean_metric
from vong.evals.statistics import TotalInterval, bootstrap_total
from vong.evals.suite_results import SuiteCheck, SuiteMetric, WorstSlice
from vong.evals.suites import SuiteEntry, Threshold, list_metrics

Floats = NDArray[np.float64]

SEED = 20_260
MIN_SLICE_EXAMPLES = 8
"""Smallest slice that is compared with the other examples."""
MAX_WORST_SLICES = 20
TRUNCATED = "length"


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

    def count_measured(self, metric: str, positions: frozenset[int] | None = None) -> tuple[int, int]:
        """Return how many answers have a metric, and how many should have it, over all repeats."""
        chosen = [
            values for one in self._repeats for position, values in one if positions is None or position in positions
        ]
        failed = [values["failed_share"].value > 0 for values in chosen] if metric in OF_SUCCESSFUL else []
        return sum(metric in values for values in chosen), len(chosen) - sum(failed)

    def totals(self, metric: str) -> list[float]:
        """Return the total of each repeat."""
        rows = [[values[metric].statistics for _, values in one if metric in values] for one in self._repeats]
        return [scoring.compute_total(self.find_scorer(metric), one) for one in rows if one]


LOWER_IS_BETTER = frozenset({"failed_share", "truncated_share", "latency_ms", "cost"})
OF_SUCCESSFUL = frozenset({"latency_ms", "cost"})
"""Metrics of every run that only successful requests have.

Their slices are not tested: each further test weakens the correction of the others.
"""


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
            if direction is not None and metric not in OF_SUCCESSFUL:
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
    where = f" in the slice {threshold.slice}" if threshold.slice else ""
    if not rows:
        return SuiteCheck(**common, passed=False, reason=f"no example{where} has this metric")
    interval = bootstrap_total(np.array(list(rows.values())), _total_function(outputs, threshold.scorer), seed=SEED)
    measured, expected = outputs.count_measured(threshold.scorer, positions)
    reason = _find_fault(threshold, interval)
    if measured < threshold.min_share * expected - 1e-9:
        missing = (
            f"only {measured} of {expected} answers{where} have this metric, {threshold.min_share:.0%} must have it"
        )
        reason = f"{missing}; {reason}" if reason else missing
    return SuiteCheck(
        **common,
        value=interval.value,
        low=interval.low,
        high=interval.high,
        n=len(rows),
        share=measured / expected,
        passed=not reason,
        reason=reason,
    )


def _find_fault(threshold: Threshold, interval: TotalInterval) -> str:
    """Return why a value or its interval misses the bound. Returns an empty text if it does not."""
    if threshold.direction == "at_least":
        compared = interval.low if threshold.confident else interval.value
        if compared >= threshold.bound - 1e-12:
            return ""
    else:
        compared = interval.high if threshold.confident else interval.value
        if compared <= threshold.bound + 1e-12:
            return ""
    end = ("low" if threshold.direction == "at_least" else "high") + " end of the interval"
    name = f"the {end}" if threshold.confident else "the value"
    return f"{name} is {compared:.6g}, {threshold.direction.replace('_', ' ')} {threshold.bound:g} is required"


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
