"""Evaluations connected to datasets, jobs and the server's public endpoint."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection

from vong import data, evals, jobs
from vong.access.principal import Principal
from vong.app.caller_client import caller_params
from vong.app.chat_client import GatewayChatClient
from vong.app.eval_subjects import (
    PipelineSubject,
    check_rows,
    create_subject,
    find_version,
    is_application,
    pin_subject,
)
from vong.app.eval_usage import store_token_counts
from vong.app.platform import Platform
from vong.app.scorer_services import PlatformScorerServices
from vong.errors import NotFound
from vong.evals.judges.pinning import pin_judges
from vong.evals.runs import update_run
from vong.evals.specs import ScorerSpec
from vong.jobs import JobContext
from vong.records import EvalResult, Example, Job, new_id
from vong.records.job import FINAL_STATUSES

if TYPE_CHECKING:
    from vong.client import Client


class RunOrigin(NamedTuple):
    """Origin of a run: the idempotency key of its request, and the principal on whose behalf scorers call models."""

    key: str | None = None
    principal: Principal | None = None


def start(
    connection: Connection,
    *,
    model: str,
    dataset: str,
    split: str,
    scorers: Sequence[str | ScorerSpec],
    settings: evals.EvalSettings,
    name: str = "",
    origin: RunOrigin | None = None,
) -> tuple[EvalResult, Job]:
    """Record an evaluation run and submit its job, in one transaction. Both have the same id.

    A repeated key of the `origin` returns the first run and job.
    """
    origin = origin or RunOrigin()
    version = data.find(connection, dataset)
    model = pin_subject(connection, model, [settings])
    params = {"model": model, "dataset": version.ref, "split": split, **caller_params(origin.principal)}
    job = jobs.submit(connection, "evals.run", params, id=new_id(), key=origin.key)
    result = evals.create_run(
        connection,
        model=model,
        dataset=version,
        split=split,
        scorers=pin_judges(connection, scorers),
        settings=settings,
        name=name,
        id=job.id,
    )
    return result, job


def run(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `evals.run`: request the missing outputs through the public endpoint and score them."""
    with platform.scope(job.project_id) as connection:
        result = evals.get_run(connection, job.id)
    with platform.client(job.project_id) as client:
        finished = run_evaluation(
            job, platform, client, result, progress=lambda done, total: job.progress(done, total, unit="examples")
        )
    return {"result": str(finished.id), "scores": finished.scores, "failed": finished.failed}


def run_evaluation(
    job: JobContext,
    platform: Platform,
    client: "Client",
    result: EvalResult,
    *,
    progress: Callable[[int, int], None],
    bypass_cache: bool = False,
) -> EvalResult:
    """Request and score the missing outputs of an evaluation, and return the finished one.

    `bypass_cache` asks the model even if a response cache has the answer, for example to measure how repeats differ.
    """
    with platform.scope(job.project_id) as connection:
        version = data.find(connection, result.dataset)
    settings = evals.EvalSettings.model_validate(result.settings)
    examples = list(data.read(platform.blobs, version, split=result.split))
    pool: list[Example] = []
    if settings.shots:
        pool = list(data.read(platform.blobs, version, split=settings.shots_split))
    several = settings.samples > 1  # a response cache would return the same text
    bypass_cache = bypass_cache or several
    http, subject = client.transport.http, None
    if is_application(result.model):
        with platform.scope(job.project_id) as connection:
            subject = create_subject(connection, http, result.model, job, settings, bypass_cache=bypass_cache)
            check_rows(find_version(connection, result.model), examples, settings)
    services = PlatformScorerServices(platform, job)
    try:
        finished = evals.run(
            partial(platform.scope, job.project_id),
            result.id,
            examples,
            subject or GatewayChatClient(http, result.model, job, bypass_cache=bypass_cache),
            shots_pool=pool,
            progress=progress,
            services=services,
        )
    finally:
        services.close()
    return store_token_counts(platform, job.project_id, finished) if isinstance(subject, PipelineSubject) else finished


def sync_with_jobs(connection: Connection, results: Sequence[EvalResult]) -> list[EvalResult]:
    """Return the runs, updated first if their job failed or was cancelled and could not record that itself."""
    current: list[EvalResult] = []
    for result in results:
        if result.status not in FINAL_STATUSES:
            with suppress(NotFound):
                job = jobs.get(connection, result.id)
                if job.status in {"failed", "cancelled"}:
                    update_run(connection, result.id, {"status": job.status, "finished_at": job.finished_at})
                    result = evals.get_run(connection, result.id)
        current.append(result)
    return current
