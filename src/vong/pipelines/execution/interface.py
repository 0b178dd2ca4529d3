"""What the execution of steps needs of the execution of their run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from vong.pipelines.definition import StepDefinition
from vong.pipelines.execution.events import RunChannel
from vong.pipelines.execution.outcomes import Outcome
from vong.pipelines.execution.result_writer import ResultWriter
from vong.pipelines.execution.spans import PipelineTrace
from vong.pipelines.run_records import RunStep
from vong.pipelines.services import PipelineServices, RunScope


@dataclass(slots=True)
class ActiveStep:
    """Step that is running now."""

    path: str
    kind: str
    attempt: int
    started_at: datetime
    span_id: UUID
    inputs: dict[str, Any] | None = None
    texts: list[str] = field(default_factory=list)
    written_texts: int = -1
    """Number of texts when the state was stored last. -1 if it was not stored."""


class ExecutionState(Protocol):
    """Execution of one run, as its steps see it."""

    scope: RunScope
    services: PipelineServices
    writer: ResultWriter
    channel: RunChannel
    trace: PipelineTrace
    stored: dict[str, RunStep]
    """Results of a former execution, by path."""
    active: dict[str, ActiveStep]
    """Steps that are running now, by path."""
    waits: dict[str, float | None]
    """Seconds until the deadline of each step that waits for a decision."""

    async def run_step(
        self, step: StepDefinition, path: str, variables: Mapping[str, Any], siblings: Mapping[str, StepDefinition]
    ) -> Outcome:
        """Run one step, or return its stored outcome."""
        ...

    async def run_level(
        self, steps: Mapping[str, StepDefinition], variables: Mapping[str, Any], path: str
    ) -> dict[str, dict[str, Any]]:
        """Run nested steps and return the outputs of those that ran."""
        ...

    async def run_sub_pipeline(self, path: str, ref: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Run a stored pipeline as a part of this run and return its outputs."""
        ...

    def record_skip(self, step: StepDefinition, path: str) -> None:
        """Record a step that does not run."""
        ...

    def count_step(self, path: str) -> None:
        """Count a step. Raises BudgetExceeded if the run has reached one of its limits."""
        ...

    def emitter(self, path: str) -> Callable[[str], None]:
        """Return the function that sends parts of the text of a step."""
        ...
