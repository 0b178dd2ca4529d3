"""Records of releases: plan, evidence, events and the release itself."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from vong.loop.evidence import Evidence, EvidenceHistoryPoint
from vong.loop.guard_rails import GuardRail, GuardRailState
from vong.loop.sequential import DecisionRules, Goal, Side
from vong.records import Record, RoutePolicy, RouteTarget

ReleaseStatus = Literal["scheduled", "running", "promoted", "rolled_back", "kept", "superseded"]
ReleaseStage = Literal["shadow", "canary"]
ScoreSource = Literal["human", "judge", "program", "replay"]
Series = Literal["quality", "shadow", "calls"]
ACTIVE: tuple[ReleaseStatus, ...] = ("scheduled", "running")
DEFAULT_RAILS = (GuardRail(metric="errors", margin=0.05), GuardRail(metric="latency", margin=0.15))


class ReleasePlan(Record):
    """Plan of a release.

    Shadow: `shadow_pairs` pairs of responses are compared before users see the candidate (0 skips the stage), a copy of
    the share `shadow_share` of all calls is sent, and at most `shadow_budget` millionths of a US dollar are spent.
    Canary: `steps` are the shares of the traffic, each for at least `step_pairs` pairs and `step_seconds`.

    Quality: scores named `metric` from the `sources` count. `scorers` and those of `suite` that need no reference score
    the responses of the shadow stage, and the share `score_share` of the canary's responses. `alpha`, `margin`, `goal`,
    `min_pairs` and `max_pairs` are the decision rules, as of a canary. `guard_rails` together have the error
    `guard_alpha`.

    With `manual`, people start the canary, each step and the promotion; a rollback stays automatic. A release without a
    decision after `max_hours` ends, and the incumbent stays.
    """

    shadow_pairs: int = Field(default=0, ge=0, le=5000)
    shadow_share: float = Field(default=1.0, gt=0, le=1)
    shadow_budget: int | None = Field(default=None, ge=0)
    steps: tuple[float, ...] = Field(default=(0.05, 0.25, 0.5), min_length=1, max_length=20)
    step_pairs: int = Field(default=5, ge=0, le=5000)
    step_seconds: float = Field(default=0.0, ge=0, le=30 * 86400, allow_inf_nan=False)
    metric: str = Field(default="quality", min_length=1, max_length=100)
    sources: tuple[ScoreSource, ...] = Field(default=("human", "judge", "program", "replay"), min_length=1)
    scorers: tuple[str, ...] = Field(default=(), max_length=20)
    suite: str | None = None
    score_share: float = Field(default=1.0, ge=0, le=1)
    alpha: float = Field(default=0.05, gt=0, lt=1)
    margin: float = Field(default=0.0, ge=0, lt=1)
    goal: Goal = "better"
    min_pairs: int = Field(default=10, ge=1, le=5000)
    max_pairs: int = Field(default=500, ge=1, le=5000)
    guard_rails: tuple[GuardRail, ...] = DEFAULT_RAILS
    guard_alpha: float = Field(default=0.05, gt=0, lt=1)
    manual: bool = False
    max_hours: float = Field(default=168.0, gt=0, le=24 * 365, allow_inf_nan=False)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if any(not 0 < share < 1 for share in self.steps) or list(self.steps) != sorted(set(self.steps)):
            raise ValueError(
                f"steps {list(self.steps)} must rise and lie between 0 and 1: set for example 0.05,0.25,0.5"
            )
        metrics = [rail.metric for rail in self.guard_rails]
        if len(set(metrics)) < len(metrics):
            raise ValueError("a guard rail is named twice: name errors, latency and cost at most once")
        if self.min_pairs > self.max_pairs:
            raise ValueError(f"min_pairs {self.min_pairs} is above max_pairs {self.max_pairs}: lower min_pairs")
        if self.goal == "non_inferior" and self.margin == 0:
            raise ValueError("goal `non_inferior` needs a margin above 0: set a margin, or the goal `better`")
        if self.shadow_pairs and not self.scorers and not self.suite:
            raise ValueError("the shadow stage needs scorers or a suite: name some, or set shadow_pairs to 0")
        return self

    @property
    def rules(self) -> DecisionRules:
        """Return the decision rules of the quality test."""
        return DecisionRules(self.alpha, self.margin, self.goal, self.min_pairs, self.max_pairs)


class ReleaseEvidence(Record):
    """Evidence of a release: quality in the canary and in the shadow stage, and the guard rails of both.

    `shadow_cost` is what the copies have cost, in millionths of a US dollar. `step_pairs` are the pairs at the current
    step. `sources` counts the scores by source.
    """

    quality: Evidence
    quality_history: tuple[EvidenceHistoryPoint, ...] = ()
    shadow: Evidence
    shadow_history: tuple[EvidenceHistoryPoint, ...] = ()
    shadow_cost: int = 0
    guard_rails: tuple[GuardRailState, ...] = ()
    step_pairs: int = 0
    sources: dict[str, int] = {}


class ReleaseEvent(Record):
    """Entry of the log of a release. `data` has the evidence behind a decision."""

    id: UUID
    kind: str
    message: str
    actor: str
    data: dict[str, Any] = {}
    created_at: datetime


class ReleaseObservation(Record):
    """Observation of one response: its side, and its score (`quality`, `shadow`) or its measures (`calls`)."""

    series: Series
    span_id: UUID
    side: Side
    value: float | None = None
    source: str | None = None
    observed_at: datetime


class Release(Record):
    """Release of a candidate on a route.

    `model` is the model version of the candidate at the start. `stage` is the current or the last stage, `step` the
    index of its canary step. `blocked` says what a release waits for. A rollback restores `previous_targets` and
    `previous_policy`. `canary_versions` are the versions of the route under which answers count. `gates` are the ids of
    the gate decisions. `reaction_seconds` is the time from the deciding observation to the changed route. `decided_by`
    is `evidence` or the name of a person.
    """

    id: UUID
    route: str
    candidate: str
    model: str | None = None
    plan: ReleasePlan
    status: ReleaseStatus
    stage: ReleaseStage
    step: int = 0
    paused: bool = False
    blocked: str | None = None
    previous_targets: tuple[RouteTarget, ...]
    previous_policy: RoutePolicy | None = None
    route_version: str | None = None
    canary_versions: tuple[str, ...] = ()
    evidence: ReleaseEvidence
    gates: tuple[str, ...] = ()
    reason: str | None = None
    decided_by: str | None = None
    started_by: str
    created_at: datetime
    start_at: datetime | None = None
    started_at: datetime | None = None
    stage_started_at: datetime | None = None
    step_started_at: datetime | None = None
    ended_at: datetime | None = None
    reaction_seconds: float | None = None

    @property
    def share(self) -> float:
        """Return the candidate's share of the answers that users receive."""
        if self.status == "promoted":
            return 1.0
        return self.plan.steps[self.step] if self.status == "running" and self.stage == "canary" else 0.0

    def side_of(self, target: str | None) -> Side | None:
        """Return the side to which a target belongs. Returns None for another target."""
        if target == self.candidate:
            return "candidate"
        return "incumbent" if any(target == one.key for one in self.previous_targets) else None
