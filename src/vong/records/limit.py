"""Limits and budgets of a project, key, user, route or tag, and their usage."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from vong.records.record import Record

LimitSubject = Literal["project", "key", "user", "route", "tag"]
LimitMetric = Literal["requests", "tokens", "concurrency", "cost"]
LimitWindow = Literal["minute", "hour", "day", "month", "lifetime", "now"]
LedgerBy = Literal["none", "key", "user", "model", "route", "tag", "day"]
LedgerBucket = Literal["hour", "day", "month"]


class LimitCreate(Record):
    """Limit of `amount` on a `metric` per `window`, for a `subject` of type `subject_type`.

    The subject `*` applies the limit to each subject separately. Tokens are input plus output tokens, cost is in
    millionths of a US dollar, `concurrency` always has the window `now`. Windows start with the minute, hour, day or
    month in UTC.
    """

    subject_type: LimitSubject
    subject: str = Field(default="*", min_length=1, max_length=320)
    metric: LimitMetric
    window: LimitWindow
    amount: int = Field(gt=0, le=10**15)


class Limit(LimitCreate):
    """Limit in force."""

    id: UUID
    created_at: datetime
    updated_at: datetime


class LimitState(Record):
    """Usage of one subject of a limit.

    `reserved` is held for running calls, and by servers as quota for the next calls.
    """

    limit: Limit
    subject: str
    used: int
    reserved: int
    resets_at: datetime | None


class LedgerSummary(Record):
    """Usage of a group of calls, from the ledger.

    `cost` sums the `priced` calls, in millionths of a US dollar. `calls` includes the `failed` calls. `at` is the start
    of the hour, day or month in UTC, if the rows are grouped by time.
    """

    at: datetime | None = None
    group: str | None
    calls: int
    failed: int
    priced: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: int
