"""How much a project, a key, a user, a route or a tag may call."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from vong.records.record import Record

On = Literal["project", "key", "user", "route", "tag"]
What = Literal["requests", "tokens", "concurrency", "cost"]
Per = Literal["minute", "hour", "day", "month", "ever", "now"]
LedgerBy = Literal["none", "key", "user", "model", "route", "tag", "day"]
LedgerBucket = Literal["hour", "day", "month"]


class LimitCreate(Record):
    """At most `amount` of `what` `per` time, on whoever is named; `*` is each of them by itself.

    Tokens are those read and made; cost is in millionths of a US dollar; `concurrency` is always per `now`. Times begin
    anew with the minute, hour, day or month in UTC.
    """

    on: On
    name: str = Field(default="*", min_length=1, max_length=320)
    what: What
    per: Per
    amount: int = Field(gt=0, le=10**15)


class Limit(LimitCreate):
    """A limit that holds."""

    id: UUID
    created_at: datetime
    updated_at: datetime


class LimitState(Record):
    """How far one subject of a limit is. `reserved` is held for calls under way, and by servers for the next ones."""

    limit: Limit
    subject: str
    used: int
    reserved: int
    resets_at: datetime | None


class LedgerSummary(Record):
    """What a group of calls used, by the ledger. `cost` sums the `priced` ones, in millionths of a US dollar; `failed`
    ones are among the calls. `at` is when their hour, day or month began, in UTC, where the lines are of such.
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
