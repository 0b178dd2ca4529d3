"""Commands for usage and costs: over time, and from the ledger."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import click

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option, moment, note
from vong.client import Client
from vong.records.limit import LedgerBucket, LedgerBy, LedgerSummary
from vong.records.usage_report import Bucket, UsageBy, UsageTotals


@group.command()
@click.option("--since", help="Start: 15m, 2h, 7d ago, or a time such as 2026-11-22T08:00.  [default: 30 days before]")
@click.option("--until", help="End, in the same formats.  [default: now]")
@click.option("--by", type=click.Choice(list(get_args(LedgerBy))), default="key", show_default=True)
@click.option(
    "--bucket", type=click.Choice(list(get_args(LedgerBucket))), help="Show costs over time, per bucket in UTC."
)
@json_option
def ledger(since: str | None, until: str | None, by: LedgerBy, bucket: LedgerBucket | None, as_json: bool) -> None:
    """Show the costs of calls from the append-only ledger."""
    lines = Client().gateway.ledger(by=by, bucket=bucket, since=moment(since), until=moment(until))
    if as_json:
        emit(lines, True)
        return
    columns = ["calls", "failed", "input_tokens", "output_tokens", "cost"]
    rows = [{by: line.group, **line.model_dump(), "at": _began(line.at), "cost": _dollars(line)} for line in lines]
    emit(rows, False, [*(["at"] if bucket else []), *([] if by == "none" else [by]), *columns])


@group.command()
@click.option("--since", help="Start: 15m, 2h, 7d ago, or a time such as 2026-11-22T08:00.  [default: 1 day before]")
@click.option("--until", help="End, in the same formats.  [default: now]")
@click.option("--by", type=click.Choice(list(get_args(UsageBy))), default="model", show_default=True)
@click.option("--bucket", type=click.Choice(list(get_args(Bucket))), help="Show usage over time instead of totals.")
@json_option
def usage(since: str | None, until: str | None, by: UsageBy, bucket: Bucket | None, as_json: bool) -> None:
    """Show calls, tokens, cost and latencies: totals by group, or over time with --bucket."""
    period = {"since": moment(since), "until": moment(until)}
    report = Client().gateway.usage(bucket=bucket or fitting(period["since"]), by=by, **period)
    if as_json:
        emit(report, True)
        return
    note(f"{report.since.astimezone():%Y-%m-%d %H:%M} to {report.until.astimezone():%Y-%m-%d %H:%M}")
    if bucket:
        emit([{"at": f"{point.at.astimezone():%m-%d %H:%M}", **consumed(point, by)} for point in report.points], False)
    else:
        emit([consumed(total, by) for total in report.totals], False)


def fitting(since: str | None) -> Bucket:
    """Return the bucket for totals: hours for up to 31 days, else days."""
    if since is None:
        return "hour"
    return "hour" if datetime.now(UTC) - datetime.fromisoformat(since) < timedelta(days=31) else "day"


def consumed(what: UsageTotals, by: UsageBy) -> dict[str, Any]:
    """Return a table row. The cost includes the number of priced calls if not all are priced."""
    cost = None if what.cost is None else f"${what.cost / 1e6:.6f}"
    if cost and what.priced < what.calls:
        cost += f" ({what.priced} priced)"
    group = {} if by == "none" else {by: what.group}
    return group | {
        "calls": what.calls,
        "errors": what.errors,
        "in": what.input_tokens,
        "out": what.output_tokens,
        "cost": cost,
        "p50 ms": what.latency_p50,
        "p95 ms": what.latency_p95,
        "first token ms": what.first_token_p50,
    }


def _dollars(line: LedgerSummary) -> str | None:
    if not line.priced:
        return None
    partly = f" ({line.priced} priced)" if line.priced < line.calls else ""
    return f"${line.cost / 1e6:.6f}{partly}"


def _began(at: datetime | None) -> str | None:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}" if at else None
