"""Judges connected to models, labels and jobs: create them, and start calibrations, tunings and comparisons."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection

from vong import data, evals, jobs
from vong.access.principal import Principal
from vong.app.caller_client import caller_params
from vong.app.distillation import check_model_names
from vong.app.evals import sync_with_jobs
from vong.app.judge_labels import collect_labels
from vong.app.platform import Platform
from vong.errors import InvalidInput, NotFound
from vong.evals.judges import Calibration, CalibrationSettings, JudgeDefinition, JudgeVersion, find_judge, save_judge
from vong.evals.judges.calibration_store import create_calibration, find_calibration, list_calibrations, set_status
from vong.evals.judges.pairs import PairwiseComparison, check_pairs, create_pair_run, pair_outputs, summarize_pairs
from vong.evals.judges.store import list_judges, list_versions
from vong.evals.judges.tuning import MIN_TUNING_LABELS, TuningSettings
from vong.records import Job, Record, new_id
from vong.records.evals import EvalStarted
from vong.records.job import FINAL_STATUSES

CALIBRATE, TUNE, COMPARE = "evals.calibrate", "evals.tune_judge", "evals.judge_pairs"
"""Kinds of the jobs of judges."""


class CalibrationStarted(Record):
    """Queued calibration and its job. Both have the same id."""

    calibration: Calibration
    job: Job


class PairwiseRequest(Record):
    """Request to compare run `b` with run `a` by a pairwise judge."""

    a: UUID
    b: UUID
    limit: int | None = Field(default=None, ge=1)
    concurrency: int = Field(default=4, ge=1, le=64)


class JudgeDetails(Record):
    """Judge with all of its versions and calibrations, newest first."""

    current: JudgeVersion
    versions: list[JudgeVersion]
    calibrations: list[Calibration]


class JudgeOverview(Record):
    """Judge in a list: its current version, the number of versions and the newest calibration of the current one."""

    judge: JudgeVersion
    versions: int
    calibration: Calibration | None = None


def list_overviews(connection: Connection) -> list[JudgeOverview]:
    """Return all judges, by name."""
    overviews: list[JudgeOverview] = []
    for judge in list_judges(connection):
        found = list_calibrations(connection, judge.name, version=judge.version, status="finished", limit=1)
        versions = len(list_versions(connection, judge.name))
        overviews.append(JudgeOverview(judge=judge, versions=versions, calibration=found[0] if found else None))
    return overviews


def create(
    platform: Platform,
    connection: Connection,
    name: str,
    definition: JudgeDefinition,
    *,
    principal: Principal,
) -> JudgeVersion:
    """Store a version of a judge as the current one.

    Raises: NotFound if its model or a member does not exist; InvalidInput if the definition contradicts itself.
    """
    definition.check()
    if definition.kind != "jury":
        check_model_names(platform, connection, [definition.model])
    return save_judge(connection, name, definition, author=principal.actor)


def start_calibration(
    platform: Platform,
    connection: Connection,
    judge: str,
    settings: CalibrationSettings,
    *,
    principal: Principal,
    key: str | None = None,
) -> CalibrationStarted:
    """Record a calibration and submit its job. A repeated `key` returns the first one.

    Raises: InvalidInput if the task has no labels; OutOfScope if the key may not call the judge's model.
    """
    version = find_judge(connection, judge)
    if settings.label_field:
        settings = settings.model_copy(update={"task": data.find(connection, settings.task).ref})
    check_model_names(platform, connection, _models_of(connection, version), principal)
    collect_labels(platform, connection, version.definition, settings)
    job = jobs.submit(connection, CALIBRATE, _job_params(version, principal), id=new_id(), key=key)
    return CalibrationStarted(calibration=create_calibration(connection, version, settings, id=job.id), job=job)


def start_tuning(
    platform: Platform,
    connection: Connection,
    judge: str,
    settings: TuningSettings,
    *,
    principal: Principal,
    key: str | None = None,
) -> Job:
    """Submit the job that tunes a judge. Its result is a `TuningResult`.

    Raises: InvalidInput if there is nothing to try or too few labels; NotFound if the writer does not exist.
    """
    version = find_judge(connection, judge)
    if version.definition.kind == "jury":
        raise InvalidInput(f"the judge {version.name!r} is a jury", "tune its members")
    if not settings.shots and not (settings.writer and settings.variants):
        raise InvalidInput("there is nothing to try", "set shots, or a writer and variants")
    models = [version.definition.model, *([settings.writer] if settings.writer else [])]
    check_model_names(platform, connection, models, principal)
    labels = len(collect_labels(platform, connection, version.definition, settings))
    if labels < MIN_TUNING_LABELS:
        raise InvalidInput(
            f"the task {settings.task!r} has {labels} labels, at least {MIN_TUNING_LABELS} are required",
            "label more outputs of a run: vong evals judges label RUN",
        )
    params = {**_job_params(version, principal), "settings": settings.model_dump(mode="json")}
    return jobs.submit(connection, TUNE, params, key=key)


def start_comparison(
    platform: Platform,
    connection: Connection,
    judge: str,
    request: PairwiseRequest,
    *,
    principal: Principal,
    key: str | None = None,
) -> EvalStarted:
    """Record the run of a pairwise comparison and submit its job. Both have the same id.

    Raises: InvalidInput if the judge is not pairwise, or the runs have no outputs for the same examples.
    """
    version = find_judge(connection, judge)
    check_model_names(platform, connection, _models_of(connection, version), principal)
    before, after = check_pairs(connection, version, request.a, request.b)
    outputs = [evals.list_outputs(connection, result.id, limit=None) for result in (before, after)]
    pairs = len(pair_outputs(*outputs))
    if not pairs:
        raise InvalidInput("the two runs have no example in common", "run both with the same limit and seed")
    count = min(pairs, request.limit or pairs)
    params = {**_job_params(version, principal), "concurrency": request.concurrency, "limit": count}
    job = jobs.submit(connection, COMPARE, params, id=new_id(), key=key)
    result = create_pair_run(connection, version, before, after, id=job.id, examples=count)
    return EvalStarted(result=result, job=job)


def get_details(connection: Connection, ref: str) -> JudgeDetails:
    """Return a judge with its versions and calibrations."""
    name = ref.partition("@")[0]
    return JudgeDetails(
        current=find_judge(connection, ref),
        versions=list_versions(connection, name),
        calibrations=[sync_calibration(connection, one) for one in list_calibrations(connection, name)],
    )


def get_comparison(connection: Connection, id: UUID) -> PairwiseComparison:
    """Return a comparison by a judge, updated first if its job ended without recording that."""
    sync_with_jobs(connection, [evals.get_run(connection, id)])
    return summarize_pairs(connection, id)


def sync_calibration(connection: Connection, calibration: Calibration) -> Calibration:
    """Return a calibration, updated first if its job ended without recording that."""
    if calibration.status not in FINAL_STATUSES:
        with suppress(NotFound):
            job = jobs.get(connection, calibration.id)
            if job.status in {"failed", "cancelled"}:
                set_status(connection, calibration.id, job.status)
                return find_calibration(connection, calibration.id)
    return calibration


def _models_of(connection: Connection, version: JudgeVersion) -> list[str]:
    members = [find_judge(connection, member) for member in version.definition.members]
    return [one.definition.model for one in members or [version]]


def _job_params(version: JudgeVersion, principal: Principal) -> dict[str, Any]:
    return {"judge": version.ref, **caller_params(principal)}
