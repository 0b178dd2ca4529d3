"""Definitions of monitors: which calls are sampled, how they are scored, the limits, and the alarms."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field

from vong.evals import specs
from vong.records import Record

SampleStatus = Literal["pending", "scored", "failed", "skipped"]
AlarmStatus = Literal["open", "resolved"]
Delivery = Literal["none", "pending", "delivered", "failed"]
DEFAULT_DAILY_BUDGET = 1_000_000
"""Daily budget of the model calls of a monitor, in millionths of a US dollar."""
TAG_PREFIX = "monitor:"
"""Prefix of the tag with which the calls of a monitor's scorers are recorded and limited."""


def _scorer_texts(value: Any) -> Any:
    return [specs.to_text(one) for one in value] if isinstance(value, list | tuple) else value


class MonitorFilter(Record):
    """Calls that a monitor samples. All given conditions must hold; without any, all model calls match."""

    route: str | None = Field(default=None, min_length=1, max_length=300)
    model: str | None = Field(default=None, min_length=1, max_length=300)
    deployment: str | None = Field(default=None, min_length=1, max_length=300)
    model_version: str | None = Field(default=None, min_length=1, max_length=300)
    key: str | None = Field(default=None, min_length=1, max_length=300)
    tag: str | None = Field(default=None, min_length=1, max_length=300)


class DriftRules(Record):
    """Rules of the drift alarm.

    An alarm says that the mean score is below the mean of the reference by more than `tolerance`. The probability that
    a monitor without such a drop ever raises an alarm between two resolutions is at most `alpha`. The reference is a
    suite run (`suite_run`), or the first `window` scored answers.
    """

    alpha: float = Field(default=0.05, ge=1e-6, le=0.2)
    tolerance: float = Field(default=0.05, ge=0, le=0.5)
    window: int = Field(default=200, ge=10, le=5000)
    suite_run: UUID | None = None


class MonitorSettings(Record):
    """Settings of a monitor.

    `share` of the matching calls is sampled by the hash of the span id, so that monitors with the same share score the
    same calls and a restart scores none twice. At most `max_per_hour` calls are sampled in any 60 minutes. Model calls
    of scorers cost at most `daily_budget` (millionths of a US dollar) per day in UTC. `scorers` and those of `suite`
    that need no reference are used. An answer with a score below `review_below` is marked for review. `webhook` is the
    URL to which alarms are sent.
    """

    filter: MonitorFilter = MonitorFilter()
    scorers: Annotated[tuple[str, ...], BeforeValidator(_scorer_texts)] = ()
    suite: str | None = Field(default=None, min_length=1, max_length=300)
    share: float = Field(default=0.1, gt=0, le=1)
    max_per_hour: int = Field(default=100, ge=1, le=100_000)
    daily_budget: int = Field(default=DEFAULT_DAILY_BUDGET, ge=1, le=10**12)
    review_below: float | None = Field(default=0.5, ge=0, le=1)
    drift: DriftRules | None = DriftRules()
    webhook: str | None = Field(default=None, max_length=2000)


class MonitorCounts(Record):
    """Counts since the monitor was created.

    `matched` calls met the filter, `sampled` ones were chosen. `over_limit` ones were chosen beyond `max_per_hour`,
    `over_budget` ones after the daily budget was spent. `own` are calls of evaluations, which are never scored.
    """

    matched: int = 0
    sampled: int = 0
    over_limit: int = 0
    over_budget: int = 0
    own: int = 0


class Monitor(Record):
    """Monitor with its state.

    `blocked` says why nothing is scored now. `cost_today` and `calls_today` sum the model calls of its scorers since
    00:00 UTC; `hour` counts the calls sampled in the last 60 minutes. `open_alarms` and `open_reviews` need attention.
    """

    id: UUID
    name: str
    settings: MonitorSettings
    enabled: bool
    created_by: str
    created_at: datetime
    updated_at: datetime
    counts: MonitorCounts = MonitorCounts()
    blocked: str | None = None
    blocked_until: datetime | None = None
    has_webhook_secret: bool = False
    pending: int = 0
    scored: int = 0
    failed: int = 0
    skipped: int = 0
    hour: int = 0
    cost_today: int = 0
    calls_today: int = 0
    cost: int = 0
    open_alarms: int = 0
    open_reviews: int = 0

    @property
    def tag(self) -> str:
        """Return the tag of the calls of its scorers."""
        return f"{TAG_PREFIX}{self.name}"


class MonitorSample(Record):
    """Sampled call with its scores in 0..1, where 1 is best. `calls` and `cost` are those of its scorers."""

    span_id: UUID
    status: SampleStatus
    attempts: int = 0
    scores: dict[str, float] = {}
    details: dict[str, str] = {}
    model: str | None = None
    model_version: str | None = None
    calls: int = 0
    cost: int | None = None
    error: str | None = None
    span_started_at: datetime
    created_at: datetime
    retry_at: datetime | None = None
    scored_at: datetime | None = None


class MonitorAlarm(Record):
    """Alarm of a monitor: the score `metric` has dropped below the `reference`.

    `mean` is the mean of the newest scores, `n` the number of scores that were tested, `evidence` the e-value, which
    raised the alarm at 2 / `alpha`. `delivery` is the state of the webhook.
    """

    id: UUID
    monitor_id: UUID
    monitor: str
    route: str | None = None
    metric: str
    status: AlarmStatus
    message: str
    mean: float
    reference: dict[str, Any]
    evidence: float
    alpha: float
    n: int
    created_at: datetime
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    delivery: Delivery = "none"
    delivery_attempts: int = 0
    delivery_error: str | None = None


class ScorePoint(Record):
    """Mean scores of one hour or day by metric, with the number of scored answers and the cost."""

    at: datetime
    n: int
    means: dict[str, float]
    cost: int
