"""Job that runs a few steps of a training run to measure its rate and its memory."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from vong import plugins
from vong.app.distillation import PlatformTeachers
from vong.app.platform import Platform
from vong.app.training import TrainingRequest, prepare_run
from vong.app.training_plan import describe_parts
from vong.errors import InvalidInput
from vong.jobs import JobContext
from vong.records import TrainingSample, now
from vong.training.planning.machine import name_machine
from vong.training.planning.measurements import Measurement
from vong.training.planning.probe import ProbeResult, run_probe
from vong.training.runs.out_of_memory import is_out_of_memory


class JobReporter:
    """Reporter of a recipe that writes to a job only."""

    def __init__(self, job: JobContext) -> None:
        self._job = job

    def log_metrics(self, step: int, values: dict[str, float]) -> None:
        """Store no metrics, because a probe has no run."""

    def log_samples(self, samples: Sequence[TrainingSample]) -> None:
        """Store no samples."""

    def progress(self, done: float, total: float, message: str) -> None:
        """Report the finished steps. Raises JobCancelled if the job is to be cancelled."""
        self._job.progress(done, total, unit="steps", message=message)

    def warn(self, text: str) -> None:
        """Log a warning."""
        self._job.log(f"warning: {text}")

    def log(self, line: str) -> None:
        """Append a line to the job's log."""
        self._job.log(line)


def probe(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `training.probe`: measure 20 steps. The result is the `measurement` that later plans use.

    Raises:
        InvalidInput: The steps ran out of memory.
    """
    fields = {name: job.params[name] for name in TrainingRequest.model_fields if name in job.params}
    request = TrainingRequest.model_validate(fields)
    job.progress(0, 1, unit="steps", message="loading the base model")
    teachers = PlatformTeachers(platform, job)
    prepared = prepare_run(job, platform, request, teachers)
    folder = job.folder / "probe"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    recipe = plugins.load_extension("recipe", request.recipe)()
    try:
        result = run_probe(recipe, replace(prepared.context, folder=folder), JobReporter(job))
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        batch = job.params["settings"].get("batch_size", 1)
        raise InvalidInput(
            f"the probe ran out of memory with batch_size {batch}",
            "choose settings that need less: vong training plan lists some",
        ) from error
    finally:
        teachers.close()
        shutil.rmtree(folder, ignore_errors=True)
    measurement = _to_measurement(result, job, platform, request.recipe, describe_parts(prepared.parts))
    job.log(f"{result.tokens_per_second:.1f} tokens/s, peak {result.peak_memory_bytes / 1e9:.2f} GB")
    return {"measurement": measurement.model_dump(mode="json"), "steps": result.steps}


def _to_measurement(result: ProbeResult, job: JobContext, platform: Platform, recipe: str, dataset: str) -> Measurement:
    return Measurement(
        source=f"a probe of {result.steps} steps on {now():%Y-%m-%d}",
        is_probe=True,
        machine=name_machine(result.device, platform.settings.cpu_threads),
        recipe=recipe,
        settings=job.params["settings"],
        tokens_per_second=result.tokens_per_second,
        peak_memory_bytes=result.peak_memory_bytes or None,
        startup_seconds=result.startup_seconds,
        evaluation_seconds_per_row=result.evaluation_seconds_per_row,
        evaluation_overhead_seconds=result.evaluation_overhead_seconds,
        checkpoint_seconds=result.checkpoint_seconds,
        finish_seconds=result.finish_seconds,
        cpu_cores=result.cpu_cores,
        dataset=dataset,
    )
