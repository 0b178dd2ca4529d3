"""Routes of experiments: runs and their figures, from our trainer or anybody's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from vong import experiments
from vong.api.http.dependencies import Call, RequestContext
from vong.api.http.sse import EventStreamResponse, NotifyTopic, ServerSentEvent, last_event_id, stream
from vong.errors import InvalidInput
from vong.experiments.compare import RunComparison
from vong.experiments.curves import Curve
from vong.experiments.runs import Ended
from vong.experiments.tables import CHANNEL
from vong.records import Record, TrainingRun

routes = APIRouter(prefix="/api/v1/experiments", tags=["experiments"])

STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `metrics` (figures of a step), `end` (the Run), which is the last.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


class RunCreate(Record):
    """A run of a trainer that is not ours."""

    name: str
    base: str = ""
    dataset: str = ""
    settings: dict[str, Any] = {}


class MetricsLog(Record):
    """The figures of one step."""

    step: int = Field(ge=0, le=2**31 - 1)
    values: dict[str, float]
    at: datetime | None = None


class RunFinish(Record):
    """How a run ended."""

    status: Ended = "finished"
    summary: dict[str, Any] = {}
    model: str | None = None


@routes.get("/runs")
def runs(
    call: Call,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    name: str | None = None,
    status: str | None = None,
) -> list[TrainingRun]:
    """The runs, newest first; `after` is the last id of the page before."""
    with call.scope() as connection:
        return experiments.list_runs(connection, after=after, limit=limit, name=name, status=status)


@routes.post("/runs", status_code=201)
def start(wanted: RunCreate, call: Call) -> TrainingRun:
    """Begin a run whose figures you send yourself. (Our own trainer is started at training.)"""
    with call.scope() as connection:
        return experiments.start_run(
            connection, wanted.name, base=wanted.base, dataset=wanted.dataset, settings=wanted.settings
        )


@routes.get("/runs/{id}")
def run(id: UUID, call: Call) -> TrainingRun:
    """One run with its settings, best and last figures and warnings."""
    with call.scope() as connection:
        return experiments.get(connection, id)


@routes.get("/runs/{id}/metrics")
def metrics(
    id: UUID,
    call: Call,
    name: Annotated[list[str] | None, Query(description="Which figures; all if none is named.")] = None,
    points: Annotated[int, Query(ge=3, le=10_000)] = 500,
) -> list[Curve]:
    """The curves of a run, thinned to that many points each (LTTB: every point is a measured one)."""
    with call.scope() as connection:
        return experiments.curve(connection, id, name, points)


@routes.post("/runs/{id}/metrics")
def log(id: UUID, steps: list[MetricsLog], call: Call) -> TrainingRun:
    """Write figures. A step that is sent again takes the newer values."""
    with call.scope() as connection:
        for one in steps:
            experiments.log(connection, id, one.step, one.values, one.at)
        return experiments.get(connection, id)


@routes.post("/runs/{id}/finish")
def finish(id: UUID, ended: RunFinish, call: Call) -> TrainingRun:
    """Say how a run ended."""
    with call.scope() as connection:
        return experiments.finish_run(connection, id, ended.status, summary=ended.summary, model=ended.model)


@routes.get("/runs/{id}/events", response_class=EventStreamResponse, responses=STREAM)
def events(
    id: UUID, call: Call, request: Request, after: Annotated[str, Depends(last_event_id)]
) -> EventStreamResponse:
    """Follow a run: its figures as they come, until it has ended. `Last-Event-ID` goes on where a stream broke."""

    def read(last: str) -> list[ServerSentEvent]:
        return _news(call, id, last)

    return stream(request, NotifyTopic(CHANNEL, str(id)), read, after)


@routes.get("/compare")
def compare(
    run: Annotated[list[UUID], Query(min_length=1, max_length=20)],
    call: Call,
    points: Annotated[int, Query(ge=3, le=1000)] = 200,
) -> RunComparison:
    """What differs between runs: settings, best and last figures; and their curves, thinned to that many points."""
    with call.scope() as connection:
        return experiments.compare(connection, run, points)


def _news(call: RequestContext, id: UUID, last: str) -> list[ServerSentEvent]:
    try:
        after = UUID(last) if last else None
    except ValueError as error:
        raise InvalidInput(f"{last!r} is not an event's id", "send back an id that this stream gave") from error
    with call.scope() as connection:
        # The status is read first: figures written before it changed are then sure to be among those read.
        run = experiments.get(connection, id)
        figures = experiments.figures_after(connection, id, after)
    found: Sequence[ServerSentEvent] = [ServerSentEvent(str(one.entry), "metrics", one) for one in figures]
    if run.status in {"queued", "running"} or len(figures) >= 500:
        return list(found)
    return [*found, ServerSentEvent(found[-1].id if found else last or str(id), "end", run, last=True)]
