"""A training run: what went in, how it goes, what came out."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from vong.records.record import Record


class TrainingRun(Record):
    """A run of a recipe. `settings` holds every hyperparameter, those defaulted too; `summary` the last and best
    figures; `warnings` what the trainer noticed (overfitting, truncated rows).
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
