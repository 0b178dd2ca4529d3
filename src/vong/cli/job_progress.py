"""Progress of a job in the terminal: a bar with rate and remaining time, or plain lines without a terminal."""

import sys
import time
from contextlib import nullcontext

import click

from vong.cli.output import print_message
from vong.client import Client
from vong.errors import JobCancelled, VongError
from vong.records import Job
from vong.records.job import LogLine

PLAIN_LINE_INTERVAL_SECONDS = 5.0
"""Seconds between two plain progress lines."""


def follow(client: Client, job: Job) -> Job:
    """Show the job's progress on stderr until it has ended, and return the ended job.

    Following continues after a server restart. Ctrl-C stops following but not the job (exit code 130).

    Raises: VongError if the job failed or was cancelled.
    """
    display = ProgressBar(job) if sys.stderr.isatty() else nullcontext(PlainProgress(job))
    try:
        with display as view:
            for value in client.jobs.events(job.id):
                if isinstance(value, LogLine):
                    view.log(value.line)
                else:
                    job = value
                    view.progress(job)
    except KeyboardInterrupt:
        print_message(f"stopped following; job {job.id} continues")
        print_message(f"  follow it again: vong jobs logs --follow {job.id}")
        print_message(f"  cancel it:       vong jobs cancel {job.id}")
        raise click.exceptions.Exit(130) from None
    return check_outcome(job)


def check_outcome(job: Job) -> Job:
    """Return a finished job. Raises the error of a failed or cancelled one."""
    if job.status == "cancelled":
        raise JobCancelled(f"job {job.id} was cancelled", f"resume it with: vong jobs retry {job.id}")
    if job.status == "failed":
        hint = f"see: vong jobs logs {job.id}; retry with: vong jobs retry {job.id}"
        raise VongError(f"{job.kind} failed: {job.error}", hint)
    return job


class PlainProgress:
    """Plain progress lines, one every few seconds: for files, pipes and CI."""

    def __init__(self, job: Job) -> None:
        self._printed_at = 0.0
        self._status = ""
        self._kind = job.kind

    def log(self, line: str) -> None:
        """Print a line of the job's log."""
        print_message(f"{self._kind}: {line}")

    def progress(self, job: Job) -> None:
        """Print the progress; a new status at once."""
        if job.status != self._status or time.monotonic() - self._printed_at >= PLAIN_LINE_INTERVAL_SECONDS:
            self._status, self._printed_at = job.status, time.monotonic()
            print_message(f"{self._kind}: {describe_progress(job)}")


def describe_progress(job: Job) -> str:
    """Return a job's progress in one line."""
    progress = job.progress
    parts: list[str] = [job.status]
    if progress.total:
        parts.append(f"{progress.done:.6g} of {progress.total:.6g} {progress.unit}".rstrip())
        parts.append(f"{min(1.0, progress.done / progress.total):.0%}")
    elif progress.done:
        parts.append(f"{progress.done:.6g} {progress.unit}".rstrip())
    if job.status == "running":
        parts += [part for part in (format_rate(job), format_remaining_time(job)) if part]
    if progress.message:
        parts.append(progress.message)
    return ", ".join(parts)


def format_rate(job: Job) -> str:
    """Return the rate in units per second, or in seconds per unit if it is below one."""
    value, unit = job.progress.rate, job.progress.unit or "units"
    if not value:
        return ""
    return f"{value:.3g} {unit}/s" if value >= 1 else f"{1 / value:.3g} s each"


def format_remaining_time(job: Job) -> str:
    """Return the remaining time."""
    seconds = job.progress.seconds_left
    if seconds is None:
        return ""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02} left" if hours else f"{minutes}:{seconds:02} left"


class ProgressBar:
    """Progress bar in the terminal, with the job's log above it."""

    def __init__(self, job: Job) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        details = TextColumn("{task.fields[details]}", markup=False)
        self._progress = Progress(*columns, details, console=Console(stderr=True))
        self._task = self._progress.add_task(job.kind, total=None, details="")

    def __enter__(self) -> "ProgressBar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def log(self, line: str) -> None:
        """Print a line of the job's log."""
        self._progress.console.print(line, markup=False, highlight=False)

    def progress(self, job: Job) -> None:
        """Update the bar."""
        state = job.progress
        total = state.total or (1.0 if job.status == "finished" else None)
        done = total if job.status == "finished" else state.done
        parts = (
            [part for part in (format_rate(job), format_remaining_time(job)) if part]
            if job.status == "running"
            else [job.status]
        )
        details = ", ".join([*parts, state.message] if state.message else parts)
        self._progress.update(self._task, total=total, completed=done, details=details)
