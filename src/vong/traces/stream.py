"""Stream of newly stored spans: numbered batches in the order in which they became visible."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from vong.errors import InvalidInput
from vong.records.trace import SpanBatch, SpanSummary
from vong.traces import tables
from vong.traces.search import SpanFilter, among

ARRIVALS = 200
"""Batches of the span writer that are read at once."""
LARGEST = 2**62


class SpanArrivals(NamedTuple):
    """Spans that arrived up to `number`. More may be available."""

    number: int
    arrived: SpanBatch


def end(connection: Connection) -> int:
    """Return the number of the last batch."""
    return tables.tail_end(connection)


def known(connection: Connection, number: int) -> bool:
    """Check that all batches after a number are still stored. Batches are stored for one hour."""
    return number == 0 or tables.tail_has(connection, number)


def number_of(event: str) -> int:
    """Parse the id of an event. Raises InvalidInput if it is not a number."""
    if not event.isdecimal() or len(event) > 18:
        raise InvalidInput(f"{event!r} is not an event id", "omit the id to receive new spans only")
    return int(event)


def news(connection: Connection, after: int, wanted: SpanFilter) -> SpanArrivals:
    """Return the matching spans that arrived after a batch number."""
    rows = tables.tail_after(connection, after, ARRIVALS)
    ids: list[UUID] = [id for row in rows for id in row.spans]
    found: list[SpanSummary] = among(connection, ids, wanted)
    found.sort(key=lambda span: (span.started_at, span.id))
    return SpanArrivals(rows[-1].number if rows else after, SpanBatch(spans=tuple(found)))
