"""Training run: inputs, status and results."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from vong.records.job import Job
from vong.records.record import Record


class TrainingRun(Record):
    """Run of a recipe.

    `settings` contains all hyperparameters, including defaults; `summary` the last and best metrics; `warnings` the
    warnings of the trainer (overfitting, truncated rows).
    """

    id: UUID
    name: str
    recipe: str
    status: Literal["queued", "running", "finished", "failed", "cancelled"]
    base: str
    dataset: str
    model: str | None = None
    job_id: UUID | None = None
    settings: dict[str, Any] = {}
    summary: dict[str, Any] = {}
    warnings: tuple[str, ...] = ()
    created_at: datetime
    finished_at: datetime | None = None


class TrainingStarted(Record):
    """Training run and its job."""

    run: TrainingRun
    job: Job
