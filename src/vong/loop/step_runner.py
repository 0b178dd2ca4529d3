"""Runner of named steps: each runs once per job, waits for other jobs, and reports their progress as its own."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from vong.errors import PreconditionFailed
from vong.records import Job, Progress

if TYPE_CHECKING:
    from vong.client import Client


@dataclass(kw_only=True)
class StepRunner:
    """State of a run of steps. `run_once(name, function)` stores the result of a function; `progress` reports a step.

    `on_job` is called with the id of each job before a step waits for it.
    """

    id: UUID
    client: "Client"
    run_once: Callable[[str, Callable[[], Any]], Any]
    progress: Callable[[str, Progress], None]
    log: Callable[[str], None]
    on_job: Callable[[UUID], None] = lambda _: None
    step_seconds: dict[str, float] = field(default_factory=dict)
    current_step: str = ""

    def run_step(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a step, or return its stored result if an earlier attempt completed it."""
        self.current_step = name
        self.report_progress(Progress(message=name))

        def timed() -> dict[str, Any]:
            start = time.monotonic()
            value = function(self, *arguments)
            seconds = round(time.monotonic() - start, 2)
            self.log(f"{name}: done in {seconds} s")
            return {"value": value, "seconds": seconds}

        stored = self.run_once(name, timed)
        self.step_seconds[name] = stored["seconds"]
        return stored["value"]

    def report_progress(self, progress: Progress) -> None:
        """Report the progress of the current step."""
        self.progress(self.current_step, progress)

    def wait_for_job(self, job: Job) -> dict[str, Any]:
        """Wait for a job and return its result. Progress of the job is reported as progress of the step.

        Raises: PreconditionFailed if the job failed or was cancelled.
        """
        self.on_job(job.id)
        done = self.client.jobs.wait(job.id, on_progress=lambda state: self.report_progress(state.progress))
        if done.status != "finished":
            message = f"{done.kind} {done.status}: {done.error or 'cancelled by hand'}"
            raise PreconditionFailed(
                message, f"see: vong jobs logs {done.id}; then resume the loop run: vong jobs retry {self.id}"
            )
        return done.result or {}

    def idempotency_key(self, *parts: str) -> str:
        """Return an idempotency key that is equal for repetitions of this step of this loop run."""
        return ":".join([str(self.id), self.current_step, *parts])
