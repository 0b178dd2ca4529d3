"""Statistics of prompt versions: calls, users, tokens, cost, latency, errors and scores, in total and by day."""

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from vong.feedback.tables import scores
from vong.prompts import tables, versions
from vong.records import Record
from vong.records.intervals import Z_95, wilson_interval
from vong.records.prompt import HASH_CHARS
from vong.records.span import ATTEMPT_KIND
from vong.store.spans.schema import spans
from vong.traces.prompt_usage import list_prompt_usage
from vong.traces.usage import resolve_range


class PromptScore(Record):
    """Mean of the scores of one name with its 95 % interval: Wilson's for scores of 0 and 1, else the normal one.

    `low` and `high` are null for a single score that is neither 0 nor 1.
    """

    name: str
    n: int
    mean: float
    low: float | None = None
    high: float | None = None


class PromptUsage(Record):
    """Calls of one version. Latencies are in milliseconds, the cost in millionths of a US dollar.

    The cost is that of the `priced` calls, whose price is known; null if there is none.
    """

    calls: int = 0
    errors: int = 0
    users: int = 0
    priced: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: int | None = None
    latency_p50: float | None = None
    latency_p95: float | None = None


class PromptVersionStatistics(PromptUsage):
    """Usage and scores of one version, and the labels that name it."""

    version: str
    number: int
    labels: tuple[str, ...] = ()
    scores: tuple[PromptScore, ...] = ()


class PromptDayStatistics(PromptUsage):
    """Usage of one version on one day (UTC)."""

    version: str
    day: date


class PromptStatistics(Record):
    """Statistics of a prompt: versions with calls or labels, newest first, and days with calls, oldest first."""

    name: str
    since: datetime
    until: datetime
    versions: tuple[PromptVersionStatistics, ...]
    days: tuple[PromptDayStatistics, ...]


def measure(
    connection: Connection, name: str, since: datetime | None = None, until: datetime | None = None
) -> PromptStatistics:
    """Return the statistics of the calls that started in `since` <= t < `until`, by default in the last 30 days.

    Raises:
        NotFound: the prompt does not exist.
        InvalidInput: the range is empty or longer than 400 days.
    """
    versions.check_exists(connection, name)
    period = resolve_range(since, until, "day")
    columns = tables.versions.c
    query = select(columns.hash, columns.number).where(columns.name == name).order_by(columns.number.desc())
    numbers = {f"{name}@{hash_[:HASH_CHARS]}": number for hash_, number in connection.execute(query)}
    totals = {row.version: row for row in list_prompt_usage(connection, list(numbers), period.since, period.until)}
    found = _scores(connection, list(numbers), period.since, period.until)
    labels = {one.version: [] for one in versions.list_labels(connection, name)}
    for one in versions.list_labels(connection, name):
        labels[one.version].append(one.label)
    days = list_prompt_usage(connection, list(totals), period.since, period.until, by_day=True)
    return PromptStatistics(
        name=name,
        since=period.since,
        until=period.until,
        versions=tuple(
            PromptVersionStatistics(
                version=ref,
                number=number,
                labels=tuple(labels.get(ref, ())),
                scores=found.get(ref, ()),
                **_usage(totals.get(ref)),
            )
            for ref, number in numbers.items()
            if ref in totals or ref in found or ref in labels
        ),
        days=tuple(PromptDayStatistics(version=row.version, day=row.day.date(), **_usage(row)) for row in days),
    )


def _usage(row: Row[Any] | None) -> Mapping[str, Any]:
    return {} if row is None else {name: getattr(row, name) for name in PromptUsage.model_fields}


def _scores(
    connection: Connection, refs: list[str], since: datetime, until: datetime
) -> dict[str, tuple[PromptScore, ...]]:
    """Return the scores of the calls of each version, by name."""
    value, calls = scores.c.value, spans.c
    query = (
        select(
            calls.prompt_version,
            scores.c.name,
            func.count(),
            func.avg(value),
            func.stddev_samp(value),
            func.bool_and(value.in_((0.0, 1.0))),
        )
        .join(spans, calls.id == scores.c.span_id)
        .where(
            calls.prompt_version.in_(refs),
            calls.started_at >= since,
            calls.started_at < until,
            calls.kind != ATTEMPT_KIND,
            value.is_not(None),
        )
        .group_by(calls.prompt_version, scores.c.name)
        .order_by(scores.c.name)
    )
    found: dict[str, list[PromptScore]] = {}
    for ref, name, n, mean, deviation, is_binary in connection.execute(query):
        low, high = _interval(mean, deviation, n, is_binary=is_binary)
        found.setdefault(ref, []).append(PromptScore(name=name, n=n, mean=mean, low=low, high=high))
    return {ref: tuple(one) for ref, one in found.items()}


def _interval(mean: float, deviation: float | None, n: int, *, is_binary: bool) -> tuple[float | None, float | None]:
    if is_binary:
        return wilson_interval(mean, n)
    if deviation is None:
        return None, None
    spread = Z_95 * deviation / math.sqrt(n)
    return mean - spread, mean + spread
