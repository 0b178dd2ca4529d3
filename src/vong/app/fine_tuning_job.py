"""Job that follows a fine-tuning job of OpenAI's API: dataset, training run, events, and the names of the results."""

import csv
import io
import tempfile
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from vong import experiments, jobs
from vong.app.fine_tuning import fail, start_local_run
from vong.app.platform import Platform
from vong.errors import InvalidInput, NotFound
from vong.experiments.curves import list_metric_entries, load_curves
from vong.gateway.batch import files
from vong.gateway.fine_tuning import store
from vong.gateway.routing.catalog import DEPLOYMENT
from vong.jobs import JobContext
from vong.records import Job, TrainingRun, new_id, now
from vong.records.fine_tuning import FINAL_STATUSES, FineTunedModel, FineTuningCheckpoint, FineTuningJob
from vong.store.retry import retry_while_unavailable

POLL_SECONDS = 1.0
RESULT_COLUMNS = {
    "train_loss": "loss",
    "train_accuracy": "token_accuracy",
    "valid_loss": "eval_loss",
    "valid_mean_token_accuracy": "eval_token_accuracy",
}
"""Columns of the result file, and the names of our metrics."""
METHOD_COLUMNS = {
    "supervised": {},
    "dpo": {
        "train_reward_accuracy": "reward_accuracy",
        "train_reward_margin": "reward_margin",
        "valid_reward_accuracy": "eval_reward_accuracy",
    },
    "reinforcement": {"train_reward_mean": "reward", "valid_reward_mean": "eval_reward"},
}
"""Further columns of a method."""
EVENT_METRICS = {
    "train_loss": "loss",
    "train_mean_token_accuracy": "token_accuracy",
    "valid_loss": "eval_loss",
    "valid_mean_token_accuracy": "eval_token_accuracy",
    "train_reward": "reward",
    "valid_reward": "eval_reward",
    "train_reward_accuracy": "reward_accuracy",
    "valid_reward_accuracy": "eval_reward_accuracy",
}
"""Metrics of events, and the names of our metrics."""


def run(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `training.fine_tuning`: start the training run of a local job, and follow it to its end.

    Each step is one transaction that also stores the new state of the job, so that a later attempt continues after it.
    """
    write = partial(retry_while_unavailable, platform.database, job.project_id)
    id = UUID(job.params["fine_tuning_job"])
    current: FineTuningJob = write(lambda connection: store.get_job(connection, id))
    while current.status not in FINAL_STATUSES and current.status != "paused":
        job.check()
        try:
            current = write(lambda connection, known=current: advance(connection, platform, known, job.folder))
        except InvalidInput as error:
            code = "invalid_training_file" if current.run_id is None else error.code
            message = str(error)
            current = write(
                lambda connection, known=current, message=message, code=code: fail(connection, known, message, code)
            )
        if current.status not in FINAL_STATUSES:
            job.stop_event.wait(POLL_SECONDS)
            current = write(lambda connection: store.get_job(connection, id))
    platform.apply_routing_change(job.project_id)
    return {"fine_tuning_job": current.tag, "status": current.status, "model": current.fine_tuned_model}


def advance(connection: Connection, platform: Platform, job: FineTuningJob, folder: Path) -> FineTuningJob:
    """Move a job on by one step: start its training, copy new metrics to events, or finish it."""
    if job.run_id is None or job.training_job_id is None:
        return start_local_run(connection, platform, job, folder)
    training_job = jobs.get(connection, job.training_job_id)
    training_run = experiments.get_run(connection, job.run_id)
    job = _copy_metrics(connection, job, training_job)
    if training_job.status == "running" and job.status == "queued" and training_run.status == "running":
        store.add_event(connection, job.id, "Fine-tuning job started")
        return store.update_job(connection, job.id, status="running")
    if training_job.status == "finished":
        return _finish(connection, platform, job, training_job, training_run)
    if training_job.status == "failed":
        return fail(connection, job, training_job.error or "the training failed", "training_failed")
    if training_job.status == "cancelled":
        store.add_event(connection, job.id, "The training was cancelled", level="warn")
        return store.update_job(connection, job.id, status="cancelled", finished_at=now())
    return job


def _copy_metrics(connection: Connection, job: FineTuningJob, training_job: Job) -> FineTuningJob:
    """Add an event for each metric entry that has none yet."""
    assert job.run_id is not None
    total = int(training_job.progress.total or 0)
    if total <= 1 and training_job.status == "running":
        return job  # the number of steps is not known yet, for example after a restart of the worker
    entries = list_metric_entries(connection, job.run_id, job.last_entry)
    for entry in entries:
        data: dict[str, Any] = {"step": entry.step, "total_steps": total}
        data |= {name: entry.values[source] for name, source in EVENT_METRICS.items() if source in entry.values}
        if len(data) == 2:
            continue
        shown = [f"{name.replace('_', ' ')}={value:.4g}" for name, value in data.items() if isinstance(value, float)]
        store.add_event(connection, job.id, f"Step {entry.step}/{total}: {', '.join(shown)}", metrics=data)
    if not entries:
        return job
    return store.update_job(connection, job.id, last_entry=entries[-1].entry)


def _finish(
    connection: Connection, platform: Platform, job: FineTuningJob, training_job: Job, training_run: TrainingRun
) -> FineTuningJob:
    """Name the model and its checkpoints, write the result file, and finish the job."""
    result = training_job.result or {}
    for warning in training_run.warnings:
        store.add_event(connection, job.id, warning, level="warn")
    prefix = f"ft:{job.model.rpartition('/')[2].partition('@')[0]}:{job.suffix or ''}:{job.id.hex[-8:]}"
    if job.model.startswith("ft:"):
        prefix = f"ft:{job.model.split(':')[1]}:{job.suffix or ''}:{job.id.hex[-8:]}"
    tuned = _name_model(connection, prefix, job, str(result["model"]))
    for place, checkpoint in enumerate(result.get("checkpoints", [])):
        step = int(checkpoint["step"])
        named = _name_model(connection, f"{prefix}:ckpt-step-{step}", job, str(checkpoint["model"]), place)
        _add_checkpoint(connection, job, step, named)
    blob, size = _write_results(connection, platform, job)
    owner = files.FileOwner(job.actor, job.key_id)
    file = files.build_file("step_metrics.csv", "fine-tune-results", blob, size, owner)
    files.insert_file(connection, file)
    tokens = training_run.summary.get("tokens")
    store.add_event(connection, job.id, f"New fine-tuned model created: {tuned}")
    store.add_event(connection, job.id, "The job has successfully completed")
    return store.update_job(
        connection,
        job.id,
        status="succeeded",
        fine_tuned_model=tuned,
        result_file=file.id,
        trained_tokens=int(tokens) if tokens is not None else None,
        finished_at=now(),
        estimated_finish=None,
    )


def _name_model(connection: Connection, name: str, job: FineTuningJob, model: str, place: int | None = None) -> str:
    """Make a result callable and return its name. A model of a provider is callable as it is."""
    if job.provider is not None:
        return model
    target = f"{DEPLOYMENT}/ft-{job.id.hex[-12:]}{'' if place is None else f'-{place + 1}'}"
    store.set_model(connection, FineTunedModel(name=name, target=target, model_ref=model, created_at=now()))
    return name


def _add_checkpoint(connection: Connection, job: FineTuningJob, step: int, model: str) -> None:
    metrics: dict[str, float] = {"step": float(step)}
    if job.run_id is not None:
        for curve in load_curves(connection, job.run_id, max_points=100_000):
            past = [point for point in curve.points if point.step <= step]
            metrics |= {name: past[-1].value for name, source in EVENT_METRICS.items() if source == curve.name and past}
    checkpoint = FineTuningCheckpoint(
        id=new_id(), job_id=job.id, step=step, model=model, metrics=metrics, created_at=now()
    )
    store.insert_checkpoints(connection, [checkpoint])


def _write_results(connection: Connection, platform: Platform, job: FineTuningJob) -> tuple[str, int]:
    """Store the metrics of all steps as CSV, and return its blob and size."""
    steps: dict[int, dict[str, float]] = {}
    try:
        curves = load_curves(connection, job.run_id, max_points=100_000) if job.run_id else []
    except NotFound:
        curves = []
    for curve in curves:
        for point in curve.points:
            steps.setdefault(point.step, {})[curve.name] = point.value
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = RESULT_COLUMNS | METHOD_COLUMNS[job.method]
    writer.writerow(["step", *columns])
    for step in sorted(steps):
        writer.writerow([step, *(steps[step].get(name, "") for name in columns.values())])
    content = text.getvalue().encode()
    with tempfile.NamedTemporaryFile(prefix="vong-results-") as file:
        file.write(content)
        file.flush()
        return platform.blobs.put_file(Path(file.name)), len(content)
