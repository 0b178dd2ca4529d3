"""Spans wired to the journal, for one that was just answered may be asked for before it is committed, and to scores."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection

from vong import traces
from vong.app.platform import Platform
from vong.errors import NotFound, Unavailable
from vong.feedback import scores
from vong.records import Span, now
from vong.records.trace import SpanSummary
from vong.traces.stream import SpanArrivals, end, known, news, number_of

Having = Literal["score", "correction"]
ROUNDS = 200
"""Times that more scored spans are looked through for one page."""
RECENT = timedelta(minutes=1)
PATIENCE = 2.0
"""Seconds that a span which began a moment ago is waited for."""


def await_span(platform: Platform, span_id: UUID, look: Callable[[UUID], Span | None]) -> Span:
    """The span that `look` finds, waited for where its id says that it began a moment ago (a UUIDv7 carries its time).

    NotFound where there is none.
    """
    recent = span_id.version == 7 and abs((span_id.int >> 80) / 1000 - now().timestamp()) < RECENT.total_seconds()
    until = time.monotonic() + (PATIENCE if recent else 0.0)
    while True:
        found = look(span_id)
        if found:
            return found
        remaining = until - time.monotonic()
        if remaining <= 0:
            message = f"no span {str(span_id)!r}"
            raise NotFound(message, "take the id from the answer's x-vong-span-id, or list them: vong traces list")
        try:
            platform.journal.flush(remaining)
        except Unavailable:
            continue
        time.sleep(min(0.1, remaining))


def listed(
    connection: Connection, wanted: traces.SpanFilter, having: Having | None, after: UUID | None, limit: int
) -> list[SpanSummary]:
    """A page of spans, newest first, with the counts of their scores; of those only that have one, by their ids."""
    if having is None:
        page = traces.search(connection, wanted, after=after, limit=limit)
    else:
        page = _scored(connection, wanted, having == "correction", after, limit)
    return counted(connection, page)


def counted(connection: Connection, spans: Sequence[SpanSummary]) -> list[SpanSummary]:
    """The spans with the counts of their scores."""
    found = scores.counts(connection, [span.id for span in spans])
    none = scores.ScoreCounts(0, 0)
    return [span.model_copy(update=found.get(span.id, none)._asdict()) for span in spans]


def _scored(
    connection: Connection, wanted: traces.SpanFilter, corrected: bool, before: UUID | None, limit: int
) -> list[SpanSummary]:
    page: list[SpanSummary] = []
    for _ in range(ROUNDS):
        ids = scores.scored_spans(connection, corrected=corrected, before=before, limit=500)
        page += traces.among(connection, ids, wanted)
        if len(ids) < 500 or len(page) >= limit:
            break
        before = ids[-1]
    return page[:limit]


def tail(platform: Platform, project_id: UUID, wanted: traces.SpanFilter, after: str) -> Callable[[str], SpanArrivals]:
    """A reader of what arrives: after the event `after`, or from now on where that is empty. What it is given to read
    after is where its stream is; it remembers itself how far it has looked.
    """
    with platform.scope(project_id) as connection:
        seen = number_of(after) if after else end(connection)
        gap = not known(connection, seen)
    state = {"seen": seen, "gap": gap}

    def read(_: str) -> SpanArrivals:
        with platform.scope(project_id) as connection:
            found = news(connection, int(state["seen"]), wanted)
        state["seen"] = found.number
        if state["gap"]:
            state["gap"] = False
            return found._replace(arrived=found.arrived.model_copy(update={"gap": True}))
        return found

    return read
