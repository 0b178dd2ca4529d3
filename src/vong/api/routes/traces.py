"""Routes of traces: span lists, single spans, traces as trees, and ingestion of external spans."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Header, Path, Query, Request
from pydantic import Field

from vong import traces
from vong.api.http.dependencies import CurrentUser
from vong.api.http.sse import EventStreamResponse, NotifyTopic, ServerSentEvent, stream_events
from vong.app import traces as traces_app
from vong.app.traces import ScoreSelection
from vong.records import Record, Span
from vong.records.trace import SpanSummary, Trace
from vong.traces.stream import SpanArrivals
from vong.traces.tables import SPANS_CHANNEL
from vong.traces.usage import Facets

routes = APIRouter(prefix="/api/v1/traces", tags=["traces"])
MIN_INTERVAL_SECONDS = 0.25
"""Minimum seconds between two reads of new spans, per stream."""
TRACE_ID_PATTERN = "^[0-9a-f]{32}$"
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `spans` (a SpanBatch). The stream ends when the server shuts down.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


class SpanPage(traces.SpanFilter):
    """Span filter and page."""

    after: UUID | None = Field(default=None, description="Id of the last span of the previous page.")
    limit: int = Field(default=50, ge=1, le=500)
    has: ScoreSelection | None = Field(default=None, description="Only spans with a score, or with a correction.")


class SpanFollow(traces.SpanFilter):
    """Span filter and the event after which the stream resumes."""

    after: str = Field(default="", description="Resume after this event. The header Last-Event-ID takes precedence.")


class SpanCountQuery(traces.SpanFilter):
    """Span filter and the maximum count."""

    at_most: int | None = Field(default=None, ge=1, description="Stop counting at this number.")


class SpanCount(Record):
    """Number of spans. With `more` it is a lower bound."""

    count: int
    more: bool = False


class IngestResult(Record):
    """Number of committed spans."""

    stored: int


@routes.get("/spans")
def list_spans(context: CurrentUser, page: Annotated[SpanPage, Query()]) -> list[SpanSummary]:
    """List matching spans, newest first, without their bodies, with the counts of their scores."""
    with context.project_transaction() as connection:
        chosen = traces_app.resolve_prompt(connection, page)
        return traces_app.list_spans(connection, chosen, page.has, page.after, page.limit)


@routes.get("/spans/count")
def count_spans(context: CurrentUser, query: Annotated[SpanCountQuery, Query()]) -> SpanCount:
    """Return the number of matching spans. Counting stops at `at_most`."""
    with context.project_transaction() as connection:
        found = traces.count_spans(connection, traces_app.resolve_prompt(connection, query), query.at_most)
    return SpanCount(count=found, more=found == query.at_most)


@routes.get("/spans/events", response_class=EventStreamResponse, responses=STREAM)
def stream_spans(
    context: CurrentUser,
    request: Request,
    query: Annotated[SpanFollow, Query()],
    last: Annotated[str, Header(alias="Last-Event-ID")] = "",
) -> EventStreamResponse:
    """Stream matching spans as they are stored, from now on or after an event of the last hour."""
    after = last or query.after
    with context.project_transaction() as connection:
        chosen = traces_app.resolve_prompt(connection, query)
    read = traces_app.open_span_stream(context.platform, context.principal.project_id, chosen, after)
    topic = NotifyTopic(SPANS_CHANNEL, str(context.principal.project_id))
    return stream_events(
        request, topic, lambda cursor: _to_events(read(cursor)), after, min_interval=MIN_INTERVAL_SECONDS
    )


@routes.get("/facets")
def get_facets(context: CurrentUser) -> Facets:
    """Return the filter values of the last seven days: routes, models, kinds, statuses and keys."""
    with context.project_transaction() as connection:
        return traces.get_facets(connection)


@routes.get("/spans/{id}")
def get_span(context: CurrentUser, id: UUID) -> Span:
    """Return a span with its input and output. Waits up to two seconds for the span of a recent call."""
    return traces_app.get_span(context.platform, context.principal.project_id, id)


@routes.post("/spans", status_code=201)
def ingest_spans(context: CurrentUser, spans: Annotated[list[Span], Body(max_length=1000)]) -> IngestResult:
    """Store spans that another program measured. Returns after the commit; known spans are kept unchanged."""
    append = partial(context.platform.span_writer.append_durable, context.principal.project_id)
    return IngestResult(stored=traces.ingest(append, spans))


@routes.get("/{trace_id}")
def get_trace(context: CurrentUser, trace_id: Annotated[str, Path(pattern=TRACE_ID_PATTERN)]) -> Trace:
    """Return all spans of a trace as trees, with offsets from the start of the trace."""
    with context.project_transaction() as connection:
        return traces.get_trace(connection, trace_id)


def _to_events(found: SpanArrivals) -> list[ServerSentEvent]:
    if not found.arrived.spans and not found.arrived.gap:
        return []
    return [ServerSentEvent(str(found.number), "spans", found.arrived)]
