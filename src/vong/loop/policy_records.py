"""Records of loop policies and their runs: triggers, training, budget, consent, and the evidence of each step."""

from datetime import datetime, timedelta
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field, field_validator, model_validator

from vong.cron import check_cron
from vong.durations import parse_duration
from vong.evals.gates import ApprovalRole
from vong.loop.release_records import ReleasePlan
from vong.records import Record

TriggerKind = Literal["corrections", "scores", "drift", "schedule", "base", "manual"]
PolicyRunStatus = Literal["queued", "running", "promoted", "not_promoted", "failed", "cancelled"]
StepStatus = Literal["running", "passed", "stopped", "failed"]
FeedbackSource = Literal["human", "judge", "program", "replay"]
ACTIVE_RUN_STATUSES: tuple[PolicyRunStatus, ...] = ("queued", "running")
STEP_NAMES = ("harvest", "health check", "train", "deploy", "evaluate", "gate", "release", "clean up")
"""Steps of a run, in order. The last one always runs."""


class DriftTrigger(Record):
    """Drift of the newest `calls` calls of the route against the training data, measured every `every`.

    The trigger fires if the lower bound of the drift score is above `bound`. The score is the area under the ROC curve
    of a classifier that separates live from training texts: 0.5 without drift, 1 if all texts differ.
    """

    bound: float = Field(default=0.65, ge=0.5, lt=1)
    calls: int = Field(default=200, ge=20, le=1000)
    every: str = "10m"

    @field_validator("every")
    @classmethod
    def _check_every(cls, text: str) -> str:
        return _check_duration(text, minimum=timedelta(seconds=1))


class LoopTriggers(Record):
    """Conditions that start a run; at least one is required, and one that holds suffices.

    `corrections` and `scores` count answers of the route with a new correction or score since the last run. `every`
    (`6h`) or `cron` (`30 2 * * 1-5`, UTC) starts runs by time. `new_base` starts a run once the base of the training
    names another version: a newly registered version, or a moved alias.
    """

    corrections: int | None = Field(default=None, ge=1, le=1_000_000)
    scores: int | None = Field(default=None, ge=1, le=1_000_000)
    drift: DriftTrigger | None = None
    every: str | None = None
    cron: str | None = Field(default=None, max_length=200)
    new_base: bool = False

    @field_validator("every")
    @classmethod
    def _check_every(cls, text: str | None) -> str | None:
        return None if text is None else _check_duration(text, minimum=timedelta(seconds=1))

    @field_validator("cron")
    @classmethod
    def _check_cron(cls, text: str | None) -> str | None:
        if text is not None:
            check_cron(text)
        return text

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.every and self.cron:
            raise ValueError("every and cron cannot be combined: set one of them")
        if not (self.corrections or self.scores or self.drift or self.every or self.cron or self.new_base):
            raise ValueError("a loop policy needs a trigger: set corrections, scores, drift, every, cron or new_base")
        return self


class PolicyHarvest(Record):
    """Feedback that becomes training rows: corrections, and answers with a mean score of at least `min_value`."""

    min_value: float = Field(default=0.8, ge=0, le=1)
    name: str | None = Field(default=None, max_length=100)
    source: FeedbackSource | None = None
    pairs: bool = False


class PolicyTraining(Record):
    """Training of a candidate: a version of `model`, from the model ref `base`, by a recipe with its settings."""

    model: str = Field(min_length=1, max_length=100)
    base: str | None = Field(default=None, max_length=300)
    recipe: str = Field(default="sft", max_length=100)
    settings: dict[str, Any] = {}
    auto: bool = False
    train_split: str = Field(default="train", min_length=1, max_length=100)
    validation_split: str | None = Field(default="validation", min_length=1, max_length=100)


class PolicyBudget(Record):
    """Limits of a run up to the release: `minutes` of time and `cost` of the training in US dollars, as planned."""

    minutes: float = Field(default=240, gt=0, le=60 * 24 * 30, allow_inf_nan=False)
    cost: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class LoopPolicyDefinition(Record):
    """Content of a loop policy.

    Feedback on `route` is harvested into `dataset`. The candidate is deployed beside the targets of the route, must
    pass `suite` and not be significantly worse than the current target on it, must pass every gate of the route (the
    gate policy `gate` among them, if set), and is released by the plan `release`. A run starts at the earliest
    `cool_down` after the last one has ended. `engine` serves the candidate.
    """

    route: str = Field(min_length=1, max_length=63)
    dataset: str = Field(min_length=1, max_length=100)
    triggers: LoopTriggers
    harvest: PolicyHarvest = PolicyHarvest()
    training: PolicyTraining
    suite: str = Field(min_length=1, max_length=200)
    gate: str | None = Field(default=None, max_length=100)
    release: ReleasePlan = ReleasePlan()
    engine: str | None = Field(default=None, max_length=100)
    budget: PolicyBudget = PolicyBudget()
    cool_down: str = "1h"

    @field_validator("cool_down")
    @classmethod
    def _check_cool_down(cls, text: str) -> str:
        return _check_duration(text)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.release.manual:
            raise ValueError("a manual release waits for people: set release.manual to false")
        return self


class PolicyConsent(Record):
    """Consent to runs without a person: who gave it, with which role, and when."""

    by: str
    role: ApprovalRole
    at: datetime


class LoopPolicy(Record):
    """Loop policy. Each change of its content needs a new consent and has the next `version`."""

    name: str
    version: int
    definition: LoopPolicyDefinition
    consent: PolicyConsent
    paused: bool = False
    state: dict[str, Any] = {}
    created_at: datetime
    updated_at: datetime


class TriggerState(Record):
    """State of one trigger: the measured value beside the value that it needs, both null if not measured yet."""

    kind: TriggerKind
    value: float | None = None
    needed: float | None = None
    is_due: bool = False
    detail: str


class PolicyStatus(Record):
    """Loop policy with the state of its triggers, the active run, the newest run, and what delays the next one."""

    policy: LoopPolicy
    triggers: tuple[TriggerState, ...]
    active_run: UUID | None = None
    last_run: UUID | None = None
    waits_until: datetime | None = None


class EvidenceLink(Record):
    """Reference to an object of another stage: its kind (dataset, run, suite_run, ...) and its name or id."""

    kind: str
    ref: str


class PolicyStep(Record):
    """Step of a run with its evidence. `job` is the job for which it waits. `reason` says why it passed or stopped."""

    name: str
    status: StepStatus
    reason: str = ""
    seconds: float | None = None
    job: UUID | None = None
    links: tuple[EvidenceLink, ...] = ()
    evidence: dict[str, Any] = {}


class PolicyRun(Record):
    """Run of a loop policy, and its report.

    `definition` and `version` are those of the policy at the start, `trigger` is what started it. Feedback until
    `harvest_until` counts for this run, later feedback for the next. `base` is the version of the base, `model` the
    candidate. `minutes` is the time from the last correction to the end. `human_actions` are the actions of people on
    this run and its release.
    """

    id: UUID
    policy: str
    number: int
    version: int
    definition: LoopPolicyDefinition
    consent: PolicyConsent
    trigger: TriggerState
    status: PolicyRunStatus
    reason: str | None = None
    harvest_since: datetime | None = None
    harvest_until: datetime
    base: str | None = None
    model: str | None = None
    steps: tuple[PolicyStep, ...] = ()
    human_actions: int = 0
    last_correction_at: datetime | None = None
    minutes: float | None = None
    created_at: datetime
    finished_at: datetime | None = None

    @property
    def candidate(self) -> str:
        """Return the name of the candidate's deployment."""
        return f"{self.policy[:50]}-{self.number}"


def _check_duration(text: str, minimum: timedelta = timedelta(0)) -> str:
    duration = parse_duration(text)
    if duration is None or not minimum <= duration <= timedelta(days=365):
        raise ValueError(f"{text!r} is no duration up to 365d: write for example 30m, 6h or 7d")
    return text
