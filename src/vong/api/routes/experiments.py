"""Routes of experiments: training runs and their metrics, from Vong's trainer or any other."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request
from pydantic import Field

from vong import experiments
from vong.api.http.dependencies import CurrentUser, RequestContext
from vong.api.http.sse import EventStreamResponse, NotifyTopic, ServerSentEvent, last_event_id, stream_events
from vong.api.http.timestamps import Timestamp
from vong.errors import InvalidInput
from vong.experiments import samples as sample_store
from vong.experiments.compare import RunComparison
from vong.experiments.curves import Curve, list_metric_entries
from vong.experiments.runs import FinalStatus
from vong.experiments.tables import CHANNEL
from vong.records import Record, TrainingRun, TrainingSample
from vong.records.sample import RunSamples

routes = APIRouter(prefix="/api/v1/experiments", tags=["experiments"])

STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `metrics` (metrics of a step), and last `end` (the TrainingRun).",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


class RunCreate(Record):
    """Run of an external trainer."""

    name: str
    base: str = ""
    dataset: str = ""
    settings: dict[str, Any] = {}


class MetricsLog(Record):
    """Metrics of one step."""

    step: int = Field(ge=0, le=2**31 - 1)
    values: dict[str, float]
    recorded_at: Timestamp | None = None


class RunFinish(Record):
    """Final state of a run."""

    status: FinalStatus = "finished"
    summary: dict[str, Any] = {}
    model: str | None = None


@routes.get("/runs")
def list_runs(
    context: CurrentUser,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    name: str | None = None,
    status: str | None = None,
) -> list[TrainingRun]:
    """List the runs, newest first. `after` is the last id of the previous page."""
    with context.project_transaction() as connection:
        return experiments.list_runs(connection, after=after, limit=limit, name=name, status=status)


@routes.post("/runs", status_code=201)
def start_run(body: RunCreate, context: CurrentUser) -> TrainingRun:
    """Start a run of an external trainer that logs its own metrics. Vong's trainer is started under training."""
    with context.project_transaction() as connection:
        return experiments.start_run(
            connection, body.name, base=body.base, dataset=body.dataset, settings=body.settings
        )


@routes.get("/runs/{id}")
def get_run(id: UUID, context: CurrentUser) -> TrainingRun:
    """Return a run with its settings, best and last metrics, and warnings."""
    with context.project_transaction() as connection:
        return experiments.get_run(connection, id)


@routes.get("/runs/{id}/metrics")
def get_metrics(
    id: UUID,
    context: CurrentUser,
    name: Annotated[list[str] | None, Query(description="Names of the metrics. All metrics if left out.")] = None,
    points: Annotated[int, Query(ge=3, le=10_000)] = 500,
) -> list[Curve]:
    """Return the metric curves of a run, downsampled to `points` points each. LTTB keeps measured points only."""
    with context.project_transaction() as connection:
        return experiments.load_curves(connection, id, name, points)


@routes.post("/runs/{id}/metrics")
def log_metrics(id: UUID, steps: list[MetricsLog], context: CurrentUser) -> TrainingRun:
    """Log metrics. Values of a step that is sent again replace the earlier ones."""
    with context.project_transaction() as connection:
        for one in steps:
            experiments.log_metrics(connection, id, one.step, one.values, one.recorded_at)
        return experiments.get_run(connection, id)


@routes.get("/runs/{id}/samples")
def get_samples(
    id: UUID,
    context: CurrentUser,
    step: Annotated[int | None, Query(ge=0, le=2**31 - 1, description="Step. The last one if left out.")] = None,
) -> RunSamples:
    """Return the sample generations of one step, beside the references and the outputs of the base."""
    with context.project_transaction() as connection:
        return sample_store.load_samples(connection, id, step)


@routes.post("/runs/{id}/samples")
def log_samples(
    id: UUID, samples: Annotated[list[TrainingSample], Body(min_length=1, max_length=512)], context: CurrentUser
) -> RunSamples:
    """Log sample generations. A sample of the same step and number is replaced."""
    with context.project_transaction() as connection:
        sample_store.log_samples(connection, id, samples)
        return sample_store.load_samples(connection, id, samples[-1].step)


@routes.post("/runs/{id}/finish")
def finish_run(id: UUID, ended: RunFinish, context: CurrentUser) -> TrainingRun:
    """Finish a run with its status."""
    with context.project_transaction() as connection:
        return experiments.finish_run(connection, id, ended.status, summary=ended.summary, model=ended.model)


@routes.get("/runs/{id}/events", response_class=EventStreamResponse, responses=STREAM)
def stream_run_events(
    id: UUID, context: CurrentUser, request: Request, after: Annotated[str, Depends(last_event_id)]
) -> EventStreamResponse:
    """Stream the metrics of a run until it ends. `Last-Event-ID` resumes a broken stream."""

    def read(last: str) -> list[ServerSentEvent]:
        return _list_events(context, id, last)

    return stream_events(request, NotifyTopic(CHANNEL, str(id)), read, after)


@routes.get("/compare")
def compare_runs(
    run: Annotated[list[UUID], Query(min_length=1, max_length=20)],
    context: CurrentUser,
    points: Annotated[int, Query(ge=3, le=1000)] = 200,
) -> RunComparison:
    """Compare runs: settings, best and last metrics, and curves downsampled to `points` points."""
    with context.project_transaction() as connection:
        return experiments.compare(connection, run, points)


def _list_events(context: RequestContext, id: UUID, last: str) -> list[ServerSentEvent]:
    try:
        after = UUID(last) if last else None
    except ValueError as error:
        raise InvalidInput(f"{last!r} is not a valid event id", "send an event id of this stream") from error
    with context.project_transaction() as connection:
        # The status is read first, so the metrics include everything that was written before the status changed.
        run = experiments.get_run(connection, id)
        entries = list_metric_entries(connection, id, after)
    found: Sequence[ServerSentEvent] = [ServerSentEvent(str(one.entry), "metrics", one) for one in entries]
    if run.status in {"queued", "running"} or len(entries) >= 500:
        return list(found)
    return [*found, ServerSentEvent(found[-1].id if found else last or str(id), "end", run, is_last=True)]
