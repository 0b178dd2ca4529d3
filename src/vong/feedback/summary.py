"""Summaries of scores: counts, means and confidence intervals."""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from vong.feedback import tables
from vong.feedback.scores import ScoreFilter, filter_conditions
from vong.records import Record
from vong.records.intervals import normal_interval, wilson_interval

GroupField = Literal["name", "route", "model", "model_version", "source"]
DEFAULT_GROUPING: tuple[GroupField, ...] = ("name", "route", "model_version")


class ScoreSummary(Record):
    """Summary of the scores of one group. `n` counts the scores that have a value.

    `low` and `high` bound the mean at 95 %: by `wilson` if all values are 0 or 1, else by `normal`; null below two
    values. The bounds are valid at one moment that was fixed beforehand, not as a stopping rule.
    """

    name: str | None = None
    route: str | None = None
    model: str | None = None
    model_version: str | None = None
    source: str | None = None
    scores: int
    n: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    method: Literal["wilson", "normal"] | None = None
    corrections: int
    comments: int


def summarize(
    connection: Connection, score_filter: ScoreFilter | None = None, by: Sequence[GroupField] = DEFAULT_GROUPING
) -> list[ScoreSummary]:
    """Summarize the matching scores for each combination of the `by` fields."""
    scores = tables.scores.c
    groups = [scores[name] for name in by]
    value = scores.value
    query = select(
        *groups,
        func.count().label("scores"),
        func.count(value).label("n"),
        func.avg(value).label("mean"),
        func.stddev_samp(value).label("deviation"),
        func.coalesce(func.bool_and(value.in_([0.0, 1.0])), False).label("binary"),
        func.count(scores.correction).label("corrections"),
        func.count(scores.comment).label("comments"),
    ).where(*filter_conditions(score_filter or ScoreFilter()))
    if groups:
        query = query.group_by(*groups).order_by(*groups)
    return [_to_summary(dict(row)) for row in connection.execute(query).mappings()]


def _to_summary(row: dict[str, Any]) -> ScoreSummary:
    deviation, binary = row.pop("deviation"), row.pop("binary")
    mean, n = row["mean"], row["n"]
    if mean is None or n < 2:
        return ScoreSummary.model_validate(row)
    low, high = wilson_interval(mean, n) if binary else normal_interval(mean, deviation, n)
    return ScoreSummary.model_validate({**row, "low": low, "high": high, "method": "wilson" if binary else "normal"})
