"""Routes of jobs: look, follow, cancel, try again. They are made by the stages' own routes."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from vong import jobs
from vong.api.http.dependencies import Call, RequestContext
from vong.api.http.sse import EventStreamResponse, NotifyTopic, ServerSentEvent, last_event_id, stream
from vong.errors import InvalidInput
from vong.jobs.queue import ENDED
from vong.jobs.tables import CHANNEL
from vong.records import Job
from vong.records.job import JobStatus, LogLine

routes = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `progress` (a Job), `log` (a LogLine), `end` (a Job), which is the last.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}

LINES = 500
"""Log lines read at once for a stream."""


@routes.get("")
def list_jobs(
    call: Call,
    status: JobStatus | None = None,
    kind: str | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[Job]:
    """The project's jobs, newest first; `after` is the last id of the page before."""
    with call.scope() as connection:
        return jobs.list_jobs(connection, status=status, kind=kind, after=after, limit=limit)


@routes.get("/{id}")
def show(id: UUID, call: Call) -> Job:
    """A job as it stands."""
    with call.scope() as connection:
        return jobs.get(connection, id)


@routes.get("/{id}/log")
def log(
    id: UUID,
    call: Call,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 500,
) -> list[LogLine]:
    """A job's log from line `after` + 1 on."""
    with call.scope() as connection:
        return jobs.log_lines(connection, id, after, limit)


@routes.get("/{id}/events", response_class=EventStreamResponse, responses=STREAM)
def events(
    id: UUID, call: Call, request: Request, after: Annotated[str, Depends(last_event_id)]
) -> EventStreamResponse:
    """A job live: its progress and its log, to its end. An event's id is where a broken stream goes on."""
    return stream(request, NotifyTopic(CHANNEL, str(id)), lambda cursor: news(call, id, cursor), after)


@routes.post("/{id}/cancel")
def cancel(id: UUID, call: Call) -> Job:
    """Cancel a job: a queued one at once, a running one within seconds."""
    with call.scope() as connection:
        return jobs.cancel(connection, id)


@routes.post("/{id}/retry")
def retry(id: UUID, call: Call) -> Job:
    """Queue a failed or cancelled job again; its finished steps are kept."""
    with call.scope() as connection:
        return jobs.retry(connection, id)


def news(caller: RequestContext, id: UUID, after: str) -> Sequence[ServerSentEvent]:
    """The events of a job after one: log lines first, then the job if it changed, as `end` where it has ended."""
    seen, _, number = (after or "0.0").partition(".")
    if not (seen.isdecimal() and number.isdecimal() and len(after) <= 40):
        raise InvalidInput(f"{after!r} is not an event id", "leave it out to have the events from the start")
    with caller.scope() as connection:
        job, version, lines = jobs.news(connection, id, min(int(number), 2**31 - 1), LINES)
    events = [ServerSentEvent(f"{seen}.{line.number}", "log", line) for line in lines]
    ended = job.status in ENDED
    if len(lines) < LINES and (version > int(seen) or ended):
        last = lines[-1].number if lines else int(number)
        events.append(ServerSentEvent(f"{version}.{last}", "end" if ended else "progress", job, last=ended))
    return events
