"""Routes of traces: spans as lists, whole spans, traces as trees, and the intake of spans that others measured."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Header, Query, Request
from pydantic import Field

from vong import traces
from vong.api.http.dependencies import Call
from vong.api.http.sse import EventStreamResponse, NotifyTopic, ServerSentEvent, stream
from vong.app.traces import Having, listed, tail
from vong.records import Record, Span
from vong.records.trace import SpanSummary, Trace
from vong.traces.stream import SpanArrivals
from vong.traces.tables import CHANNEL
from vong.traces.usage import Facets

routes = APIRouter(prefix="/api/v1/traces", tags=["traces"])
EVERY = 0.25
"""Seconds between two looks at what has arrived, for each stream."""
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `spans` (an Arrived). The stream ends when the server goes down.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


class SpanPage(traces.SpanFilter):
    """Which spans, and which page of them."""

    after: UUID | None = Field(default=None, description="The id of the last span of the page before.")
    limit: int = Field(default=50, ge=1, le=500)
    has: Having | None = Field(default=None, description="Only spans that have a score, or a correction.")


class SpanFollow(traces.SpanFilter):
    """Which spans, and where a stream goes on."""

    after: str = Field(default="", description="Go on after this event; the header Last-Event-ID wins.")


class SpanCountQuery(traces.SpanFilter):
    """Which spans to count, and where to stop."""

    at_most: int | None = Field(default=None, ge=1, description="Counting ends here: more than a person reads.")


class SpanCount(Record):
    """How many there are; with `more`, at least so many."""

    count: int
    more: bool = False


class IngestResult(Record):
    """How many spans are committed."""

    stored: int


@routes.get("/spans")
def spans(call: Call, page: Annotated[SpanPage, Query()]) -> list[SpanSummary]:
    """The spans that match, newest first, without their bodies, with the counts of their scores."""
    with call.scope() as connection:
        return listed(connection, page, page.has, page.after, page.limit)


@routes.get("/spans/count")
def count(call: Call, wanted: Annotated[SpanCountQuery, Query()]) -> SpanCount:
    """How many spans match. With `at_most` counting ends there."""
    with call.scope() as connection:
        found = traces.count(connection, wanted, wanted.at_most)
    return SpanCount(count=found, more=found == wanted.at_most)


@routes.get("/spans/events", response_class=EventStreamResponse, responses=STREAM)
def events(
    call: Call,
    request: Request,
    wanted: Annotated[SpanFollow, Query()],
    last: Annotated[str, Header(alias="Last-Event-ID")] = "",
) -> EventStreamResponse:
    """Spans live, as they are stored: those that match and arrive from now on, or after an event of the last hour."""
    after = last or wanted.after
    read = tail(call.platform, call.principal.project_id, wanted, after)
    topic = NotifyTopic(CHANNEL, str(call.principal.project_id))
    return stream(request, topic, lambda cursor: _events(read(cursor)), after, every=EVERY)


@routes.get("/facets")
def facets(call: Call) -> Facets:
    """What the spans of the last seven days can be filtered by: routes, models, kinds, statuses and keys."""
    with call.scope() as connection:
        return traces.facets(connection)


@routes.get("/spans/{id}")
def span(call: Call, id: UUID) -> Span:
    """One span with its input and output."""
    with call.scope() as connection:
        return traces.get(connection, id)


@routes.get("/traces/{trace_id}")
def trace(call: Call, trace_id: str) -> Trace:
    """All spans of a trace as trees, with offsets from its start."""
    with call.scope() as connection:
        return traces.tree(connection, trace_id)


@routes.post("/spans", status_code=201)
def ingest(call: Call, spans: Annotated[list[Span], Body(max_length=1000)]) -> IngestResult:
    """Store spans that another program measured. Answered when they are committed; known ones stay as they are."""
    append = partial(call.platform.journal.append, call.principal.project_id)
    return IngestResult(stored=traces.ingest(append, spans))


def _events(found: SpanArrivals) -> list[ServerSentEvent]:
    if not found.arrived.spans and not found.arrived.gap:
        return []
    return [ServerSentEvent(str(found.number), "spans", found.arrived)]
