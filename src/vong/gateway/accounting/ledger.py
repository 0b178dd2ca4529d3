"""Queries of the ledger: cost summaries and usage over time.

The ledger has one row per call and is never changed. Its rows have users and tags, which the hourly span counts lack,
and no latencies.
"""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BigInteger, Connection, Subquery, case, cast, func, literal, null, select

from vong.gateway import tables
from vong.records.limit import LedgerBucket, LedgerBy, LedgerSummary
from vong.records.usage import SUMMED_FIELDS
from vong.records.usage_report import UsageBucket, UsagePoint, UsageReport, UsageTotals
from vong.store.spans.schema import USAGE_COLUMNS

MAX_CHART_GROUPS, MAX_TABLE_GROUPS, OTHER_GROUPS = 12, 100, "…"
"""Maximum number of groups of a chart and of a table, and the chart's name for all other groups."""


def summarize_ledger(
    connection: Connection,
    *,
    since: datetime,
    until: datetime,
    by: LedgerBy = "none",
    bucket: LedgerBucket | None = None,
) -> list[LedgerSummary]:
    """Return the calls from `since` to before `until` by group, most expensive first.

    With a `bucket`, each hour, day or month is summed separately, earliest first. A call with several tags counts in
    each of them.
    """
    rows = _ledger_rows(since, until, by, bucket)
    sums = [func.coalesce(func.sum(rows.c[name]), 0).label(name) for name in USAGE_COLUMNS]
    counts = [func.count().label("calls"), func.count(rows.c.cost).label("priced")]
    failed = func.count().filter(rows.c.failed).label("failed")
    grouped = select(rows.c.at, rows.c.group, *counts, failed, *sums).group_by(rows.c.at, rows.c.group)
    most_expensive = func.sum(rows.c.cost).desc().nulls_last()
    result = connection.execute(grouped.order_by(rows.c.at, most_expensive, rows.c.group)).mappings()
    return [LedgerSummary.model_validate(dict(row)) for row in result]


def report_usage(
    connection: Connection, since: datetime, until: datetime, bucket: UsageBucket, by: Literal["user", "tag"]
) -> UsageReport:
    """Return the usage of calls over time and in total by user or tag, most calls first."""
    rows = _ledger_rows(since, until, by, bucket)
    calls = func.count()
    totals_columns = [
        calls.label("calls"),
        func.count().filter(rows.c.failed).label("errors"),
        func.count(rows.c.cost).label("priced"),
        *(cast(func.sum(rows.c[name]), BigInteger).label(name) for name in SUMMED_FIELDS),
    ]
    query = (
        select(rows.c.group, *totals_columns)
        .group_by(rows.c.group)
        .order_by(calls.desc(), rows.c.group)
        .limit(MAX_TABLE_GROUPS)
    )
    totals = [UsageTotals.model_validate(dict(row)) for row in connection.execute(query).mappings()]
    group: Any = rows.c.group
    if len(totals) > MAX_CHART_GROUPS:
        charted = [total.group for total in totals[:MAX_CHART_GROUPS]]
        group = case(
            (func.coalesce(group, "").in_([group_name or "" for group_name in charted]), group),
            else_=literal(OTHER_GROUPS),
        )
    group_label = group.label("group")
    series = (
        select(rows.c.at, group_label, *totals_columns).group_by(rows.c.at, group).order_by(rows.c.at, calls.desc())
    )
    points = [UsagePoint.model_validate(dict(row)) for row in connection.execute(series).mappings()]
    return UsageReport(since=since, until=until, bucket=bucket, by=by, points=tuple(points), totals=tuple(totals))


def _ledger_rows(since: datetime, until: datetime, by: LedgerBy, bucket: str | None) -> Subquery:
    """Return the calls of a period, each with its group and the start of its bucket."""
    entries = tables.ledger.c
    groups: dict[LedgerBy, Any] = {
        "key": entries.key,
        "user": entries.user,
        "model": entries.model,
        "route": entries.route,
    }
    day = func.to_char(func.timezone("UTC", entries.started_at), "YYYY-MM-DD")
    groups |= {"tag": func.unnest(entries.tags), "day": day}
    at = null() if bucket is None else func.date_trunc(bucket, entries.started_at, "UTC")
    columns = (entries[name] for name in (*USAGE_COLUMNS, "failed"))
    period = entries.started_at >= since, entries.started_at < until
    return select(groups.get(by, null()).label("group"), at.label("at"), *columns).where(*period).subquery()
