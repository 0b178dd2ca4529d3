"""Probe: a few real steps of a recipe, which measure its rate and its peak memory on this machine."""

import time
from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel

from vong.records import Example, Record, TrainingSample
from vong.training.progress import TrainingReporter
from vong.training.recipe_interface import Recipe, TrainingContext, TrainingResult
from vong.training.rows.row_requirements import divide_prompt
from vong.training.run_times import RunTimes

PROBE_STEPS = 20
"""Optimiser steps of a probe. Fewer are made if the dataset has fewer rows."""

CHARACTERS_PER_TOKEN = 4
TEMPLATE_TOKENS = 20
"""Estimated characters of a token, and tokens that a chat template adds to a row, to fill the sequences of packing."""

MAX_EVALUATION_BATCHES = 4
"""Batches of validation rows that a probe evaluates."""


class ProbeResult(Record):
    """Measured values of a probe.

    `startup_seconds` is the time until the first step, `finish_seconds` that after the last step, evaluation and
    checkpoint. An evaluation took `evaluation_seconds_per_row`, and `evaluation_overhead_seconds` more for samples and
    the best weights. `cpu_cores` is the number of cores that the steps used on average.
    """

    steps: int
    tokens_per_second: float
    peak_memory_bytes: int
    startup_seconds: float
    evaluation_seconds_per_row: float | None = None
    evaluation_overhead_seconds: float | None = None
    checkpoint_seconds: float | None = None
    finish_seconds: float | None = None
    cpu_cores: float | None = None
    device: str = "cpu"


class ProbeReporter:
    """Reporter of a probe: forwards progress and records the ends of steps."""

    def __init__(self, reporter: TrainingReporter) -> None:
        self._reporter = reporter
        self.started_at = time.monotonic()
        self.step_ends: dict[int, float] = {}

    def log_metrics(self, step: int, values: dict[str, float]) -> None:
        """Store no metrics."""

    def progress(self, done: float, total: float, message: str) -> None:
        """Record the end of a step. Raises JobCancelled if the job is to be cancelled."""
        if done >= 1:
            self.step_ends[int(done)] = self.step_ends.get(int(done), time.monotonic())
        self._reporter.progress(done, total, message)

    def log_samples(self, samples: Sequence[TrainingSample]) -> None:
        """Store no samples."""

    def warn(self, text: str) -> None:
        """Log a warning: the run itself will repeat it."""
        self._reporter.log(text)

    def log(self, line: str) -> None:
        """Forward a log line."""
        self._reporter.log(line)


def run_probe(
    recipe: Recipe, context: TrainingContext, reporter: TrainingReporter, steps: int = PROBE_STEPS
) -> ProbeResult:
    """Run up to `steps` optimiser steps and one evaluation on a sample of the rows, and return the measured values.

    The sample has rows of all lengths, with a whole batch of the longest ones, so that it reaches the peak of memory.
    """
    settings = context.settings
    batch = int(getattr(settings, "batch_size", 1))
    effective = batch * int(getattr(settings, "gradient_accumulation", 1))
    sequences = steps * effective
    train = sample_rows(context.train, sequences * rows_per_pack(settings, context.train), batch)
    validation = sample_rows(context.validation, MAX_EVALUATION_BATCHES * batch, batch)
    made = max(1, -(-min(len(train), sequences) // effective))
    watcher = ProbeReporter(reporter)
    result = recipe.train(
        replace(context, train=train, validation=validation, settings=probe_settings(settings, made), stages=()),
        watcher,
    )
    ended_at = time.monotonic()
    if result.times is None or not result.times.steps or not result.times.step_seconds:
        return measure_reports(watcher, result, ended_at)
    return measure_times(watcher, result, result.times, len(validation), ended_at)


def measure_times(
    watcher: ProbeReporter, result: TrainingResult, times: RunTimes, validation_rows: int, ended_at: float
) -> ProbeResult:
    """Return the values of a probe from the times of its phases. The first step, which is slower, counts as startup."""
    first_step_at = times.first_step_at or ended_at
    evaluated = times.evaluations if validation_rows else 0
    startup = first_step_at - watcher.started_at - times.step_seconds / times.steps
    return ProbeResult(
        steps=times.steps + 1,
        tokens_per_second=round(times.step_tokens / times.step_seconds, 2),
        peak_memory_bytes=int(result.summary.get("peak_memory_bytes") or 0),
        startup_seconds=round(max(0.0, startup), 2),
        evaluation_seconds_per_row=times.evaluation_seconds / evaluated / validation_rows if evaluated else None,
        evaluation_overhead_seconds=round(times.sample_seconds / evaluated, 3) if evaluated else None,
        checkpoint_seconds=round(times.checkpoint_seconds / times.checkpoints, 3) if times.checkpoints else None,
        finish_seconds=round(max(0.0, ended_at - times.last_event_at), 2),
        cpu_cores=round(times.cpu_seconds / times.step_seconds, 2),
        device=str(result.summary.get("device", "cpu")),
    )


def measure_reports(watcher: ProbeReporter, result: TrainingResult, ended_at: float) -> ProbeResult:
    """Return the values of a probe of one step, or of a recipe that records no times, from its progress."""
    ends = [watcher.step_ends[step] for step in sorted(watcher.step_ends)]
    steps = len(ends)
    tokens = float(result.summary.get("tokens") or 0)
    if steps > 1:
        mean = (ends[-1] - ends[0]) / (steps - 1)
    else:
        mean = max(1e-6, tokens / float(result.summary.get("tokens_per_second") or 1.0))
    startup = (ends[0] if ends else ended_at) - watcher.started_at - mean
    return ProbeResult(
        steps=steps,
        tokens_per_second=round(tokens / steps / mean, 2) if steps and tokens else 0.0,
        peak_memory_bytes=int(result.summary.get("peak_memory_bytes") or 0),
        startup_seconds=round(max(0.0, startup), 2),
        device=str(result.summary.get("device", "cpu")),
    )


def rows_per_pack(settings: BaseModel, examples: Sequence[Example]) -> int:
    """Return the estimated rows that share a sequence, 1 without packing."""
    if not getattr(settings, "packing", False) or not examples:
        return 1
    mean = sum(_characters(example) for example in examples) / len(examples)
    return max(1, int(getattr(settings, "max_length", 0) / (mean / CHARACTERS_PER_TOKEN + TEMPLATE_TOKENS)))


def sample_rows(examples: Sequence[Example], count: int, longest: int) -> list[Example]:
    """Return evenly spaced rows by length, and at least `longest` of the longest ones, in their original order."""
    if len(examples) <= count:
        return list(examples)
    by_length = sorted(range(len(examples)), key=lambda number: _characters(examples[number]))
    top = min(longest, count)
    rest, spaced = by_length[: len(by_length) - top], count - top
    chosen = {rest[int((number + 0.5) * len(rest) / spaced)] for number in range(spaced)}
    return [examples[number] for number in sorted(chosen | set(by_length[len(by_length) - top :]))]


def probe_settings(settings: BaseModel, steps: int) -> BaseModel:
    """Return the settings of a probe: one pass, one evaluation and one checkpoint at its end, no early stopping."""
    changes = {
        "epochs": 1.0,
        "eval_every": max(2, steps),
        "checkpoint_every": max(2, steps),
        "early_stopping_patience": None,
        "max_rewinds": 0,
        "spike_deviations": None,
    }
    return settings.model_copy(
        update={name: value for name, value in changes.items() if name in type(settings).model_fields}
    )


def _characters(example: Example) -> int:
    row = divide_prompt(example)
    answers = max(len(part.text) if part else 0 for part in (row.completion, row.rejected))
    return sum(len(message.text) for message in row.messages) + answers + len(row.text or "")
