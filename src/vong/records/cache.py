"""Answers that are given again, and calls that are made a second time to compare."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from vong.records.record import Record

Scope = Literal["project", "key", "user"]
ComparedAs = Literal["shadow", "cache"]


class CachePolicy(Record):
    """When a route answers from what it answered before.

    `exact`: the same request to the same version of the same model. `semantic`: a chat that differs in its last
    message only, whose meaning is as near as `threshold` (cosine of the embeddings). `scope` says who shares answers:
    the project, or each key or user alone. `ttl` in seconds. Of the semantic hits the share `checked` is answered anew
    behind the caller's back, and counted as false where the two answers agree less than `agreement`.
    """

    mode: Literal["exact", "semantic"] = "exact"
    ttl: float = Field(default=3600.0, ge=1, le=30 * 86400)
    scope: Scope = "project"
    threshold: float = Field(default=0.95, ge=0.5, le=1)
    checked: float = Field(default=0.05, ge=0, le=1)
    agreement: float = Field(default=0.8, ge=0, le=1)


class ShadowPolicy(Record):
    """A second target that gets the `share` of a route's calls as well. Its answers go to nobody; they are kept beside
    the first ones, and no budget of the caller's pays for them.
    """

    model: str = Field(min_length=1, max_length=500)
    share: float = Field(default=1.0, gt=0, le=1)


class CacheStats(Record):
    """What is kept for one route. `hits` counts answers given again; `saved_tokens` what they would have used. Of the
    `checked` semantic hits so many were `false`; `false_low` and `false_high` bound their rate (95 %, Wilson).
    """

    route: str
    entries: int
    bytes: int
    hits: int
    saved_tokens: int
    checked: int
    false: int
    false_low: float | None = None
    false_high: float | None = None


class ShadowComparison(Record):
    """An answer that somebody got (`of`) and a second one that nobody did (`span_id`). `agreement` is 1 for the same
    text or JSON, else the cosine of their embeddings; null where there was no second answer.
    """

    span_id: UUID
    of: UUID
    kind: ComparedAs
    route: str
    target: str
    agreement: float | None
    at: datetime


class ShadowTargetStats(Record):
    """What the newest pairs of a route and a target say together: how many, how many had no second answer, the mean
    agreement with its interval (95 %, normal), the share that said the same, the median milliseconds and the cost in
    millionths of a US dollar of both sides, over the pairs whose two spans are there. Null where nothing is known.
    """

    route: str
    target: str
    kind: ComparedAs
    pairs: int
    failed: int
    agreement: float | None = None
    low: float | None = None
    high: float | None = None
    same: float | None = None
    first_ms: float | None = None
    second_ms: float | None = None
    first_cost: int | None = None
    second_cost: int | None = None
