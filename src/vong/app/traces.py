"""Spans connected to the span writer, because a span may be requested before it is committed, and to scores."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Literal, TypeVar
from uuid import UUID

from sqlalchemy import Connection

from vong import prompts, traces
from vong.app.platform import Platform
from vong.errors import NotFound, Unavailable
from vong.feedback import scores
from vong.prompts.versions import list_refs, parse_ref
from vong.records import Span, now
from vong.records.trace import SpanSummary
from vong.traces.stream import SpanArrivals, is_stored, last_number, parse_event_id, read_arrivals

ScoreSelection = Literal["score", "correction"]
MAX_QUERY_ROUNDS = 200
"""Maximum number of queries for scored spans per page."""
RECENT_SPAN_AGE = timedelta(hours=1)
"""Age up to which a span may belong to a call that has just ended."""
CLOCK_SKEW = timedelta(seconds=1)
SPAN_WAIT_TIMEOUT_SECONDS = 2.0
"""Seconds to wait for a span that may not be written yet."""


def await_span(platform: Platform, span_id: UUID, find: Callable[[UUID], Span | None]) -> Span:
    """Return the span that `find` returns, waiting for one of a recent call (a UUIDv7 contains its time).

    Raises: NotFound if there is none.
    """
    age = timedelta(seconds=now().timestamp() - (span_id.int >> 80) / 1000)
    recent = span_id.version == 7 and -CLOCK_SKEW < age < RECENT_SPAN_AGE
    deadline = time.monotonic() + (SPAN_WAIT_TIMEOUT_SECONDS if recent else 0.0)
    while True:
        span = find(span_id)
        if span:
            return span
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            message = f"no span has the id {str(span_id)!r}"
            raise NotFound(
                message, "use the id of the response header x-vong-span-id, or list spans with: vong traces list"
            )
        try:
            platform.span_writer.flush(remaining)
        except Unavailable:
            continue
        time.sleep(min(0.1, remaining))


def get_span(platform: Platform, project_id: UUID, span_id: UUID) -> Span:
    """Return a span with its bodies, waiting for one of a recent call.

    Raises: NotFound if the project has no such span.
    """

    def find(id: UUID) -> Span | None:
        with platform.scope(project_id) as connection:
            return next(iter(traces.get_spans(connection, [id])), None)

    return await_span(platform, span_id, find)


SpanFilterT = TypeVar("SpanFilterT", bound=traces.SpanFilter)


def resolve_prompt(connection: Connection, span_filter: SpanFilterT) -> SpanFilterT:
    """Return the filter with the refs of the versions that its `prompt` names.

    A name stands for all versions of the prompt. A ref of a prompt that does not exist matches spans that name it.

    Raises: InvalidInput if the ref is invalid.
    """
    ref = span_filter.prompt
    if ref is None:
        return span_filter
    name, version, label = parse_ref(ref)
    try:
        names_all = version is None and label is None
        refs = list_refs(connection, name) if names_all else [prompts.find(connection, ref).ref]
    except NotFound:
        refs = []
    return span_filter.model_copy(update={"prompt": ",".join([*refs, ref])})


def list_spans(
    connection: Connection,
    span_filter: traces.SpanFilter,
    having: ScoreSelection | None,
    after: UUID | None,
    limit: int,
) -> list[SpanSummary]:
    """Return a page of spans, newest first, with score counts; `having` selects spans with a score or correction."""
    if having is None:
        page = traces.search_spans(connection, span_filter, after=after, limit=limit)
    else:
        page = _list_scored(connection, span_filter, having == "correction", after, limit)
    return with_score_counts(connection, page)


def with_score_counts(connection: Connection, spans: Sequence[SpanSummary]) -> list[SpanSummary]:
    """Return the spans with their score counts."""
    counts = scores.count_scores(connection, [span.id for span in spans])
    none = scores.ScoreCounts(0, 0)
    return [span.model_copy(update=counts.get(span.id, none)._asdict()) for span in spans]


def _list_scored(
    connection: Connection, span_filter: traces.SpanFilter, corrected: bool, before: UUID | None, limit: int
) -> list[SpanSummary]:
    page: list[SpanSummary] = []
    for _ in range(MAX_QUERY_ROUNDS):
        ids = scores.list_scored_spans(connection, corrected=corrected, before=before, limit=500)
        page += traces.filter_ids(connection, ids, span_filter)
        if len(ids) < 500 or len(page) >= limit:
            break
        before = ids[-1]
    return page[:limit]


def open_span_stream(
    platform: Platform, project_id: UUID, span_filter: traces.SpanFilter, after: str
) -> Callable[[str], SpanArrivals]:
    """Return a reader of new spans: those after the event `after`, or from now on if that is empty.

    The reader remembers its own position and ignores its argument, which is the position of the event stream.
    """
    with platform.scope(project_id) as connection:
        position = parse_event_id(after) if after else last_number(connection)
        has_gap = not is_stored(connection, position)
    state = {"seen": position, "gap": has_gap}

    def read(_: str) -> SpanArrivals:
        with platform.scope(project_id) as connection:
            arrivals = read_arrivals(connection, int(state["seen"]), span_filter)
        state["seen"] = arrivals.number
        if state["gap"]:
            state["gap"] = False
            return arrivals._replace(arrived=arrivals.arrived.model_copy(update={"gap": True}))
        return arrivals

    return read
