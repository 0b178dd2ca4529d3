"""Usage over time, for charts and bills."""

from datetime import datetime
from typing import Literal

from vong.records.record import Record

UsageBucket = Literal["minute", "hour", "day"]
UsageBy = Literal["model", "route", "key", "user", "tag", "none"]


class UsageTotals(Record):
    """Usage of a group of calls.

    `cost`, in millionths of a US dollar, sums the `priced` calls, whose price is known; null if there are none.
    Latencies are in milliseconds: hours and days are estimated from histograms with buckets 11.5 % wide, minutes are
    exact, groups by user and tag are null.
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
    """Usage of the calls of one group that started in the bucket beginning at `at`."""

    at: datetime


class UsageReport(Record):
    """Usage over time with totals by group.

    Points are ordered by time; buckets without calls have no point. Totals are ordered by calls, most first. The points
    of all but the largest groups are summed in the group `…`. Groups by user and tag come from the ledger, in which a
    call with several tags counts in each of them.
    """

    since: datetime
    until: datetime
    bucket: UsageBucket
    by: UsageBy
    points: tuple[UsagePoint, ...] = ()
    totals: tuple[UsageTotals, ...] = ()
