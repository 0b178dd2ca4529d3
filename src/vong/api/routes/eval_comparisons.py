"""Routes of comparisons of evaluations, and of results of other programs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, UploadFile
from pydantic import Field

from vong import evals
from vong.api.http.dependencies import CurrentUser
from vong.app import eval_comparisons
from vong.evals import imports, recorded_runs
from vong.evals.eval_change import EvalChange, Outcome
from vong.evals.recorded_runs import RecordedRun
from vong.records import DatasetVersion, EvalResult, Record

routes = APIRouter(prefix="/api/v1/evals", tags=["evals"])
Slices = Annotated[tuple[str, ...], Query(alias="slice", max_length=20)]


class ComparedExamplesQuery(Record):
    """Selection of examples of two runs: those that b won, lost or tied on a metric, or all.

    `text` must occur in the prompt or an output. `slice` is the name of a slice, such as `language=vi`.
    """

    a: UUID
    b: UUID
    metric: str | None = None
    outcome: Outcome | None = None
    text: str | None = None
    slice: str | None = None
    after: int = Field(default=-1, ge=-1, le=2**31 - 1)
    limit: int = Field(default=50, ge=1, le=500)


class ChangesToSave(Record):
    """Examples of two runs to append to a dataset: those that b lost, won or tied on a metric."""

    a: UUID
    b: UUID
    dataset: str = Field(min_length=1, max_length=100)
    metric: str | None = None
    outcome: Outcome = "loss"
    slice: str | None = None


@routes.get("/compare")
def compare_runs(
    a: UUID, b: UUID, context: CurrentUser, changes: Annotated[int, Query(ge=0, le=500)] = 20, slices: Slices = ()
) -> evals.EvalComparison:
    """Compare run `b` with run `a` on the same examples: differences, intervals, tests, and changed outputs.

    Each `slice` is `language`, `length`, `label`, `label:FIELD` or `tag:KEY`.
    """
    with context.project_transaction() as connection:
        return eval_comparisons.compare(context.platform, connection, a, b, changes=changes, slices=slices)


@routes.get("/compare/changes")
def list_compared_examples(context: CurrentUser, query: Annotated[ComparedExamplesQuery, Query()]) -> list[EvalChange]:
    """List examples of both runs by position, with both outputs and their scores."""
    from vong.evals.paired_outputs import list_changes

    with context.project_transaction() as connection:
        selected = eval_comparisons.find_changes(
            context.platform,
            connection,
            query.a,
            query.b,
            metric=query.metric,
            outcome=query.outcome,
            text=query.text,
            slice=query.slice,
        )
        return list_changes(connection, query.a, query.b, selected, after=query.after, limit=query.limit)


@routes.post("/compare/dataset", status_code=201)
def save_compared_examples(body: ChangesToSave, context: CurrentUser) -> DatasetVersion:
    """Append the examples that run `b` lost (or won, or tied) to a dataset, with both outputs in their metadata."""
    with context.project_transaction() as connection:
        selected = eval_comparisons.find_changes(
            context.platform, connection, body.a, body.b, metric=body.metric, outcome=body.outcome, slice=body.slice
        )
        return eval_comparisons.save_changes(context.platform, connection, body.a, body.b, body.dataset, selected)


@routes.post("/imports", status_code=201)
def import_results(
    files: list[UploadFile],
    context: CurrentUser,
    model: Annotated[str | None, Form(description="Model that was evaluated, as named here.")] = None,
    name: Annotated[str, Form()] = "",
) -> list[EvalResult]:
    """Import result files of lm-evaluation-harness, inspect_ai or promptfoo as finished runs, one per task."""
    contents = [(one.filename or "results.json", one.file.read()) for one in files]
    found = imports.read_results(contents)
    with context.project_transaction() as connection:
        return [recorded_runs.store(connection, run, model=model, name=name) for run in found]


@routes.post("/runs/recorded", status_code=201)
def record_run(body: RecordedRun, context: CurrentUser) -> EvalResult:
    """Store outputs that another program scored, such as tests, as a finished run."""
    with context.project_transaction() as connection:
        return recorded_runs.store(connection, body)
