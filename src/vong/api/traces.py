"""Routes of traces: spans as lists, whole spans, traces as trees, and the intake of spans that others measured."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query
from pydantic import Field

from vong import traces
from vong.api.call import Call
from vong.records import Record, Span
from vong.records.trace import SpanSummary, Trace
from vong.traces.usage import Facets

routes = APIRouter(prefix="/api/v1/traces", tags=["traces"])


class Page(traces.Filter):
    """Which spans, and which page of them."""

    after: UUID | None = Field(default=None, description="The id of the last span of the page before.")
    limit: int = Field(default=50, ge=1, le=500)


class Count(Record):
    """How many there are."""

    count: int


class Stored(Record):
    """How many spans are committed."""

    stored: int


@routes.get("/spans")
def spans(call: Call, page: Annotated[Page, Query()]) -> list[SpanSummary]:
    """The spans that match, newest first, without their bodies."""
    with call.scope() as connection:
        return traces.search(connection, page, after=page.after, limit=page.limit)


@routes.get("/spans/count")
def count(call: Call, wanted: Annotated[traces.Filter, Query()]) -> Count:
    """How many spans match."""
    with call.scope() as connection:
        return Count(count=traces.count(connection, wanted))


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
def ingest(call: Call, spans: Annotated[list[Span], Body(max_length=1000)]) -> Stored:
    """Store spans that another program measured. Answered when they are committed; known ones stay as they are."""
    append = partial(call.platform.journal.append, call.principal.project_id)
    return Stored(stored=traces.ingest(append, spans))
