"""Fine-tuning jobs of OpenAI's API: create, read, cancel, pause and resume them."""

import random
import re
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Connection

from vong import access, experiments, jobs, plugins, registry, serving
from vong.app import fine_tuning_provider
from vong.app import training as training_app
from vong.app.batches import key_filter
from vong.app.caller_client import ModelCaller
from vong.app.distillation import check_called_models
from vong.app.fine_tuning_dataset import write_dataset
from vong.app.platform import Platform
from vong.app.training import TrainingRequest
from vong.errors import Conflict, InvalidInput, NotFound, VongError
from vong.gateway.auth.scopes import FINE_TUNING, check_scope
from vong.gateway.batch.files import OwnedFile, get_file
from vong.gateway.fine_tuning import store
from vong.gateway.fine_tuning.requests import MAX_SEED, FineTuningCreateBody, InvalidParameter, JobPlan, plan_job
from vong.gateway.fine_tuning.training_file import FileSummary, check_method, inspect_file
from vong.gateway.limits import charges
from vong.gateway.routing.catalog import DEPLOYMENT
from vong.records import new_id, now
from vong.records.fine_tuning import FINAL_STATUSES, FineTuningJob

JOB_KIND = "training.fine_tuning"
PURPOSE = "fine-tune"
NAME_CHARS = re.compile(r"[^A-Za-z0-9._-]+")


def create_job(platform: Platform, principal: access.Principal, body: FineTuningCreateBody) -> FineTuningJob:
    """Create a job from uploaded files. Invalid files, models and parameters are refused here, not in the job.

    Raises:
        InvalidInput: A parameter or a row of a file is invalid. `param` names the parameter.
        NotFound: The model or a file does not exist.
        OutOfScope: The scope of the key excludes the model or the fine-tuning API.
        BudgetExceeded, RateLimitExceeded, PriceUnknown: A limit or budget refuses the job.
    """
    check_scope(principal, FINE_TUNING, body.model)
    with platform.scope(principal.project_id) as connection:
        provider = fine_tuning_provider.find_provider(connection, platform, body.model)
        base = body.model if provider else _find_base(connection, body.model)
        files = {name: _find_file(connection, principal, body, name) for name in ("training_file", "validation_file")}
    training, validation = files["training_file"], files["validation_file"]
    assert training is not None
    plan = plan_job(body, remote=provider is not None)
    summaries = {name: _inspect(platform, file, plan, name) for name, file in files.items() if file is not None}
    job = FineTuningJob(
        id=new_id(),
        actor=principal.actor,
        key_id=principal.key_id,
        user_id=principal.user_id,
        model=body.model,
        provider=provider[0] if provider else None,
        training_file=training.id,
        validation_file=validation.id if validation else None,
        training_blob=training.blob,
        validation_blob=validation.blob if validation else None,
        method=plan.method,
        method_settings=plan.method_settings,
        run_settings=_run_settings(plan, body),
        suffix=body.suffix or None,
        seed=random.randrange(MAX_SEED) if body.seed is None else body.seed,
        metadata=body.metadata or None,
        integrations=tuple(body.integrations) if body.integrations else None,
        created_at=now(),
    )
    job = job.model_copy(update={"run_settings": {**job.run_settings, "base": base, "reference": plan.reference}})
    request = None if provider else build_request(job, "pending")
    if request is not None:
        settings = training_app.parse_settings(request)
        with platform.scope(principal.project_id) as connection:
            _check_judges(platform, connection, settings, principal)
    return _store_job(platform, principal, job, plan, summaries["training_file"])


def get_job(platform: Platform, principal: access.Principal, id: UUID) -> FineTuningJob:
    """Return a job."""
    with platform.scope(principal.project_id) as connection:
        return sync_with_jobs(connection, store.get_job(connection, id, key_id=key_filter(principal)))


def list_jobs(
    platform: Platform,
    principal: access.Principal,
    after: UUID | None,
    limit: int,
    metadata: dict[str, str] | None = None,
    *,
    without_metadata: bool = False,
) -> list[FineTuningJob]:
    """Return jobs, newest first."""
    with platform.scope(principal.project_id) as connection:
        found = store.list_jobs(
            connection,
            after=after,
            limit=limit,
            metadata=metadata,
            without_metadata=without_metadata,
            key_id=key_filter(principal),
        )
        return [sync_with_jobs(connection, job) for job in found]


def cancel_job(platform: Platform, principal: access.Principal, id: UUID) -> FineTuningJob:
    """Cancel a job, here and at its provider.

    Raises:
        Conflict: The job has ended.
    """
    with platform.scope(principal.project_id) as connection:
        job = _lock_active(connection, principal, id, "cancelled")
        _stop_jobs(connection, job)
        store.add_event(connection, id, "Fine-tuning job cancelled", level="warn")
        return store.update_job(connection, id, status="cancelled", finished_at=now(), estimated_finish=None)


def pause_job(platform: Platform, principal: access.Principal, id: UUID) -> FineTuningJob:
    """Pause a job: the training run stops at its newest checkpoint. A provider's job cannot be paused.

    Raises:
        Conflict: The job has ended, is paused already, or runs at a provider.
    """
    with platform.scope(principal.project_id) as connection:
        job = _lock_active(connection, principal, id, "paused")
        if job.provider is not None:
            raise Conflict(f"the job runs at {job.provider!r} and cannot be paused here", "cancel it, or wait")
        if job.status == "paused":
            raise Conflict("the job is paused already", "resume it")
        _stop_jobs(connection, job)
        store.add_event(connection, id, "Fine-tuning job paused", level="warn")
        return store.update_job(connection, id, status="paused", estimated_finish=None)


def resume_job(platform: Platform, principal: access.Principal, id: UUID) -> FineTuningJob:
    """Resume a paused job from its newest checkpoint.

    Raises:
        Conflict: The job is not paused, or its training has not stopped yet.
    """
    with platform.scope(principal.project_id) as connection:
        job = _lock_active(connection, principal, id, "resumed")
        if job.status != "paused":
            raise Conflict(f"the job is {job.status}, not paused", "pause it first")
        if job.run_id is not None and job.training_job_id is not None:
            if jobs.get(connection, job.training_job_id).status in ("queued", "running"):
                raise Conflict("the training has not stopped yet", "try again in a few seconds")
            if jobs.get(connection, job.training_job_id).status == "cancelled":
                training_app.resume(connection, job.run_id)
        follower = jobs.submit(connection, JOB_KIND, {"fine_tuning_job": str(id)})
        store.add_event(connection, id, "Fine-tuning job resumed")
        return store.update_job(connection, id, status="queued", job_id=follower.id)


def build_request(job: FineTuningJob, dataset: str) -> TrainingRequest:
    """Return the request of the training run of a local job."""
    settings = dict(job.run_settings)
    base, recipe = settings.pop("base"), settings.pop("recipe")
    settings.pop("reference")
    name = base.partition("@")[0]
    suffix = to_model_name(job.suffix or "ft")
    return TrainingRequest(
        name=f"{name}-{suffix}"[:100],
        base=base,
        dataset=dataset,
        recipe=recipe,
        settings={"seed": job.seed, **settings},
        keep_checkpoints=3,
    )


def start_local_run(connection: Connection, platform: Platform, job: FineTuningJob, folder: Path) -> FineTuningJob:
    """Write the dataset of a local job and start its training run, in one transaction."""
    dataset = write_dataset(connection, platform, job, folder, job.run_settings.get("reference"))
    caller = ModelCaller(job.key_id, None if job.key_id else job.user_id)
    request = build_request(job, dataset.ref)
    started = training_app.start(platform, connection, request, f"fine-tuning-{job.id}", caller)
    store.add_event(connection, job.id, "Files validated, moving job to queued state")
    return store.update_job(
        connection,
        job.id,
        status="queued",
        dataset=dataset.ref,
        run_id=started.run.id,
        training_job_id=started.job.id,
    )


def sync_with_jobs(connection: Connection, job: FineTuningJob) -> FineTuningJob:
    """Return the job with the estimated end of its training; failed if the job that follows it could not do so."""
    if job.status in FINAL_STATUSES or job.status == "paused" or job.job_id is None:
        return job
    try:
        follower = jobs.get(connection, job.job_id)
        if follower.status in ("failed", "cancelled"):
            return fail(connection, job, follower.error or f"the job was {follower.status}")
        if job.training_job_id is not None:
            left = jobs.get(connection, job.training_job_id).progress.seconds_left
            finish = now() + timedelta(seconds=left) if left is not None and job.status == "running" else None
            return job.model_copy(update={"estimated_finish": finish})
    except NotFound:
        pass  # the jobs were deleted after their retention
    return job


def fail(connection: Connection, job: FineTuningJob, message: str, code: str = "job_failed") -> FineTuningJob:
    """Mark a job as failed, with an event."""
    param = "training_file" if code == "invalid_training_file" else None
    store.add_event(connection, job.id, f"The job failed: {message}", level="error")
    error = {"code": code, "message": message, "param": param}
    return store.update_job(connection, job.id, status="failed", error=error, finished_at=now(), estimated_finish=None)


def _store_job(
    platform: Platform, principal: access.Principal, job: FineTuningJob, plan: JobPlan, summary: FileSummary
) -> FineTuningJob:
    """Store a job with its first events, and queue the job that follows it. A provider's job starts at once."""
    with platform.scope(principal.project_id) as connection, TemporaryDirectory(prefix="vong-fine-tuning-") as folder:
        store.insert_job(connection, job)
        store.add_event(connection, job.id, f"Created fine-tuning job: {job.tag}")
        for warning in plan.warnings:
            store.add_event(connection, job.id, warning, level="warn")
        if job.provider is None:
            subjects = fine_tuning_provider.subjects_of(principal)
            charges.reserve(connection, principal.project_id, job.id, subjects, job.model, 0)
            store.add_event(connection, job.id, f"Validating training file: file-{job.training_file.hex}")
        else:
            job = _start_at_provider(platform, connection, principal, job, summary, Path(folder))
        follower = jobs.submit(connection, JOB_KIND, {"fine_tuning_job": str(job.id)})
        return store.update_job(connection, job.id, job_id=follower.id)


def _start_at_provider(
    platform: Platform,
    connection: Connection,
    principal: access.Principal,
    job: FineTuningJob,
    summary: FileSummary,
    folder: Path,
) -> FineTuningJob:
    dataset = write_dataset(connection, platform, job, folder, None)
    known = job.method_settings.get("hyperparameters", {})
    settings = {name: value for name, value in known.items() if value != "auto"}
    names = ("n_epochs", "batch_size", "learning_rate_multiplier", "beta")
    request = TrainingRequest(
        name=to_model_name(job.suffix or job.model.rpartition("/")[2])[:100],
        base=job.model,
        dataset=dataset.ref,
        recipe="provider",
        settings={
            "method": job.method,
            "seed": job.seed,
            "suffix": job.suffix,
            "method_settings": job.method_settings,
            **{name: settings[name] for name in names if name in settings},
        },
    )
    files = fine_tuning_provider.TrainingFiles(job.training_blob, job.validation_blob, summary.total, summary.bytes)
    started = fine_tuning_provider.start(platform, connection, principal, request, files=files)
    return store.update_job(
        connection,
        job.id,
        status="queued",
        dataset=dataset.ref,
        run_id=started.run.id,
        training_job_id=started.job.id,
    )


def _run_settings(plan: JobPlan, body: FineTuningCreateBody) -> dict[str, Any]:
    """Return the settings of the training run, with the learning rate that the multiplier means."""
    settings = {**plan.settings, "recipe": plan.recipe}
    if plan.recipe == "provider":
        return settings
    if plan.recipe not in plugins.list_extensions("recipe"):
        raise InvalidParameter(f"the recipe {plan.recipe!r} is not installed", "use another method", "method")
    if plan.method == "supervised":
        settings.setdefault("loss_on", "all")
    if plan.learning_rate_multiplier is not None and "learning_rate" not in (body.settings or {}):
        default = plugins.load_extension("recipe", plan.recipe).Settings.model_fields["learning_rate"].default
        settings["learning_rate"] = default * plan.learning_rate_multiplier
    return settings


def _find_base(connection: Connection, model: str) -> str:
    """Return the ref of the model to train: a name or ref of the registry, a deployment, or a fine-tuned model."""
    try:
        if model.startswith(f"{DEPLOYMENT}/"):
            return serving.get_deployment(connection, model.removeprefix(f"{DEPLOYMENT}/")).model
        tuned = next((known for known in store.list_models(connection) if known.name == model), None)
        ref = tuned.model_ref if tuned and tuned.model_ref else model
        version = registry.find(connection, ref)
    except NotFound as error:
        raise ModelNotFound(f"model {model!r}: {error.message}", error.hint) from error
    except InvalidInput as error:
        raise InvalidParameter(f"model {model!r}: {error.message}", error.hint, "model") from error
    if version.format != "safetensors":
        raise InvalidParameter(
            f"model {model!r} has the format {version.format}: training needs weights in safetensors",
            "import it with conversion: vong registry import SOURCE --name NAME",
            "model",
        )
    return version.ref


def _check_judges(platform: Platform, connection: Connection, settings: BaseModel, principal: access.Principal) -> None:
    try:
        check_called_models(platform, connection, settings, principal)
    except NotFound as error:
        raise InvalidParameter(error.message, error.hint, "method.reinforcement.grader") from error


class ModelNotFound(NotFound):
    """Model that does not exist. OpenAI clients see the code `model_not_found`."""

    code = "model_not_found"
    param = "model"


class FileNotFound(NotFound):
    """Training file that does not exist."""

    code = "file_not_found"
    param = "training_file"


def _find_file(
    connection: Connection, principal: access.Principal, body: FineTuningCreateBody, name: str
) -> OwnedFile | None:
    text: str | None = getattr(body, name)
    if not text:
        return None
    try:
        file = get_file(connection, UUID(hex=text.removeprefix("file-")), key_id=key_filter(principal))
    except (ValueError, NotFound):
        error = FileNotFound(f"no file has the id {text!r}", "upload it with the purpose 'fine-tune'")
        error.param = name
        raise error from None
    if file.purpose != PURPOSE:
        raise InvalidParameter(
            f"the file {file.filename!r} has the purpose {file.purpose!r}",
            f"upload it with the purpose {PURPOSE!r}",
            name,
        )
    return file


def _inspect(platform: Platform, file: OwnedFile, plan: JobPlan, name: str) -> FileSummary:
    """Check that the rows of a file fit the method."""
    with TemporaryDirectory(prefix="vong-fine-tuning-") as folder:
        path = platform.blobs.fetch(file.blob, Path(folder) / "rows.jsonl")
        with path.open("rb") as lines:
            summary = inspect_file(lines)
    check_method(summary, plan.method, name)
    return summary


def _lock_active(connection: Connection, principal: access.Principal, id: UUID, action: str) -> FineTuningJob:
    job = store.get_job(connection, id, key_id=key_filter(principal), lock=True)
    if job.status in FINAL_STATUSES:
        raise Conflict(f"the job {job.tag!r} has already {job.status} and cannot be {action}", "start a new job")
    return job


def _stop_jobs(connection: Connection, job: FineTuningJob) -> None:
    """Cancel the jobs that train and follow a job."""
    for id in (job.training_job_id, job.job_id):
        try:
            if id is not None:
                jobs.cancel(connection, id)
        except VongError:
            continue  # it has ended
    if job.run_id is None or job.training_job_id is None:
        return
    if jobs.get(connection, job.training_job_id).status == "cancelled":
        experiments.finish_run(connection, job.run_id, "cancelled")


def to_model_name(text: str) -> str:
    """Return a text as the name of a model, which starts with a letter or digit."""
    return NAME_CHARS.sub("-", text).strip("-._") or "ft"
