"""Runs of pipelines and their steps, as they are stored."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from vong.records import Record

RunState = Literal["queued", "running", "waiting", "succeeded", "failed", "cancelled"]
StepState = Literal["running", "waiting", "succeeded", "failed", "skipped", "cancelled"]
FINAL_RUN_STATES = frozenset({"succeeded", "failed", "cancelled"})
FINAL_STEP_STATES = frozenset({"succeeded", "failed", "skipped"})
"""States of steps that are not executed again when a run continues."""


class RunError(Record):
    """Error of a run or a step. `step` is the path of the step that failed."""

    message: str
    code: str = "internal"
    hint: str = ""
    step: str | None = None


class RunOptions(Record):
    """Options of a run: the versions that refs name, and what a replay changes."""

    prompts: dict[str, str] = {}
    """Exact prompt version by the ref in the definition."""
    models: dict[str, str] = {}
    """Model used in place of another one."""
    pipelines: dict[str, str] = {}
    """Hash of the definition by the ref of a sub-pipeline."""
    is_draft: bool = False
    """True if the run executes changes of its pipeline that are not stored as a version."""
    stream: bool = False
    """True if readers want the texts of models as they arrive."""
    parent_span_id: str | None = None
    """Span of the caller that contains the run (16 hexadecimal digits)."""
    call_id: UUID | None = None
    """Call of the gateway that contains the run."""
    user: str | None = None
    session: str | None = None
    tags: tuple[str, ...] = ()


class PipelineRun(Record):
    """Run of a pipeline. Its id is also that of its span. `cost` is in millionths of a dollar."""

    id: UUID
    pipeline: str | None
    version: str
    state: RunState
    inputs: dict[str, Any]
    outputs: dict[str, Any] | None = None
    error: RunError | None = None
    trace_id: str
    cost: int = 0
    tokens: int = 0
    limits: dict[str, Any] = {}
    started_by: str
    conversation_id: UUID | None = None
    replay_of: UUID | None = None
    options: RunOptions = RunOptions()
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def is_final(self) -> bool:
        """Return True if the run has ended."""
        return self.state in FINAL_RUN_STATES


class RunStep(Record):
    """Execution of a step, with its latest attempt."""

    path: str
    kind: str
    attempt: int
    state: StepState
    port: str | None = None
    inputs: dict[str, Any] | None = None
    outputs: dict[str, Any] | None = None
    error: RunError | None = None
    cost: int = 0
    tokens: int = 0
    span_id: UUID | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    decision: dict[str, Any] | None = None
    decide_by: datetime | None = None
