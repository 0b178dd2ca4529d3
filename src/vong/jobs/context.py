"""What a job's function is given: its parameters, a folder, and the means to say how far it is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from vong.errors import JobCancelled
from vong.jobs.progress import ProgressWriter
from vong.records import Job

T = TypeVar("T")


class JobContext:
    """One run of a job, as its function sees it. Its methods may be called from any thread.

    `folder` is the job's own durable folder: put checkpoints there, a later attempt finds them. `params` are what the
    job was submitted with.
    """

    def __init__(self, job: Job, project_id: UUID, folder: Path, recorder: ProgressWriter) -> None:
        self.id = job.id
        self.project_id = project_id
        self.kind = job.kind
        self.params: dict[str, Any] = job.params
        self.attempt = job.attempts
        self.folder = folder
        self._recorder = recorder

    def progress(self, done: float, total: float | None = None, *, unit: str = "", message: str = "") -> None:
        """Say how far it is; rate and time left follow from it. Cheap: written twice a second at most."""
        self.check()
        self._recorder.progress(done, total, unit, message)

    def log(self, line: str) -> None:
        """Add a line to the job's log."""
        self._recorder.log(line)

    def step(self, name: str, function: Callable[[], T]) -> T:
        """Run `function` once in the life of the job and give its result, which must be JSON-able.

        On a later attempt the kept result is given back and nothing runs. A run that dies between the end of
        `function` and the keeping of its result runs it again: let it be repeatable.
        """
        self.check()
        kept, value = self._recorder.kept_step(name)
        if kept:
            return value
        return self._recorder.keep_step(name, function())

    def check(self) -> None:
        """Raise JobCancelled when cancellation was asked for, or when the worker is going down."""
        if self._recorder.stop.is_set():
            raise JobCancelled(f"job {str(self.id)!r} was asked to stop", f"take it up with: vong jobs retry {self.id}")
