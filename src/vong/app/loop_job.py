"""Loop run as a job, and the location of the shipped samples."""

from pathlib import Path
from typing import Any

from vong.app.platform import Platform
from vong.errors import NotFound, did_you_mean
from vong.jobs.context import JobContext
from vong.loop import run as loop_run
from vong.loop.plan import LoopPlan
from vong.loop.steps import LoopRun
from vong.records import Progress


def run(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `loop.run`. Every finished step is stored, so that an interrupted loop run resumes there."""

    def progress(step: str, state: Progress) -> None:
        message = step if state.message in {"", step} else f"{step}: {state.message}"
        job.progress(state.done, state.total, unit=state.unit, message=message)

    with platform.client(job.project_id) as client:
        plan = LoopPlan.model_validate(job.params["plan"])
        return loop_run.run_loop(
            LoopRun(
                id=job.id,
                plan=plan,
                client=client,
                run_once=job.step,
                progress=progress,
                log=job.log,
                sample_path=sample_path,
            )
        )


def default_plan() -> LoopPlan:
    """Return the plan of the quickstart: a whole loop run on the shipped samples."""
    return LoopPlan.model_validate_json(sample_path("plan.json").read_text(encoding="utf-8"))


def samples_folder() -> Path:
    """Return the folder of the shipped samples: in the installed package, or beside the sources in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "samples"
    return inside if inside.is_dir() else package.parents[1] / "samples"


def sample_path(name: str) -> Path:
    """Return the path of a shipped sample file or folder. Paths outside the samples are not accepted.

    Raises: NotFound if no sample has that name.
    """
    names = sorted(path.name for path in samples_folder().iterdir())
    if name not in names:
        raise NotFound(f"no shipped sample named {name!r}", did_you_mean(name, names, f"ls {samples_folder()}"))
    return samples_folder() / name
