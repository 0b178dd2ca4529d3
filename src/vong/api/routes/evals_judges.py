"""Routes of judges: versions, calibrations, tuning, comparisons by a judge, and labels of people."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from vong.api.http.dependencies import CurrentUser
from vong.app import judge_trials
from vong.app import judges as judges_app
from vong.app.judges import CalibrationStarted, JudgeDetails, JudgeOverview, PairwiseRequest
from vong.evals.judges import (
    Calibration,
    CalibrationSettings,
    JudgeDefinition,
    JudgeInput,
    Judgement,
    JudgeVersion,
    calibration_store,
    store,
)
from vong.evals.judges.calibration_store import LabelCount, LabelCreate, LabelQueue, OutputLabel
from vong.evals.judges.pairs import PairwiseComparison
from vong.evals.judges.tuning import TuningSettings
from vong.records import Job, Record
from vong.records.evals import EvalStarted

routes = APIRouter(prefix="/api/v1/evals", tags=["evals"])
Position = Annotated[int, Field(ge=0, le=2**31 - 1)]


class JudgeCreate(Record):
    """Judge to store. A new definition of an existing judge becomes its current version."""

    name: str
    definition: JudgeDefinition


@routes.get("/judges")
def list_judges(context: CurrentUser) -> list[JudgeOverview]:
    """List the judges of the project with their newest calibrations."""
    with context.project_transaction() as connection:
        return judges_app.list_overviews(connection)


@routes.post("/judges", status_code=201)
def create_judge(body: JudgeCreate, context: CurrentUser) -> JudgeVersion:
    """Store a version of a judge and make it the current one."""
    with context.project_transaction() as connection:
        return judges_app.create(context.platform, connection, body.name, body.definition, principal=context.principal)


@routes.get("/judges/{ref}")
def get_judge(ref: str, context: CurrentUser) -> JudgeDetails:
    """Return a judge (`NAME` or `NAME@VERSION`) with all versions and calibrations."""
    with context.project_transaction() as connection:
        return judges_app.get_details(connection, ref)


@routes.delete("/judges/{name}", status_code=204)
def delete_judge(name: str, context: CurrentUser) -> None:
    """Delete a judge with its versions and calibrations."""
    with context.project_transaction() as connection:
        store.delete_judge(connection, name)


@routes.post("/judges/{ref}/use")
def use_judge(ref: str, context: CurrentUser) -> JudgeVersion:
    """Make a version the current one of its judge, for example a tuned candidate."""
    with context.project_transaction() as connection:
        return store.use_version(connection, ref)


@routes.post("/judges/{ref}/judge")
def judge_output(ref: str, body: JudgeInput, context: CurrentUser) -> Judgement:
    """Judge one output and return the verdict with its reason."""
    return judge_trials.judge_once(context.platform, context.principal, ref, body)


@routes.post("/judges/{ref}/calibrations", status_code=202)
def start_calibration(ref: str, body: CalibrationSettings, context: CurrentUser) -> CalibrationStarted:
    """Start a calibration of a judge on the labels of a task. It runs as a job."""
    with context.project_transaction() as connection:
        return judges_app.start_calibration(
            context.platform, connection, ref, body, principal=context.principal, key=context.idempotency_key
        )


@routes.get("/calibrations/{id}")
def get_calibration(id: UUID, context: CurrentUser) -> Calibration:
    """Return a calibration: agreement with labels, biases, price, and if the judge can gate."""
    with context.project_transaction() as connection:
        return judges_app.sync_calibration(connection, calibration_store.find_calibration(connection, id))


@routes.post("/judges/{ref}/tuning", status_code=202)
def tune_judge(ref: str, body: TuningSettings, context: CurrentUser) -> Job:
    """Start the tuning of a judge's prompt on labels. The chosen version is stored as a candidate."""
    with context.project_transaction() as connection:
        return judges_app.start_tuning(
            context.platform, connection, ref, body, principal=context.principal, key=context.idempotency_key
        )


@routes.post("/judges/{ref}/comparisons", status_code=202)
def start_judge_comparison(ref: str, body: PairwiseRequest, context: CurrentUser) -> EvalStarted:
    """Start a comparison of run `b` with run `a` by a pairwise judge. Its verdicts are stored as a run."""
    with context.project_transaction() as connection:
        return judges_app.start_comparison(
            context.platform, connection, ref, body, principal=context.principal, key=context.idempotency_key
        )


@routes.get("/comparisons/{id}")
def get_judge_comparison(id: UUID, context: CurrentUser) -> PairwiseComparison:
    """Return the wins, losses and ties of a comparison by a judge."""
    with context.project_transaction() as connection:
        return judges_app.get_comparison(connection, id)


@routes.get("/labels")
def list_label_counts(context: CurrentUser) -> list[LabelCount]:
    """List the number of labels that people gave to outputs of runs, by task."""
    with context.project_transaction() as connection:
        return calibration_store.count_labels(connection)


@routes.get("/runs/{id}/labels/next")
def list_outputs_to_label(
    id: UUID, context: CurrentUser, limit: Annotated[int, Query(ge=1, le=500)] = 20
) -> LabelQueue:
    """List outputs of a run that the caller has not labelled yet, without scores or verdicts."""
    with context.project_transaction() as connection:
        return calibration_store.next_to_label(connection, id, context.principal.actor, limit=limit)


@routes.get("/runs/{id}/labels")
def list_labels(id: UUID, context: CurrentUser) -> list[OutputLabel]:
    """List the labels of the outputs of a run."""
    with context.project_transaction() as connection:
        return calibration_store.list_labels(connection, id)


@routes.post("/runs/{id}/labels", status_code=201)
def add_label(id: UUID, body: LabelCreate, context: CurrentUser) -> OutputLabel:
    """Label an output of a run. A second label of the same person replaces the first."""
    with context.project_transaction() as connection:
        return calibration_store.add_label(connection, id, context.principal.actor, body)


@routes.delete("/runs/{id}/labels/{position}", status_code=204)
def delete_label(id: UUID, position: Position, context: CurrentUser) -> None:
    """Delete the caller's label of an output."""
    with context.project_transaction() as connection:
        calibration_store.delete_label(connection, id, position, context.principal.actor)
