"""Commands for usage and costs: over time, and from the ledger."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import click

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option, print_message
from vong.cli.params import TIME
from vong.client import Client
from vong.records.limit import LedgerBucket, LedgerBy, LedgerSummary
from vong.records.usage_report import UsageBucket, UsageBy, UsageTotals


@group.command()
@click.option(
    "--since", type=TIME, help="Start: 15m, 2h, 7d ago, or a time such as 2026-11-22T08:00.  [default: 30 days before]"
)
@click.option("--until", type=TIME, help="End, in the same formats.  [default: now]")
@click.option("--by", type=click.Choice(list(get_args(LedgerBy))), default="key", show_default=True)
@click.option(
    "--bucket", type=click.Choice(list(get_args(LedgerBucket))), help="Show costs over time, per bucket in UTC."
)
@json_option
def ledger(since: str | None, until: str | None, by: LedgerBy, bucket: LedgerBucket | None, as_json: bool) -> None:
    """Show the costs of calls from the append-only ledger."""
    lines = Client().gateway.ledger(by=by, bucket=bucket, since=since, until=until)
    if as_json:
        emit(lines, True)
        return
    columns = ["calls", "failed", "input_tokens", "output_tokens", "cost"]
    rows = [
        {by: line.group, **line.model_dump(), "at": _format_time(line.at), "cost": _format_cost(line)} for line in lines
    ]
    emit(rows, False, [*(["at"] if bucket else []), *([] if by == "none" else [by]), *columns])


@group.command()
@click.option(
    "--since", type=TIME, help="Start: 15m, 2h, 7d ago, or a time such as 2026-11-22T08:00.  [default: 1 day before]"
)
@click.option("--until", type=TIME, help="End, in the same formats.  [default: now]")
@click.option("--by", type=click.Choice(list(get_args(UsageBy))), default="model", show_default=True)
@click.option(
    "--bucket", type=click.Choice(list(get_args(UsageBucket))), help="Show usage over time instead of totals."
)
@json_option
def usage(since: str | None, until: str | None, by: UsageBy, bucket: UsageBucket | None, as_json: bool) -> None:
    """Show calls, tokens, cost and latencies: totals by group, or over time with --bucket."""
    period = {"since": since, "until": until}
    report = Client().gateway.usage(bucket=bucket or default_bucket(period["since"]), by=by, **period)
    if as_json:
        emit(report, True)
        return
    print_message(f"{report.since.astimezone():%Y-%m-%d %H:%M} to {report.until.astimezone():%Y-%m-%d %H:%M}")
    if bucket:
        emit([{"at": f"{point.at.astimezone():%m-%d %H:%M}", **usage_row(point, by)} for point in report.points], False)
    else:
        emit([usage_row(total, by) for total in report.totals], False)


def default_bucket(since: str | None) -> UsageBucket:
    """Return the bucket for totals: hours for up to 31 days, else days."""
    if since is None:
        return "hour"
    return "hour" if datetime.now(UTC) - datetime.fromisoformat(since) < timedelta(days=31) else "day"


def usage_row(totals: UsageTotals, by: UsageBy) -> dict[str, Any]:
    """Return a table row. The cost includes the number of priced calls if not all are priced."""
    cost = None if totals.cost is None else f"${totals.cost / 1e6:.6f}"
    if cost and totals.priced < totals.calls:
        cost += f" ({totals.priced} priced)"
    group = {} if by == "none" else {by: totals.group}
    return group | {
        "calls": totals.calls,
        "errors": totals.errors,
        "in": totals.input_tokens,
        "out": totals.output_tokens,
        "cost": cost,
        "p50 ms": totals.latency_p50,
        "p95 ms": totals.latency_p95,
        "first token ms": totals.first_token_p50,
    }


def _format_cost(line: LedgerSummary) -> str | None:
    if not line.priced:
        return None
    partly = f" ({line.priced} priced)" if line.priced < line.calls else ""
    return f"${line.cost / 1e6:.6f}{partly}"


def _format_time(at: datetime | None) -> str | None:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}" if at else None
