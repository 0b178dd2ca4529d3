"""Training connected to datasets, the registry and experiments."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import Connection

from vong import experiments, jobs, plugins, registry, training
from vong.app.bundle_sources import find_sources
from vong.app.caller_client import ModelCaller
from vong.app.distillation import PlatformTeachers, check_called_models
from vong.app.platform import Platform
from vong.app.training_base import RunBase, check_disk, check_start, find_base, prepare_base
from vong.app.training_checkpoints import register_checkpoints
from vong.app.training_checks import build_rewards, check_training, load_reward_model
from vong.app.training_datasets import (
    DatasetPart,
    DatasetSelection,
    TrainingData,
    read_training_rows,
    read_validation_rows,
    resolve_datasets,
)
from vong.app.training_samples import build_sample_scorer
from vong.errors import Conflict, InvalidInput, JobCancelled, TrainingDiverged
from vong.experiments.runs import FinalStatus, mark_run_queued, mark_run_running
from vong.experiments.samples import log_samples
from vong.jobs import JobContext
from vong.records import ModelVersion, Record, TrainingSample, new_id
from vong.records.name import check_versioned_name
from vong.records.run import TrainingStarted
from vong.registry.model_files import find_template, read_json_object
from vong.registry.versions import VersionInfo
from vong.store.retry import retry_while_unavailable
from vong.training.models.context_length import limit_row_length, read_context_length
from vong.training.planning.machine import name_machine
from vong.training.runs.epoch_checkpoints import EpochCheckpoints
from vong.training.runs.out_of_memory import train_within_memory

METRICS_FLUSH_SECONDS = 1.0
"""Seconds between two writes of metrics."""

DATABASE_RETRY_TIMEOUT_SECONDS = 600.0
"""Seconds for which a run retries a write while the database is unavailable."""

T = TypeVar("T")


class PreparedRun(NamedTuple):
    """Resolved inputs of a run and the input of its recipe."""

    base: RunBase | None
    parts: list[DatasetPart]
    rows: TrainingData
    context: training.TrainingContext


class TrainingRequest(DatasetSelection):
    """Request for a training run: the base model (`base`, a ref), the datasets with their splits, and the recipe.

    A recipe that trains from scratch has no `base`.

    With `auto` the planner chooses batch size, accumulation, checkpointing, precision and packing for this machine,
    except those in `settings`. A setting with the value `auto` is chosen in the same way.

    `keep_checkpoints` is the number of epochs, counted from the end, whose weights are registered as versions too.
    """

    name: str
    base: str | None = None
    recipe: str = "sft"
    settings: dict[str, Any] = {}
    auto: bool = False
    keep_checkpoints: int = Field(default=0, ge=0, le=100)


class RecipeInfo(Record):
    """Recipe and the JSON schema of its settings: each field with its default and, as description, the reason."""

    name: str
    description: str
    settings_schema: dict[str, Any]
    needs_base: bool = True


def list_recipes() -> list[RecipeInfo]:
    """Return the installed recipes."""
    return [
        RecipeInfo(
            name=name,
            description=(plugins.load_extension("recipe", name).__doc__ or "").strip(),
            settings_schema=plugins.load_extension("recipe", name).Settings.model_json_schema(),
            needs_base=needs_base(name),
        )
        for name in plugins.list_extensions("recipe")
    ]


def start(
    platform: Platform,
    connection: Connection,
    request: TrainingRequest,
    key: str | None = None,
    caller: ModelCaller | None = None,
) -> TrainingStarted:
    """Create the run and queue its job. Invalid requests are rejected here, not in the job.

    Teachers and judges are called on behalf of `caller`.
    """
    check_versioned_name(request.name, "model")
    settings = parse_settings(request)
    build_sample_scorer(settings)
    base, parts = resolve_base(connection, request), resolve_datasets(connection, request)
    check_training(platform.blobs, connection, request.recipe, settings, request, parts)
    if base:
        settings = check_start(platform, connection, base, settings, request, request.recipe)
        check_disk(platform, connection, base, settings)
    check_called_models(platform, connection, settings)
    run_id = new_id()
    params = {**request.model_dump(mode="json"), **pin_datasets(parts), "base": base and base.ref, "run": str(run_id)}
    params |= {"caller": [id and str(id) for id in caller]} if caller else {}
    job = jobs.submit(connection, "training.run", {**params, "settings": settings.model_dump(mode="json")}, key=key)
    if job.params["run"] != str(run_id):
        return TrainingStarted(run=experiments.get_run(connection, UUID(job.params["run"])), job=job)
    run = experiments.start_run(
        connection,
        request.name,
        id=run_id,
        recipe=request.recipe,
        base=base.ref if base else "",
        dataset=parts[0].version.ref,
        job_id=job.id,
        settings=settings.model_dump(mode="json") | _describe_mixture(request, parts),
        queued=True,
    )
    return TrainingStarted(run=run, job=job)


def resume(connection: Connection, run_id: UUID) -> TrainingStarted:
    """Queue the job of a cancelled or failed run again. Its next attempt continues from the newest checkpoint.

    Raises:
        Conflict: The run is not cancelled or failed, or it is the run of an external trainer.
    """
    run = experiments.get_run(connection, run_id)
    if run.job_id is None:
        raise Conflict(f"run {str(run_id)!r} was not trained by Vong", "continue it in the trainer that logs to it")
    if run.status not in {"cancelled", "failed"}:
        raise Conflict(f"run {str(run_id)!r} is {run.status}", "only cancelled and failed runs can be continued")
    job = jobs.retry(connection, run.job_id)
    return TrainingStarted(run=mark_run_queued(connection, run_id), job=job)


def train(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `training.run`: train, register the result, and record the run's final status in every case."""
    fields = {name: job.params[name] for name in TrainingRequest.model_fields if name in job.params}
    request = TrainingRequest.model_validate(fields)
    run_id = UUID(job.params["run"])
    retry_write(platform, job, lambda connection: mark_run_running(connection, run_id))
    status: FinalStatus = "failed"
    try:
        result = _train(job, platform, request, run_id)
        status = "finished"
        return result
    except (JobCancelled, SystemExit):  # the worker stops a cancelled job with SIGTERM
        status = "cancelled"
        raise
    finally:
        if status != "finished":
            retry_write(platform, job, lambda connection: experiments.finish_run(connection, run_id, status))


def prepare_run(
    job: JobContext, platform: Platform, request: TrainingRequest, teachers: PlatformTeachers
) -> PreparedRun:
    """Download the base, read the rows, and return the input of the recipe. The job's folder is the run's folder."""
    with platform.scope(job.project_id) as connection:
        version, parts = resolve_base(connection, request), resolve_datasets(connection, request)
        settings = parse_settings(request)
        reward_model = load_reward_model(platform, connection, settings)
    base = prepare_base(job, platform, version, settings) if version else None
    settings = _limit_rows(job, base.folder, settings) if base else settings
    rows = read_training_rows(platform.blobs, parts, request.train_split, getattr(settings, "seed", 0))
    context = training.TrainingContext(
        base=base.folder if base else Path(),
        base_ref=base.weights.ref if base else "",
        adapter=base.adapter if base else None,
        train=rows.rows,
        validation=read_validation_rows(platform.blobs, parts, request.validation_split),
        settings=settings,
        stages=rows.counts if request.mixing == "in_order" else (),
        folder=job.folder,
        threads=platform.settings.cpu_threads,
        score=build_sample_scorer(settings),
        rewards=build_rewards(settings),
        reward_model=reward_model,
        teachers=teachers,
    )
    return PreparedRun(base, parts, rows, context)


def _limit_rows(job: JobContext, folder: Path, settings: BaseModel) -> BaseModel:
    """Return settings whose `max_length` is at most the context of the base. Longer rows are then left out."""
    limited = limit_row_length(settings, read_context_length(read_json_object(folder / "config.json")))
    if limited is not settings:
        job.log(f"max_length is {limited.model_dump()['max_length']}, the context of the base model")
    return limited


def _train(job: JobContext, platform: Platform, request: TrainingRequest, run_id: UUID) -> dict[str, Any]:
    report = RunProgressReporter(job, platform, run_id)
    report.progress(0, 1, "loading the base model")
    teachers = PlatformTeachers(platform, job)
    base, parts, rows, context = prepare_run(job, platform, request, teachers)
    for part in rows.description if len(parts) > 1 else ():
        report.log(f"mixing {part['rows']} of {part['available']} rows of {part['dataset']}")
    epochs = float(getattr(context.settings, "epochs", 1.0))
    kept = EpochCheckpoints(job.folder, epochs, request.keep_checkpoints, base.weights.ref if base else "")
    report.on_progress = kept.on_progress
    diverged: TrainingDiverged | None = None
    try:
        result = train_within_memory(plugins.load_extension("recipe", request.recipe)(), context, report)
    except TrainingDiverged as error:
        if error.result is None:
            raise
        diverged, result = error, error.result
    finally:
        report.flush()
        teachers.close()
    machine = name_machine(str(result.summary.get("device", "cpu")), platform.settings.cpu_threads)
    result = replace(result, summary={**result.summary, "machine": machine})

    checkpoints: list[dict[str, Any]] = []
    origin = base.metadata if base else {}

    def register_model(connection: Connection) -> ModelVersion:
        fields = VersionInfo(
            kind=result.kind,
            format="safetensors",
            base=base.weights.ref if base else None,
            dataset=parts[0].version.ref,
            run=run_id,
            licence=base.weights.licence if base else None,
            chat_template=find_template(result.folder) or (base.chat_template if base else None),
            metadata={"recipe": request.recipe, **origin, **result.metadata},
            sources=find_sources(connection, run_id, parts[0].version.ref),
        )
        checkpoints[:] = register_checkpoints(connection, platform, request.name, kept, fields)
        fields["metadata"] = {
            "recipe": request.recipe,
            "best_eval_loss": result.summary.get("best_eval_loss"),
            **({"datasets": rows.description} if len(parts) > 1 else {}),
            **origin,
            **result.metadata,
        }
        version = registry.register(connection, platform.blobs, request.name, result.folder, **fields)
        status = "failed" if diverged else "finished"
        experiments.finish_run(connection, run_id, status, summary=result.summary, model=version.ref)
        return version

    version = retry_write(platform, job, register_model)
    if diverged:
        raise TrainingDiverged(f"{diverged.message}, registered as {version.ref}", diverged.hint)
    outcome = {"run": str(run_id), "model": version.ref, "summary": result.summary}
    return outcome | ({"checkpoints": checkpoints} if checkpoints else {})


def retry_write(platform: Platform, job: JobContext, work: Callable[[Connection], T]) -> T:
    """Run a transaction of the job's project, retried while the database restarts, to not lose hours of training."""
    return retry_while_unavailable(
        platform.database, job.project_id, work, timeout_seconds=DATABASE_RETRY_TIMEOUT_SECONDS
    )


class RunProgressReporter:
    """Progress of a recipe, written to the run and the job. Metrics are collected for a second per write."""

    def __init__(self, job: JobContext, platform: Platform, run_id: UUID) -> None:
        self._job = job
        self._platform = platform
        self._run_id = run_id
        self._pending_metrics: dict[int, dict[str, float]] = {}
        self._flushed_at = 0.0
        self.on_progress: Callable[[float, float], object] = lambda *_: None
        """Called with the finished and the total steps of each report."""

    def log_metrics(self, step: int, values: dict[str, float]) -> None:
        """Add metrics of one step."""
        self._pending_metrics.setdefault(step, {}).update(values)
        if time.monotonic() - self._flushed_at >= METRICS_FLUSH_SECONDS:
            self.flush()

    def progress(self, done: float, total: float, message: str) -> None:
        """Report the finished steps.

        Raises: JobCancelled if the job is to be cancelled.
        """
        self._job.progress(done, total, unit="steps", message=message)
        self.on_progress(done, total)

    def log_samples(self, samples: Sequence[TrainingSample]) -> None:
        """Store sample generations with the run."""
        retry_write(self._platform, self._job, lambda connection: log_samples(connection, self._run_id, samples))

    def warn(self, text: str) -> None:
        """Store a warning with the run."""
        self._job.log(f"warning: {text}")
        retry_write(
            self._platform, self._job, lambda connection: experiments.add_warning(connection, self._run_id, text)
        )

    def log(self, line: str) -> None:
        """Append a line to the job's log."""
        self._job.log(line)

    def flush(self) -> None:
        """Write the pending metrics."""
        metrics, self._pending_metrics = self._pending_metrics, {}

        def write(connection: Connection) -> None:
            for step, values in metrics.items():
                experiments.log_metrics(connection, self._run_id, step, values)

        if metrics:
            retry_write(self._platform, self._job, write)
        self._flushed_at = time.monotonic()


def parse_settings(request: TrainingRequest) -> BaseModel:
    """Return the validated settings of a request.

    Raises:
        InvalidInput: A setting is unknown or its value is invalid.
    """
    settings_type: type[BaseModel] = plugins.load_extension("recipe", request.recipe).Settings
    try:
        return settings_type.model_validate(request.settings)
    except ValidationError as error:
        texts = [
            ".".join(map(str, detail["loc"])) + ": " * bool(detail["loc"]) + detail["msg"].removeprefix("Value error, ")
            for detail in error.errors()
        ]
        messages = "; ".join(texts)
        raise InvalidInput(
            f"invalid settings of recipe {request.recipe!r}: {messages}",
            "list the settings with: vong training recipes",
        ) from error


def needs_base(recipe: str) -> bool:
    """Return False for a recipe that trains from scratch."""
    return getattr(plugins.load_extension("recipe", recipe), "needs_base", True)


def resolve_base(connection: Connection, request: TrainingRequest) -> ModelVersion | None:
    """Return the base model of a request, or None for a recipe that trains from scratch.

    Raises:
        InvalidInput: The base cannot be trained, is missing, or is not used by the recipe.
        NotFound: The project has no such model.
    """
    if not needs_base(request.recipe):
        if request.base:
            raise InvalidInput(
                f"the recipe {request.recipe!r} trains from scratch and has no base, but base is {request.base!r}",
                "omit it, or train the base on documents with the recipe continue",
            )
        return None
    if not request.base:
        raise InvalidInput(f"the recipe {request.recipe!r} needs a base", "list models with: vong registry list")
    return find_base(connection, request.base)


def pin_datasets(parts: Sequence[DatasetPart]) -> dict[str, Any]:
    """Return the dataset fields of a request with exact versions."""
    if len(parts) == 1:
        return {"dataset": parts[0].version.ref, "datasets": []}
    return {"dataset": None, "datasets": [{"dataset": part.version.ref, "weight": part.weight} for part in parts]}


def _describe_mixture(request: TrainingRequest, parts: Sequence[DatasetPart]) -> dict[str, Any]:
    """Return what a run with several datasets records in its settings."""
    return {} if len(parts) == 1 else {"datasets": pin_datasets(parts)["datasets"], "mixing": request.mixing}
