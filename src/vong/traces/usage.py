"""Usage over time and what there is to filter by, from the hours that are counted as spans arrive."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from vong.errors import InvalidInput
from vong.records import Record, now
from vong.records.usage_report import Bucket, UsageBy, UsagePoint, UsageReport, UsageTotals
from vong.traces import tables

BEFORE: dict[Bucket, timedelta] = {"minute": timedelta(hours=1), "hour": timedelta(days=1), "day": timedelta(days=30)}
"""How far back a report goes where nothing is said."""
LONGEST: dict[Bucket, timedelta] = {
    "minute": timedelta(hours=6),
    "hour": timedelta(days=31),
    "day": timedelta(days=400),
}
SHORTEST_MS, STEPS_PER_E = 0.5, 9.18
"""Step i of a histogram begins at 0.5 ms times e to the power of i / 9.18, as migration 0014 says."""
FACET_DAYS = 7


class Facet(Record):
    """One value of a field, and how many spans have it."""

    value: str
    count: int


class Facets(Record):
    """What spans can be filtered by: the values of the last seven days with their counts, most first, 100 at most."""

    since: datetime
    kinds: tuple[Facet, ...] = ()
    statuses: tuple[Facet, ...] = ()
    routes: tuple[Facet, ...] = ()
    models: tuple[Facet, ...] = ()
    keys: tuple[Facet, ...] = ()


class TimeRange(NamedTuple):
    """A time, cut to whole buckets."""

    since: datetime
    until: datetime


def usage(
    connection: Connection,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    bucket: Bucket = "hour",
    by: UsageBy = "none",
    kinds: Sequence[str] = ("chat", "embeddings"),
) -> UsageReport:
    """What the model calls that began from `since` on and before `until` consumed, in whole buckets and by group.

    InvalidInput where that are more buckets than a chart can show: six hours of minutes, 31 days of hours, 400 days.
    """
    cut = spell(since, until, bucket)
    read = tables.usage_of_spans if bucket == "minute" else tables.usage_of_hours
    found = read(connection, tables.UsageQuery(cut.since, cut.until, bucket, by, tuple(kinds)))
    points = tuple(UsagePoint(at=row.at, **_consumed(row)) for row in found.points)
    totals = tuple(UsageTotals(**_consumed(row)) for row in found.totals)
    return UsageReport(since=cut.since, until=cut.until, bucket=bucket, by=by, points=points, totals=totals)


def facets(connection: Connection) -> Facets:
    """What the spans of the last seven days can be filtered by."""
    since = (now() - timedelta(days=FACET_DAYS)).replace(minute=0, second=0, microsecond=0)
    found = tables.facets(connection, since)
    values = {name: tuple(Facet(value=value, count=count) for value, count in rows) for name, rows in found.items()}
    return Facets(since=since, **values)


def percentile(histogram: Sequence[float] | None, share: float) -> float | None:
    """The value in milliseconds below which that share of a histogram lies, read between the borders of its step."""
    whole = sum(histogram) if histogram is not None else 0
    if histogram is None or not whole:
        return None
    wanted, below = share * whole, 0.0
    for step, count in enumerate(histogram):
        if count and below + count >= wanted:
            return SHORTEST_MS * math.exp((step + (wanted - below) / count) / STEPS_PER_E)
        below += count
    return SHORTEST_MS * math.exp(len(histogram) / STEPS_PER_E)


def spell(since: datetime | None, until: datetime | None, bucket: Bucket) -> TimeRange:
    """The time of a report, from whole buckets on. InvalidInput where that is too long, or none."""
    for moment in (since, until):
        if moment is not None and moment.tzinfo is None:
            raise InvalidInput(f"{moment.isoformat()} is of no time zone", "write it with an offset: …Z or …+07:00")
    end = until or now()
    try:
        begin = since or end - BEFORE[bucket]
    except OverflowError:
        raise InvalidInput(f"{end.isoformat()} is before all time", "give an until that is later") from None
    if begin >= end:
        raise InvalidInput("since is not before until", "give a since that is earlier")
    if end - begin > LONGEST[bucket]:
        longer = {"minute": "hour", "hour": "day"}.get(bucket)
        hint = f"ask for bucket={longer}, or for less time" if longer else "ask for less time"
        raise InvalidInput(f"{end - begin} is too long for buckets of one {bucket}", hint)
    begin = begin.replace(second=0, microsecond=0)
    return TimeRange(begin if bucket == "minute" else begin.replace(minute=0), end)


def _consumed(row: Row[Any]) -> dict[str, Any]:
    columns = dict(row._mapping)  # pyright: ignore[reportPrivateUsage]  # SQLAlchemy's public name for it
    columns.pop("at", None)
    if "durations" in columns:
        durations, first = columns.pop("durations"), columns.pop("first_tokens")
        columns["latency_p50"], columns["latency_p95"] = percentile(durations, 0.5), percentile(durations, 0.95)
        columns["first_token_p50"] = percentile(first, 0.5)
    return columns
