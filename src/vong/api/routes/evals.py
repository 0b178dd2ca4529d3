"""Routes of evals: scorers, runs, their outputs, and comparisons."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from vong import evals
from vong.api.http.dependencies import CurrentUser
from vong.app import evals as evals_app
from vong.app.eval_scoring import ScoreReport, ScoreRequest, score_texts
from vong.evals.runs import ScoredOutput
from vong.evals.scoring import ScorerInfo
from vong.evals.specs import ScorerSpec
from vong.records import EvalResult, Record
from vong.records.evals import EvalStarted

routes = APIRouter(prefix="/api/v1/evals", tags=["evals"])
Limit = Annotated[int, Query(ge=1, le=500)]
Position = Annotated[int, Query(ge=-1, le=2**31 - 1)]


class EvalRequest(Record):
    """Evaluation to run.

    `model` is written as in a request to `/v1`, `scorers` as `NAME`, `NAME:option=value;option=value` or an
    object with `name`, `options` and `label`.
    """

    model: str = Field(min_length=1)
    dataset: str = Field(min_length=1)
    split: str = "test"
    scorers: tuple[str | ScorerSpec, ...] = ("exact_match",)
    name: str = ""
    settings: evals.EvalSettings = evals.EvalSettings()


@routes.get("/scorers")
def list_scorers(context: CurrentUser) -> list[ScorerInfo]:  # noqa: ARG001 (requires authentication)
    """List the installed scorers with their options."""
    return evals.list_scorers()


@routes.post("/runs", status_code=202)
def start_run(body: EvalRequest, context: CurrentUser) -> EvalStarted:
    """Start an evaluation of a model on a dataset split. It runs as a job."""
    with context.project_transaction() as connection:
        result, job = evals_app.start(
            connection,
            model=body.model,
            dataset=body.dataset,
            split=body.split,
            scorers=body.scorers,
            settings=body.settings,
            name=body.name,
            origin=evals_app.RunOrigin(context.idempotency_key, context.principal),
        )
        return EvalStarted(result=result, job=job)


@routes.post("/score")
def score(body: ScoreRequest, context: CurrentUser) -> ScoreReport:
    """Score outputs that exist already: given texts, rows of a dataset, a run, a span, or a conversation."""
    return score_texts(context.platform, context.principal, body)


@routes.get("/runs")
def list_runs(
    context: CurrentUser, model: str | None = None, after: UUID | None = None, limit: Limit = 50
) -> list[EvalResult]:
    """List the evaluation runs of the project, newest first."""
    with context.project_transaction() as connection:
        return evals_app.sync_with_jobs(connection, evals.list_runs(connection, model=model, after=after, limit=limit))


@routes.get("/runs/{id}")
def get_run(id: UUID, context: CurrentUser) -> EvalResult:
    """Return an evaluation run: its scores, how each was computed, latency and tokens."""
    with context.project_transaction() as connection:
        return evals_app.sync_with_jobs(connection, [evals.get_run(connection, id)])[0]


@routes.get("/runs/{id}/outputs")
def list_outputs(
    id: UUID,
    context: CurrentUser,
    failed: bool = False,
    changed_from: UUID | None = None,
    after: Position = -1,
    limit: Limit = 50,
) -> list[ScoredOutput]:
    """List the outputs of a run by position: all, the failed ones, or those that differ from another run."""
    with context.project_transaction() as connection:
        return evals.list_outputs(connection, id, failed=failed, changed_from=changed_from, after=after, limit=limit)
