"""Context of a job function: parameters, folder, progress, log and steps."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from vong.errors import JobCancelled
from vong.jobs.progress import ProgressWriter
from vong.records import Job

T = TypeVar("T")


class JobContext:
    """Attempt of a job, passed to the job function. The methods are thread-safe.

    `folder` is the durable folder of the job: checkpoints that are stored there are available to later attempts.
    `params` are the parameters with which the job was submitted.
    """

    def __init__(self, job: Job, project_id: UUID, folder: Path, writer: ProgressWriter) -> None:
        self.id = job.id
        self.project_id = project_id
        self.kind = job.kind
        self.params: dict[str, Any] = job.params
        self.attempt = job.attempts
        self.folder = folder
        self._writer = writer

    @property
    def stop_event(self) -> threading.Event:
        """Return the event that is set when the attempt must stop. A wait on this event ends at once."""
        return self._writer.stop.event

    @property
    def is_cancelled(self) -> bool:
        """Return True if the job was cancelled, and does not only stop with its worker."""
        return self._writer.stop.reason == "cancel"

    def progress(self, done: float, total: float | None = None, *, unit: str = "", message: str = "") -> None:
        """Report the progress, from which rate and remaining time are computed. Written at most twice a second."""
        self.check()
        self._writer.set_progress(done, total, unit, message)

    def log(self, line: str) -> None:
        """Append a line to the log of the job."""
        self._writer.log(line)

    def step(self, name: str, function: Callable[[], T]) -> T:
        """Run `function` once per job and return its result, which must be JSON-serializable.

        A later attempt returns the stored result without running `function`. If an attempt dies after `function`
        returned and before its result was stored, `function` runs again: it must be idempotent.
        """
        self.check()
        finished, value = self._writer.load_step(name)
        if finished:
            return value
        return self._writer.store_step(name, function())

    def check(self) -> None:
        """Raise JobCancelled if the job was cancelled, the worker is shutting down or another attempt took over."""
        if self._writer.stop.is_set():
            raise JobCancelled(f"job {str(self.id)!r} was asked to stop", f"resume it with: vong jobs retry {self.id}")
