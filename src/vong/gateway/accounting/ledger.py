"""What was called and what it cost, read from the ledger: as bills, and as usage over time by whoever calls.

The ledger has one line for each call and is never changed; it tells of users and tags, which the counted hours of spans
do not, and of no latencies.
"""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BigInteger, Connection, Subquery, case, cast, func, literal, null, select

from vong.gateway import tables
from vong.records.limit import LedgerBucket, LedgerBy, LedgerSummary
from vong.records.usage_report import Bucket, UsagePoint, UsageReport, UsageTotals

SUMMED = ("input_tokens", "output_tokens", "cached_tokens", "cost")
SHOWN, LISTED, REST = 12, 100, "…"
"""Groups of a chart, of a table, and what a chart calls all others together."""


def ledger(
    connection: Connection,
    *,
    since: datetime,
    until: datetime,
    by: LedgerBy = "none",
    bucket: LedgerBucket | None = None,
) -> list[LedgerSummary]:
    """What was called from `since` to before `until`, by group, the dearest first; with a `bucket` for each hour, day
    or month by itself, the earliest first. A call with several tags counts in each of them.
    """
    rows = _lines(since, until, by, bucket)
    sums = [func.coalesce(func.sum(rows.c[name]), 0).label(name) for name in SUMMED]
    counts = [func.count().label("calls"), func.count(rows.c.cost).label("priced")]
    failed = func.count().filter(rows.c.failed).label("failed")
    grouped = select(rows.c.at, rows.c.group, *counts, failed, *sums).group_by(rows.c.at, rows.c.group)
    dearest = func.sum(rows.c.cost).desc().nulls_last()
    found = connection.execute(grouped.order_by(rows.c.at, dearest, rows.c.group)).mappings()
    return [LedgerSummary.model_validate(dict(row)) for row in found]


def usage(
    connection: Connection, since: datetime, until: datetime, bucket: Bucket, by: Literal["user", "tag"]
) -> UsageReport:
    """What calls consumed over time and in all by user or tag, most calls first."""
    rows = _lines(since, until, by, bucket)
    calls = func.count()
    figures = [
        calls.label("calls"),
        func.count().filter(rows.c.failed).label("errors"),
        func.count(rows.c.cost).label("priced"),
        *(cast(func.sum(rows.c[name]), BigInteger).label(name) for name in ("input_tokens", "output_tokens", "cost")),
    ]
    query = select(rows.c.group, *figures).group_by(rows.c.group).order_by(calls.desc(), rows.c.group).limit(LISTED)
    totals = [UsageTotals.model_validate(dict(row)) for row in connection.execute(query).mappings()]
    group: Any = rows.c.group
    if len(totals) > SHOWN:
        shown = [total.group for total in totals[:SHOWN]]
        group = case((func.coalesce(group, "").in_([one or "" for one in shown]), group), else_=literal(REST))
    named = group.label("group")
    over = select(rows.c.at, named, *figures).group_by(rows.c.at, group).order_by(rows.c.at, calls.desc())
    points = [UsagePoint.model_validate(dict(row)) for row in connection.execute(over).mappings()]
    return UsageReport(since=since, until=until, bucket=bucket, by=by, points=tuple(points), totals=tuple(totals))


def _lines(since: datetime, until: datetime, by: LedgerBy, bucket: str | None) -> Subquery:
    """The calls of a spell, each with its group and with when its bucket began."""
    lines = tables.ledger.c
    groups: dict[LedgerBy, Any] = {"key": lines.key, "user": lines.user, "model": lines.model, "route": lines.route}
    groups |= {"tag": func.unnest(lines.tags), "day": func.to_char(func.timezone("UTC", lines.at), "YYYY-MM-DD")}
    at = null() if bucket is None else func.date_trunc(bucket, lines.at, "UTC")
    columns = (lines[name] for name in (*SUMMED, "failed"))
    spell = lines.at >= since, lines.at < until
    return select(groups.get(by, null()).label("group"), at.label("at"), *columns).where(*spell).subquery()
