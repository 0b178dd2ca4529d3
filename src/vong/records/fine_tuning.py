"""Fine-tuning jobs of OpenAI's API: their state, events and checkpoints."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from vong.records.record import Record

FineTuningStatus = Literal["validating_files", "queued", "running", "paused", "succeeded", "failed", "cancelled"]
FINAL_STATUSES: frozenset[FineTuningStatus] = frozenset({"succeeded", "failed", "cancelled"})
EventLevel = Literal["info", "warn", "error"]
FineTuningMethod = Literal["supervised", "dpo", "reinforcement"]


class FineTuningError(Record):
    """Reason why a job failed. `param` names the parameter that caused it, if there is one."""

    code: str
    message: str
    param: str | None = None


class FineTuningJob(Record):
    """Fine-tuning job. A training run executes it (`run_id`), here or at a provider.

    `model` is the base model as the caller named it, `fine_tuned_model` the name under which the result is called.
    `trained_tokens` and `cost` (in millionths of a US dollar) are known at the end. `next_attempt` counts the training
    runs that were started for the job. `last_entry` is the newest metric entry that is an event already.
    """

    id: UUID
    actor: str
    key_id: UUID | None = None
    user_id: UUID | None = None
    model: str
    provider: str | None = None
    training_file: UUID
    validation_file: UUID | None = None
    training_blob: str
    validation_blob: str | None = None
    method: FineTuningMethod
    method_settings: dict[str, Any] = {}
    run_settings: dict[str, Any] = {}
    suffix: str | None = None
    seed: int
    metadata: dict[str, str] | None = None
    integrations: tuple[dict[str, Any], ...] | None = None
    status: FineTuningStatus = "validating_files"
    error: FineTuningError | None = None
    dataset: str | None = None
    run_id: UUID | None = None
    job_id: UUID | None = None
    training_job_id: UUID | None = None
    last_entry: UUID | None = None
    fine_tuned_model: str | None = None
    result_file: UUID | None = None
    trained_tokens: int | None = None
    created_at: datetime
    estimated_finish: datetime | None = None
    finished_at: datetime | None = None

    @property
    def tag(self) -> str:
        """Return the id for OpenAI clients."""
        return f"ftjob-{self.id.hex}"


class FineTuningEvent(Record):
    """Event of a job: a message, or the metrics of a training step in `data`."""

    id: UUID
    job_id: UUID
    level: EventLevel
    message: str
    type: Literal["message", "metrics"] = "message"
    data: dict[str, Any] = {}
    created_at: datetime


class FineTuningCheckpoint(Record):
    """Weights of a job after a step, callable under the name `model`."""

    id: UUID
    job_id: UUID
    step: int
    model: str
    metrics: dict[str, float] = {}
    created_at: datetime


class FineTunedModel(Record):
    """Name of a fine-tuned model and the target that it calls.

    `model_ref` is the version in the registry, null for a model of a provider. A deployment of the target is created
    by the first call.
    """

    name: str
    target: str
    model_ref: str | None = None
    created_at: datetime
