"""Usage by any group: from the hourly counts of spans, or by user and tag from the ledger."""

from datetime import datetime

from sqlalchemy import Connection

from vong.gateway.accounting import ledger
from vong.records.usage_report import UsageBucket, UsageBy, UsageReport
from vong.traces.usage import get_usage as counted
from vong.traces.usage import resolve_range


def usage(
    connection: Connection, *, since: datetime | None, until: datetime | None, bucket: UsageBucket, by: UsageBy
) -> UsageReport:
    """Return calls, errors, tokens and cost over time and in total, with latencies if the group has them."""
    if by == "user" or by == "tag":
        time_range = resolve_range(since, until, bucket)
        return ledger.report_usage(connection, time_range.since, time_range.until, bucket, by)
    return counted(connection, since=since, until=until, bucket=bucket, by=by)
