"""Durable background job."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from vong.records.record import Record

JobStatus = Literal["queued", "running", "finished", "failed", "cancelled"]
ACTIVE_STATUSES: tuple[JobStatus, ...] = ("queued", "running")
FINAL_STATUSES: frozenset[JobStatus] = frozenset({"finished", "failed", "cancelled"})


class Progress(Record):
    """Progress of a job. `rate` is in units per second over the last 30 s, `seconds_left` an estimate from it."""

    done: float = 0
    total: float | None = None
    unit: str = ""
    rate: float | None = None
    seconds_left: float | None = None
    message: str = ""


class Job(Record):
    """Job with its kind, parameters, status and result. `attempts` counts the starts."""

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
    """Line of the log of a job. `number` counts from 1 within the job."""

    number: int
    created_at: datetime
    line: str
