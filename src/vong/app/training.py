"""Training connected to datasets, the registry and experiments."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection

from vong import data, experiments, jobs, plugins, registry, training
from vong.app.platform import Platform
from vong.app.registry import model_folder
from vong.errors import InvalidInput, JobCancelled
from vong.experiments.runs import FinalStatus
from vong.jobs import JobContext
from vong.records import DatasetVersion, Example, ModelVersion, Record, new_id
from vong.records.run import TrainingStarted
from vong.store.retry import retry_while_unavailable
from vong.training.device import available_cores

TEMPLATE_TOKENS_PER_MESSAGE = 5
"""Estimated tokens that a chat template adds per message. Used for plans only."""

METRICS_FLUSH_SECONDS = 1.0
"""Seconds between two writes of metrics."""

DATABASE_RETRY_TIMEOUT_SECONDS = 600.0
"""Seconds for which a run retries a write while the database is unavailable."""

T = TypeVar("T")


class TrainingRequest(Record):
    """Request for a training run: the base model (`base`, a ref), the `dataset` with its splits, and the recipe."""

    name: str
    base: str
    dataset: str
    recipe: str = "sft"
    train_split: str = "train"
    validation_split: str = "validation"
    settings: dict[str, Any] = {}


class RecipeInfo(Record):
    """Recipe and the JSON schema of its settings: each field with its default and, as description, the reason."""

    name: str
    description: str
    settings_schema: dict[str, Any]


def list_recipes() -> list[RecipeInfo]:
    """Return the installed recipes."""
    return [
        RecipeInfo(
            name=name,
            description=(plugins.load_extension("recipe", name).__doc__ or "").strip(),
            settings_schema=plugins.load_extension("recipe", name).Settings.model_json_schema(),
        )
        for name in plugins.list_extensions("recipe")
    ]


def start(connection: Connection, request: TrainingRequest, key: str | None = None) -> TrainingStarted:
    """Create the run and queue its job. Invalid requests are rejected here, not in the job."""
    settings = _parse_settings(request)
    base, dataset = _resolve_inputs(connection, request)
    run_id = new_id()
    params = {**request.model_dump(mode="json"), "base": base.ref, "dataset": dataset.ref, "run": str(run_id)}
    job = jobs.submit(connection, "training.run", {**params, "settings": settings.model_dump(mode="json")}, key=key)
    if job.params["run"] != str(run_id):
        return TrainingStarted(run=experiments.get_run(connection, UUID(job.params["run"])), job=job)
    run = experiments.start_run(
        connection,
        request.name,
        id=run_id,
        recipe=request.recipe,
        base=base.ref,
        dataset=dataset.ref,
        job_id=job.id,
        settings=settings.model_dump(mode="json"),
        queued=True,
    )
    return TrainingStarted(run=run, job=job)


def plan(platform: Platform, connection: Connection, request: TrainingRequest) -> training.TrainingPlan:
    """Return an estimate of the run. Lengths are counted with the base's tokenizer; template tokens are estimated."""
    from tokenizers import Tokenizer

    settings = training.SftSettings.model_validate(_parse_settings(request).model_dump())
    base, dataset = _resolve_inputs(connection, request)
    tokenizer = Tokenizer.from_buffer(platform.blobs.get(base.files["tokenizer.json"]))
    config = json.loads(platform.blobs.get(base.files["config.json"]))

    def lengths(split: str) -> list[int]:
        examples = training.select_trainable(data.read(platform.blobs, dataset, split)).examples
        texts = [
            [message.text for message in (*example.messages, example.completion) if message] for example in examples
        ]
        return [sum(len(tokenizer.encode(text).ids) + TEMPLATE_TOKENS_PER_MESSAGE for text in parts) for parts in texts]

    return training.estimate(
        config,
        lengths(request.train_split),
        lengths(request.validation_split),
        settings,
        cores=platform.settings.cpu_threads or available_cores(),
        measured=_measured_rate(connection, base, settings),
    )


def train(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `training.run`: train, register the result, and record the run's final status in every case."""
    request = TrainingRequest.model_validate({name: job.params[name] for name in TrainingRequest.model_fields})
    run_id = UUID(job.params["run"])
    retry_write(platform, job, lambda connection: experiments.mark_run_running(connection, run_id))
    status: FinalStatus = "failed"
    try:
        result = _train(job, platform, request, run_id)
        status = "finished"
        return result
    except JobCancelled:
        status = "cancelled"
        raise
    finally:
        if status != "finished":
            retry_write(platform, job, lambda connection: experiments.finish_run(connection, run_id, status))


def _train(job: JobContext, platform: Platform, request: TrainingRequest, run_id: UUID) -> dict[str, Any]:
    with platform.scope(job.project_id) as connection:
        base, dataset = _resolve_inputs(connection, request)
        folder = model_folder(platform, connection, base.ref)
    report = RunProgressReporter(job, platform, run_id)
    report.progress(0, 1, "loading the base model")
    result = plugins.load_extension("recipe", request.recipe)().train(
        training.TrainingContext(
            base=folder,
            base_ref=base.ref,
            train=_read_split(platform, dataset, request.train_split),
            validation=_read_split(platform, dataset, request.validation_split),
            settings=_parse_settings(request),
            folder=job.folder,
            threads=platform.settings.cpu_threads,
        ),
        report,
    )
    report.flush()

    def register_model(connection: Connection) -> ModelVersion:
        version = registry.register(
            connection,
            platform.blobs,
            request.name,
            result.folder,
            kind=result.kind,
            format="safetensors",
            base=base.ref,
            dataset=dataset.ref,
            run=run_id,
            licence=base.licence,
            chat_template=base.chat_template,
            metadata={"recipe": request.recipe, "best_eval_loss": result.summary.get("best_eval_loss")},
        )
        experiments.finish_run(connection, run_id, summary=result.summary, model=version.ref)
        return version

    version = retry_write(platform, job, register_model)
    return {"run": str(run_id), "model": version.ref, "summary": result.summary}


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


def _parse_settings(request: TrainingRequest) -> BaseModel:
    settings_type: type[BaseModel] = plugins.load_extension("recipe", request.recipe).Settings
    try:
        return settings_type.model_validate(request.settings)
    except ValidationError as error:
        messages = "; ".join(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in error.errors())
        raise InvalidInput(
            f"invalid settings of recipe {request.recipe!r}: {messages}",
            "list the settings with: vong training recipes",
        ) from error


def _resolve_inputs(connection: Connection, request: TrainingRequest) -> tuple[ModelVersion, DatasetVersion]:
    base, dataset = registry.find(connection, request.base), data.find(connection, request.dataset)
    if base.format != "safetensors" or base.kind == "adapter":
        raise InvalidInput(
            f"{base.ref} is a {base.kind} in {base.format}: training needs complete weights in safetensors",
            "import a GGUF with conversion: vong registry import SOURCE --name NAME",
        )
    if dataset.splits and request.train_split not in dataset.splits:
        raise InvalidInput(
            f"{dataset.ref} has no split {request.train_split!r}", f"it has: {', '.join(sorted(dataset.splits))}"
        )
    return base, dataset


def _read_split(platform: Platform, dataset: DatasetVersion, split: str) -> Sequence[Example]:
    """Return the rows of a split. A dataset without splits counts as training data."""
    if not dataset.splits:
        return [] if split != "train" else list(data.read(platform.blobs, dataset))
    return list(data.read(platform.blobs, dataset, split))


def _measured_rate(connection: Connection, base: ModelVersion, settings: training.SftSettings) -> float | None:
    """Return the measured rate of the newest finished run with this base and method, or None."""
    for run in experiments.list_runs(connection, status="finished", base=base.ref):
        rate = run.summary.get("tokens_per_second")
        if rate and run.settings.get("method") == settings.method:
            return float(rate)
    return None
