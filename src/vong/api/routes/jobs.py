"""Routes of jobs: list, follow, cancel and retry. Jobs are created by the routes of the stages."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from vong import jobs
from vong.api.http.dependencies import CurrentUser, RequestContext
from vong.api.http.sse import EventStreamResponse, NotifyTopic, ServerSentEvent, last_event_id, stream_events
from vong.errors import InvalidInput
from vong.jobs.tables import JOBS_CHANNEL
from vong.records import Job
from vong.records.job import FINAL_STATUSES, JobStatus, LogLine

routes = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `progress` (a Job), `log` (a LogLine), and last `end` (a Job).",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}

MAX_LOG_LINES = 500
"""Log lines that a stream reads at once."""


@routes.get("")
def list_jobs(
    context: CurrentUser,
    status: JobStatus | None = None,
    kind: str | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[Job]:
    """List the jobs of the project, newest first. `after` is the last id of the previous page."""
    with context.project_transaction() as connection:
        return jobs.list_jobs(connection, status=status, kind=kind, after=after, limit=limit)


@routes.get("/{id}")
def get_job(id: UUID, context: CurrentUser) -> Job:
    """Return the current state of a job."""
    with context.project_transaction() as connection:
        return jobs.get(connection, id)


@routes.get("/{id}/log")
def get_job_log(
    id: UUID,
    context: CurrentUser,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 500,
) -> list[LogLine]:
    """Return the log of a job, starting with line `after` + 1."""
    with context.project_transaction() as connection:
        return jobs.log_lines(connection, id, after, limit)


@routes.get("/{id}/events", response_class=EventStreamResponse, responses=STREAM)
def stream_job_events(
    id: UUID, context: CurrentUser, request: Request, after: Annotated[str, Depends(last_event_id)]
) -> EventStreamResponse:
    """Stream the progress and log of a job until it ends. A stream resumes after an event id."""
    return stream_events(
        request, NotifyTopic(JOBS_CHANNEL, str(id)), lambda cursor: _list_job_events(context, id, cursor), after
    )


@routes.post("/{id}/cancel")
def cancel_job(id: UUID, context: CurrentUser) -> Job:
    """Cancel a job: a queued one immediately, a running one within seconds."""
    with context.project_transaction() as connection:
        return jobs.cancel(connection, id)


@routes.post("/{id}/retry")
def retry_job(id: UUID, context: CurrentUser) -> Job:
    """Queue a failed or cancelled job again. Its finished steps are kept."""
    with context.project_transaction() as connection:
        return jobs.retry(connection, id)


def _list_job_events(context: RequestContext, id: UUID, after: str) -> Sequence[ServerSentEvent]:
    """Return the events of a job after an event id: log lines first, then the job if it has changed or ended."""
    seen, _, number = (after or "0.0").partition(".")
    if not (seen.isdecimal() and number.isdecimal() and len(after) <= 40):
        raise InvalidInput(f"{after!r} is not a valid event id", "leave it out to stream from the start")
    with context.project_transaction() as connection:
        job, version, lines = jobs.updates_since(connection, id, min(int(number), 2**31 - 1), MAX_LOG_LINES)
    events = [ServerSentEvent(f"{seen}.{line.number}", "log", line) for line in lines]
    ended = job.status in FINAL_STATUSES
    if len(lines) < MAX_LOG_LINES and (version > int(seen) or ended):
        last = lines[-1].number if lines else int(number)
        events.append(ServerSentEvent(f"{version}.{last}", "end" if ended else "progress", job, is_last=ended))
    return events
