"""What calls consumed over time, for charts and bills."""

from datetime import datetime
from typing import Literal

from vong.records.record import Record

Bucket = Literal["minute", "hour", "day"]
UsageBy = Literal["model", "route", "key", "user", "tag", "none"]


class UsageTotals(Record):
    """What a number of calls consumed. `cost` in millionths of a US dollar sums the calls whose price is known, which
    are `priced`; null where none is. Latencies in milliseconds; those of hours and days are read from histograms whose
    steps are 11.5 % wide, those of minutes are exact, and those by user and tag are null.
    """

    group: str | None = None
    calls: int = 0
    errors: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: int | None = None
    priced: int = 0
    latency_p50: float | None = None
    latency_p95: float | None = None
    first_token_p50: float | None = None


class UsagePoint(UsageTotals):
    """The calls of one group that began in the bucket which starts `at` that moment."""

    at: datetime


class UsageReport(Record):
    """Points in the order of time (buckets without calls have none), and totals by group, most calls first. Points of
    all but the largest groups are together in the group `…`. By user and tag they come from the ledger, where a call
    with several tags counts in each.
    """

    since: datetime
    until: datetime
    bucket: Bucket
    by: UsageBy
    points: tuple[UsagePoint, ...] = ()
    totals: tuple[UsageTotals, ...] = ()
