"""Response cache and shadow calls: policies, statistics and shadow results."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from vong.records.record import Record

CacheScope = Literal["project", "key", "user"]
ShadowResultKind = Literal["shadow", "cache"]


class CachePolicy(Record):
    """Response cache policy of a route.

    `exact` matches the same request to the same version of the same model. `semantic` matches a chat that differs only
    in its last message, with a cosine similarity of the embeddings of at least `threshold`. `scope` is the group that
    shares responses: the project, each key or each user. `ttl` is in seconds. The share `verify_rate` of
    semantic hits is verified with a background call, and a hit is false if the two responses agree less than
    `min_agreement`.
    """

    mode: Literal["exact", "semantic"] = "exact"
    ttl: float = Field(default=3600.0, ge=1, le=30 * 86400)
    scope: CacheScope = "project"
    threshold: float = Field(default=0.95, ge=0.5, le=1)
    verify_rate: float = Field(default=0.05, ge=0, le=1)
    min_agreement: float = Field(default=0.8, ge=0, le=1)


class ShadowPolicy(Record):
    """Shadow target that receives a copy of the `share` of a route's calls.

    Its responses are stored beside the original responses and never returned. No budget of the caller is charged.
    """

    model: str = Field(min_length=1, max_length=500)
    share: float = Field(default=1.0, gt=0, le=1)


class CacheStats(Record):
    """Response cache statistics of one route.

    `hits` counts the cached responses that were returned, `saved_tokens` the tokens that these calls would have used.
    `false_hits` counts the false hits among the `verified` semantic hits; `false_rate_low` and `false_rate_high` bound
    their rate (95 %, Wilson).
    """

    route: str
    entries: int
    bytes: int
    hits: int
    saved_tokens: int
    verified: int
    false_hits: int
    false_rate_low: float | None = None
    false_rate_high: float | None = None


class ShadowResult(Record):
    """Comparison of a returned response (`original_span_id`) with a shadow or verification response (`span_id`).

    `agreement` is 1 for equal text or JSON, otherwise the cosine similarity of the embeddings; null if the second call
    returned no response.
    """

    span_id: UUID
    original_span_id: UUID
    kind: ShadowResultKind
    route: str
    target: str
    agreement: float | None
    created_at: datetime


class ShadowTargetStats(Record):
    """Statistics of the newest response pairs of a route and a target.

    `pairs` counts the pairs, `failed` those without a second response. `agreement` is the mean agreement with its
    interval from `agreement_low` to `agreement_high` (95 %, normal), `same` the share of equal responses. `original_ms`
    and `shadow_ms` are median latencies, `original_cost` and `shadow_cost` costs in millionths of a US dollar, over the
    pairs whose two spans exist. Null if unknown.
    """

    route: str
    target: str
    kind: ShadowResultKind
    pairs: int
    failed: int
    agreement: float | None = None
    agreement_low: float | None = None
    agreement_high: float | None = None
    same: float | None = None
    original_ms: float | None = None
    shadow_ms: float | None = None
    original_cost: int | None = None
    shadow_cost: int | None = None
