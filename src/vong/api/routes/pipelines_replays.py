"""Routes of replays: execute past runs again with changes. Part of the pipelines API."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from vong.api.http.dependencies import CurrentUser
from vong.app.pipelines import replays
from vong.app.pipelines.replays import ReplayRequest
from vong.evals.comparison import EvalComparison
from vong.pipelines import replay_store
from vong.pipelines.replay_store import PipelineReplay, ReplayedRun, ReplayEstimate
from vong.records import Job, Record

routes = APIRouter(prefix="/api/v1/pipelines", tags=["pipelines"])
Limit = Annotated[int, Query(ge=1, le=500)]


class ReplayStarted(Record):
    """Started replay and its job, which have the same id."""

    replay: PipelineReplay
    job: Job


@routes.post("/{name}/replays/estimate")
def estimate_replay(name: str, body: ReplayRequest, context: CurrentUser) -> ReplayEstimate:
    """Estimate a replay: runs, cost, the steps that run again, and those with effects. Nothing is started."""
    price_of = replays.price_finder(context.platform, context.principal.project_id)
    with context.project_transaction() as connection:
        return replays.estimate(connection, name, body, price_of)


@routes.post("/{name}/replays", status_code=202)
def start_replay(name: str, body: ReplayRequest, context: CurrentUser) -> ReplayStarted:
    """Execute past runs again with changes, as a job. Results of steps that are not affected are used again."""
    price_of = replays.price_finder(context.platform, context.principal.project_id)
    with context.project_transaction() as connection:
        replay, job = replays.start(connection, context.principal, name, body, context.idempotency_key, price_of)
    return ReplayStarted(replay=replay, job=job)


@routes.get("/{name}/replays")
def list_replays(name: str, context: CurrentUser, after: UUID | None = None, limit: Limit = 50) -> list[PipelineReplay]:
    """List the replays of a pipeline, newest first."""
    with context.project_transaction() as connection:
        return replay_store.list_replays(connection, name, after=after, limit=limit)


@routes.get("/replays/{id}")
def get_replay(id: UUID, context: CurrentUser) -> PipelineReplay:
    """Return a replay with the number of its runs by state."""
    with context.project_transaction() as connection:
        return replay_store.get_replay(connection, id)


@routes.get("/replays/{id}/runs")
def list_replayed_runs(id: UUID, context: CurrentUser, after: int = -1, limit: Limit = 50) -> list[ReplayedRun]:
    """List the runs of a replay by position: the original run and the new one."""
    with context.project_transaction() as connection:
        replay_store.get_replay(connection, id)
        return replay_store.list_replayed_runs(connection, id, after=after, limit=limit)


@routes.get("/replays/{id}/comparison")
def compare_replay(id: UUID, context: CurrentUser, changes: Annotated[int, Query(ge=0, le=500)] = 20) -> EvalComparison:
    """Compare the original outputs with the new ones, in pairs: differences with intervals, wins and losses."""
    with context.project_transaction() as connection:
        return replays.compare(connection, id, changes=changes)
