"""What was called, by whatever group: from the counted hours of spans, and by user and tag from the ledger."""

from datetime import datetime

from sqlalchemy import Connection

from vong.gateway.accounting import ledger
from vong.records.usage_report import Bucket, UsageBy, UsageReport
from vong.traces.usage import spell
from vong.traces.usage import usage as counted


def usage(
    connection: Connection, *, since: datetime | None, until: datetime | None, bucket: Bucket, by: UsageBy
) -> UsageReport:
    """Calls, errors, tokens and cost over time and in all, with latencies where the group has them."""
    if by == "user" or by == "tag":
        found = spell(since, until, bucket)
        return ledger.usage(connection, found.since, found.until, bucket, by)
    return counted(connection, since=since, until=until, bucket=bucket, by=by)
