"""Routes of evals: scorers, runs, their answers, comparisons."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from vong import evals
from vong.api.http.dependencies import Call
from vong.app import evals as wired
from vong.evals.runs import ScoredOutput
from vong.evals.scoring import ScorerInfo
from vong.records import EvalResult, Job, Record

routes = APIRouter(prefix="/api/v1/evals", tags=["evals"])
Limit = Annotated[int, Query(ge=1, le=500)]
Position = Annotated[int, Query(ge=-1, le=2**31 - 1)]


class EvalRequest(Record):
    """The evaluation to run. `model` is written as in a request to `/v1`; `scorers` as `NAME` or
    `NAME:option=value;option=value`.
    """

    model: str = Field(min_length=1)
    dataset: str = Field(min_length=1)
    split: str = "test"
    scorers: tuple[str, ...] = ("exact_match",)
    name: str = ""
    settings: evals.EvalSettings = evals.EvalSettings()


class EvalStarted(Record):
    """A run and the job that does it; both have the same id."""

    result: EvalResult
    job: Job


@routes.get("/scorers")
def scorers(call: Call) -> list[ScorerInfo]:  # noqa: ARG001 (a key is asked for all the same)
    """The scorers that are installed, with their options."""
    return evals.list_scorers()


@routes.post("/runs", status_code=202)
def run(wanted: EvalRequest, call: Call) -> EvalStarted:
    """Evaluate a model on a dataset split. The run goes on in a job."""
    with call.scope() as connection:
        result, job = wired.start(
            connection,
            model=wanted.model,
            dataset=wanted.dataset,
            split=wanted.split,
            scorers=wanted.scorers,
            settings=wanted.settings,
            name=wanted.name,
            key=call.idempotency_key,
        )
        return EvalStarted(result=result, job=job)


@routes.get("/runs")
def runs(call: Call, model: str | None = None, after: UUID | None = None, limit: Limit = 50) -> list[EvalResult]:
    """The project's runs, newest first."""
    with call.scope() as connection:
        return wired.settled(connection, evals.list_runs(connection, model=model, after=after, limit=limit))


@routes.get("/runs/{id}")
def show(id: UUID, call: Call) -> EvalResult:
    """One run: its scores, how each was computed, latency and tokens."""
    with call.scope() as connection:
        return wired.settled(connection, [evals.get(connection, id)])[0]


@routes.get("/runs/{id}/examples")
def examples(
    id: UUID,
    call: Call,
    failed: bool = False,
    changed_from: UUID | None = None,
    after: Position = -1,
    limit: Limit = 50,
) -> list[ScoredOutput]:
    """A run's answers by position: all, those that failed, or those whose text differs from another run's."""
    with call.scope() as connection:
        return evals.list_answers(connection, id, failed=failed, changed_from=changed_from, after=after, limit=limit)


@routes.get("/compare")
def compare(a: UUID, b: UUID, call: Call, changes: Annotated[int, Query(ge=0, le=500)] = 20) -> evals.EvalComparison:
    """Run `b` against run `a` on the same examples: differences, intervals, exact tests, and what changed."""
    with call.scope() as connection:
        return evals.compare(connection, a, b, changes=changes)
