"""Comparison of runs: different settings and best metric values."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select

from vong.experiments import tables
from vong.experiments.curves import Curve, load_curves
from vong.experiments.runs import get_run
from vong.records import Record, TrainingRun

LARGER_IS_BETTER_SUFFIXES = ("accuracy", "tokens_per_second", "score", "reward", "win_rate")
"""Suffixes of metric names whose largest value is best. For all others (losses, errors, times) the smallest is."""

UNRANKED_METRICS = {"epoch", "learning_rate", "seconds_left", "cpu_percent", "gpu_percent"}
"""Metrics of which no value is better than another one."""


class RunComparison(Record):
    """Runs compared with each other. Lists are in the order of `runs`.

    `settings` contains only settings that differ. `best` holds the best value of each metric and `last` its last value
    (null if a run lacks the metric). `winner` is the index of the best run per metric, without metrics that are equal
    in all runs or have no better values. `curves` are the downsampled curves of each run.
    """

    runs: tuple[TrainingRun, ...]
    settings: dict[str, list[Any]]
    best: dict[str, list[float | None]]
    last: dict[str, list[float | None]]
    winner: dict[str, int]
    curves: list[list[Curve]]


def compare(connection: Connection, run_ids: Sequence[UUID], max_points: int = 200) -> RunComparison:
    """Compare runs, with at most `max_points` points per curve.

    Raises:
        NotFound: A run does not exist.
    """
    runs = [get_run(connection, run_id) for run_id in run_ids]
    settings_by_run = [{"base": run.base, "dataset": run.dataset, "recipe": run.recipe, **run.settings} for run in runs]
    names = dict.fromkeys(name for one in settings_by_run for name in one)
    settings = {name: [one.get(name) for one in settings_by_run] for name in names}
    extremes = [_load_extremes(connection, run.id) for run in runs]
    metric_names = sorted({name for one in extremes for name in one})
    best = {name: [_best_value(name, one.get(name)) for one in extremes] for name in metric_names}
    return RunComparison(
        runs=tuple(runs),
        settings={name: values for name, values in settings.items() if any(value != values[0] for value in values)},
        best=best,
        last={name: [one[name][2] if name in one else None for one in extremes] for name in metric_names},
        winner={name: _best_run_index(name, values) for name, values in best.items() if _has_winner(name, values)},
        curves=[load_curves(connection, run.id, None, max_points) for run in runs],
    )


def _load_extremes(connection: Connection, run_id: UUID) -> dict[str, tuple[float, float, float]]:
    """Return the smallest, largest and last value of each metric."""
    column = tables.metrics.c
    smallest, largest = func.min(column.value), func.max(column.value)
    limits = select(column.name, smallest, largest).where(column.run_id == run_id).group_by(column.name)
    newest = select(column.name, column.value).where(column.run_id == run_id).distinct(column.name)
    ends = {name: value for name, value in connection.execute(newest.order_by(column.name, column.step.desc())).all()}
    return {name: (low, high, ends[name]) for name, low, high in connection.execute(limits).all()}


def _is_larger_better(name: str) -> bool:
    return name.startswith("sample_") or name.endswith(LARGER_IS_BETTER_SUFFIXES)


def _best_value(name: str, extremes: tuple[float, float, float] | None) -> float | None:
    if extremes is None:
        return None
    return extremes[2] if name in UNRANKED_METRICS else extremes[1] if _is_larger_better(name) else extremes[0]


def _has_winner(name: str, values: Sequence[float | None]) -> bool:
    return name not in UNRANKED_METRICS and any(value != values[0] for value in values)


def _best_run_index(name: str, values: Sequence[float | None]) -> int:
    known = [(value, index) for index, value in enumerate(values) if value is not None]
    return (max if _is_larger_better(name) else min)(known, key=lambda one: one[0])[1]
