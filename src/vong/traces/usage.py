"""Usage reports and filter values, computed from hourly counts that are updated as spans arrive."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from vong.errors import InvalidInput
from vong.records import Record, now
from vong.records.usage_report import UsageBucket, UsageBy, UsagePoint, UsageReport, UsageTotals
from vong.traces import tables

DEFAULT_RANGE: dict[UsageBucket, timedelta] = {
    "minute": timedelta(hours=1),
    "hour": timedelta(days=1),
    "day": timedelta(days=30),
}
"""Default time range of a report by bucket."""
MAX_RANGE: dict[UsageBucket, timedelta] = {
    "minute": timedelta(hours=6),
    "hour": timedelta(days=31),
    "day": timedelta(days=400),
}
HISTOGRAM_START_MS, BUCKETS_PER_E = 0.5, 9.18
"""Bucket i of a histogram starts at 0.5 ms * e^(i / 9.18), as defined in migration 0014."""
FACET_DAYS = 7


class Facet(Record):
    """Value of a field and the number of spans with it."""

    value: str
    count: int


class Facets(Record):
    """Filter values of the last seven days with their counts, most frequent first, at most 100 per field."""

    since: datetime
    kinds: tuple[Facet, ...] = ()
    statuses: tuple[Facet, ...] = ()
    routes: tuple[Facet, ...] = ()
    models: tuple[Facet, ...] = ()
    keys: tuple[Facet, ...] = ()


class TimeRange(NamedTuple):
    """Time range that starts at a bucket boundary."""

    since: datetime
    until: datetime


def get_usage(
    connection: Connection,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    bucket: UsageBucket = "hour",
    by: UsageBy = "none",
    kinds: Sequence[str] = ("chat", "embeddings", "rerank"),
) -> UsageReport:
    """Return the usage of the model calls that started in `since` <= t < `until`, by bucket and group.

    Raises:
        InvalidInput: the range has too many buckets for a chart. The maximum is 6 hours of minutes, 31 days of hours or
            400 days.
    """
    period = resolve_range(since, until, bucket)
    read = tables.usage_from_spans if bucket == "minute" else tables.usage_from_hours
    rows = read(connection, tables.UsageQuery(period.since, period.until, bucket, by, tuple(kinds)))
    points = tuple(UsagePoint(at=row.at, **_to_totals(row)) for row in rows.points)
    totals = tuple(UsageTotals(**_to_totals(row)) for row in rows.totals)
    return UsageReport(since=period.since, until=period.until, bucket=bucket, by=by, points=points, totals=totals)


def get_facets(connection: Connection) -> Facets:
    """Return the filter values of the spans of the last seven days."""
    since = (now() - timedelta(days=FACET_DAYS)).replace(minute=0, second=0, microsecond=0)
    found = tables.list_facets(connection, since)
    values = {name: tuple(Facet(value=value, count=count) for value, count in rows) for name, rows in found.items()}
    return Facets(since=since, **values)


def percentile(histogram: Sequence[float] | None, share: float) -> float | None:
    """Return the percentile of a histogram in milliseconds, interpolated within its bucket."""
    total = sum(histogram) if histogram is not None else 0
    if histogram is None or not total:
        return None
    target, below = share * total, 0.0
    for step, count in enumerate(histogram):
        if count and below + count >= target:
            return HISTOGRAM_START_MS * math.exp((step + (target - below) / count) / BUCKETS_PER_E)
        below += count
    return HISTOGRAM_START_MS * math.exp(len(histogram) / BUCKETS_PER_E)


def resolve_range(since: datetime | None, until: datetime | None, bucket: UsageBucket) -> TimeRange:
    """Return the time range of a report, from a bucket boundary. Raises InvalidInput if it is empty or too long."""
    for moment in (since, until):
        if moment is not None and moment.tzinfo is None:
            raise InvalidInput(f"{moment.isoformat()} has no time zone", "add an offset: …Z or …+07:00")
    end = until or now()
    try:
        begin = since or end - DEFAULT_RANGE[bucket]
    except OverflowError:
        raise InvalidInput(f"until {end.isoformat()} is too early", "set a later until") from None
    if begin >= end:
        raise InvalidInput("since is not before until", "set an earlier since")
    if end - begin > MAX_RANGE[bucket]:
        longer = {"minute": "hour", "hour": "day"}.get(bucket)
        hint = f"set bucket={longer}, or a shorter range" if longer else "set a shorter range"
        hours, most = ((duration // timedelta(hours=1)) for duration in (end - begin, MAX_RANGE[bucket]))
        message = f"a range of {hours} hours is too long for buckets of one {bucket}: at most {most} hours"
        raise InvalidInput(message, hint)
    begin = begin.replace(second=0, microsecond=0)
    return TimeRange(begin if bucket == "minute" else begin.replace(minute=0), end)


def _to_totals(row: Row[Any]) -> dict[str, Any]:
    columns = dict(row._mapping)  # pyright: ignore[reportPrivateUsage]  # SQLAlchemy's public name for it
    columns.pop("at", None)
    if "durations" in columns:
        durations, first = columns.pop("durations"), columns.pop("first_tokens")
        columns["latency_p50"], columns["latency_p95"] = percentile(durations, 0.5), percentile(durations, 0.95)
        columns["first_token_p50"] = percentile(first, 0.5)
    return columns
