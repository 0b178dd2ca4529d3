"""Routes of eval suites: versions, estimates and runs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from vong.api.http.dependencies import CurrentUser
from vong.app import eval_estimates, eval_suites
from vong.app.eval_estimates import SuiteEstimate
from vong.app.eval_suites import SuiteComparison
from vong.evals import suite_runs, suites
from vong.evals.suite_runs import SuiteRun, SuiteRunOptions
from vong.evals.suites import Suite, SuiteDefinition
from vong.records import Job, Record

routes = APIRouter(prefix="/api/v1/evals", tags=["evals"])
Limit = Annotated[int, Query(ge=1, le=500)]


class SuiteCreate(SuiteDefinition):
    """Suite to store: its name, a description and its entries."""

    name: str = Field(min_length=1, max_length=100)


class SuiteRunRequest(Record):
    """Run of a suite. `subject` is the model as in a request to `/v1`; `label` names the state, such as a branch."""

    subject: str = Field(min_length=1, max_length=300)
    label: str = Field(default="", max_length=200)
    options: SuiteRunOptions = SuiteRunOptions()


class SuiteRunStarted(Record):
    """Suite run and its job. Both have the same id."""

    run: SuiteRun
    job: Job


@routes.get("/suites")
def list_suites(context: CurrentUser, after: str | None = None, limit: Limit = 50) -> list[Suite]:
    """List the newest version of every suite, by name."""
    with context.project_transaction() as connection:
        return suites.list_suites(connection, after=after, limit=limit)


@routes.post("/suites", status_code=201)
def create_suite(body: SuiteCreate, context: CurrentUser) -> Suite:
    """Store a suite as its next version. Datasets are fixed to the versions that they name now.

    The newest version is returned if its content is equal.
    """
    definition = SuiteDefinition(description=body.description, entries=body.entries)
    with context.project_transaction() as connection:
        return eval_suites.create(connection, body.name, definition)


@routes.get("/suites/{ref}")
def get_suite(ref: str, context: CurrentUser) -> Suite:
    """Return a version of a suite: NAME (the newest) or NAME@NUMBER."""
    with context.project_transaction() as connection:
        return suites.find_suite(connection, ref)


@routes.get("/suites/{name}/versions")
def list_suite_versions(name: str, context: CurrentUser, limit: Limit = 50) -> list[Suite]:
    """List the versions of a suite, newest first."""
    with context.project_transaction() as connection:
        suites.find_suite(connection, name)
        return suites.list_versions(connection, name, limit=limit)


@routes.delete("/suites/{name}", status_code=204)
def delete_suite(name: str, context: CurrentUser) -> None:
    """Delete all versions of a suite. Its runs are kept."""
    with context.project_transaction() as connection:
        suites.delete_suite(connection, name)


@routes.post("/suites/{ref}/estimate")
def estimate_suite(ref: str, body: SuiteRunRequest, context: CurrentUser) -> SuiteEstimate:
    """Estimate the price, the time and the detectable difference of a suite run. Nothing is started."""
    with context.project_transaction() as connection:
        suite = suites.find_suite(connection, ref)
    return eval_estimates.estimate_suite(
        context.platform, context.principal.project_id, suite, body.subject, body.options
    )


@routes.post("/suites/{ref}/runs", status_code=202)
def start_suite_run(ref: str, body: SuiteRunRequest, context: CurrentUser) -> SuiteRunStarted:
    """Start a run of a suite on a model, deployment or route. It runs as a job and resumes after a restart."""
    with context.project_transaction() as connection:
        run, job = eval_suites.start(
            connection,
            ref,
            body.subject,
            options=body.options,
            label=body.label,
            key=context.idempotency_key,
            principal=context.principal,
        )
        return SuiteRunStarted(run=run, job=job)


@routes.get("/suite-runs")
def list_suite_runs(
    context: CurrentUser,
    suite: str | None = None,
    subject: str | None = None,
    label: str | None = None,
    after: UUID | None = None,
    limit: Limit = 50,
) -> list[SuiteRun]:
    """List suite runs, newest first. `suite` is NAME (all versions) or NAME@NUMBER."""
    with context.project_transaction() as connection:
        found = suite_runs.list_runs(connection, suite=suite, subject=subject, label=label, after=after, limit=limit)
        return [eval_suites.get_run(connection, run.id) for run in found]


@routes.get("/suite-runs/{id}")
def get_suite_run(id: UUID, context: CurrentUser) -> SuiteRun:
    """Return a suite run: metrics with intervals, checks, the worst slices, counts, tokens and cost."""
    with context.project_transaction() as connection:
        return eval_suites.get_run(connection, id)


@routes.get("/suite-runs/{id}/comparison")
def compare_suite_runs(id: UUID, baseline: str, context: CurrentUser) -> SuiteComparison:
    """Compare a suite run with a baseline: the id of another run, or the label of the newest finished one."""
    with context.project_transaction() as connection:
        return eval_suites.compare_runs(connection, id, baseline)
