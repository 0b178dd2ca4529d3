"""Rows that the result writer stores: runs, results of steps, and new states of runs."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID


class NewRun(NamedTuple):
    """Run to insert, with its definition if this process has not stored it yet."""

    project_id: UUID
    id: UUID
    pipeline: str | None
    version: str
    state: str
    inputs: dict[str, Any]
    trace_id: str
    limits: dict[str, Any]
    caller: dict[str, Any]
    started_by: str
    conversation_id: UUID | None
    replay_of: UUID | None
    options: dict[str, Any]
    idempotency_key: str | None
    created_at: datetime
    definition: dict[str, Any] | None


class StepRow(NamedTuple):
    """Result of a step, or its state up to now."""

    project_id: UUID
    run_id: UUID
    path: str
    kind: str
    attempt: int
    state: str
    port: str | None = None
    inputs: dict[str, Any] | None = None
    outputs: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    cost: int = 0
    tokens: int = 0
    span_id: UUID | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    wait_seconds: float | None = None


class RunUpdate(NamedTuple):
    """New state of a run: it ended, or it waits."""

    run_id: UUID
    state: str
    outputs: dict[str, Any] | None
    error: dict[str, Any] | None
    cost: int
    tokens: int
    wait_seconds: float | None = None
