"""A durable piece of work."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from vong.records.record import Record

JobStatus = Literal["queued", "running", "finished", "failed", "cancelled"]


class Progress(Record):
    """How far a job is. `rate` is units a second over the last half minute, `seconds_left` an estimate from it."""

    done: float = 0
    total: float | None = None
    unit: str = ""
    rate: float | None = None
    seconds_left: float | None = None
    message: str = ""


class Job(Record):
    """A job: what to do (`kind`, `params`), how it stands, and how it ended. `attempts` counts starts."""

    id: UUID
    kind: str
    params: dict[str, Any]
    status: JobStatus
    progress: Progress = Progress()
    result: dict[str, Any] | None = None
    error: str | None = None
    attempts: int = 0
    worker: str | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None


class LogLine(Record):
    """One line of a job's log. `number` counts from 1 within the job."""

    number: int
    at: datetime
    line: str
