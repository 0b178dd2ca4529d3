"""Response cache and shadow calls: policies, statistics and comparisons."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from vong.records.record import Record

CacheScope = Literal["project", "key", "user"]
ComparisonKind = Literal["shadow", "cache"]


class CachePolicy(Record):
    """Response cache policy of a route.

    `exact` matches the same request to the same version of the same model. `semantic` matches a chat that differs only
    in its last message, with a cosine similarity of the embeddings of at least `threshold`. `scope` is the group that
    shares responses: the project, each key or each user. `ttl` is in seconds. The share `checked` of semantic hits is
    verified with a background call, and a hit is false if the two responses agree less than `agreement`.
    """

    mode: Literal["exact", "semantic"] = "exact"
    ttl: float = Field(default=3600.0, ge=1, le=30 * 86400)
    scope: CacheScope = "project"
    threshold: float = Field(default=0.95, ge=0.5, le=1)
    checked: float = Field(default=0.05, ge=0, le=1)
    agreement: float = Field(default=0.8, ge=0, le=1)


class ShadowPolicy(Record):
    """Shadow target that receives a copy of the `share` of a route's calls.

    Its responses are stored beside the original responses and never returned. No budget of the caller is charged.
    """

    model: str = Field(min_length=1, max_length=500)
    share: float = Field(default=1.0, gt=0, le=1)


class CacheStats(Record):
    """Response cache statistics of one route.

    `hits` counts the cached responses that were returned, `saved_tokens` the tokens that these calls would have used.
    `false` counts the false hits among the `checked` semantic hits; `false_low` and `false_high` bound their rate (95
    %, Wilson).
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
    """Comparison of a returned response (`of`) with a shadow or verification response (`span_id`).

    `agreement` is 1 for equal text or JSON, otherwise the cosine similarity of the embeddings; null if the second call
    returned no response.
    """

    span_id: UUID
    of: UUID
    kind: ComparisonKind
    route: str
    target: str
    agreement: float | None
    at: datetime


class ShadowTargetStats(Record):
    """Statistics of the newest response pairs of a route and a target.

    `pairs` counts the pairs, `failed` those without a second response. `agreement` is the mean agreement with its
    interval from `low` to `high` (95 %, normal), `same` the share of equal responses. `first_ms` and `second_ms` are
    median latencies, `first_cost` and `second_cost` costs in millionths of a US dollar, over the pairs whose two spans
    exist. Null if unknown.
    """

    route: str
    target: str
    kind: ComparisonKind
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
