"""Stream of newly stored spans: numbered batches in the order in which they became visible."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from vong.errors import InvalidInput
from vong.records.trace import SpanBatch, SpanSummary
from vong.traces import tables
from vong.traces.search import SpanFilter, filter_ids

MAX_BATCHES = 200
"""Batches of the span writer that are read at once."""
MAX_NUMBER = 2**62


class SpanArrivals(NamedTuple):
    """Spans that arrived up to `number`. More may be available."""

    number: int
    arrived: SpanBatch


def last_number(connection: Connection) -> int:
    """Return the number of the last batch."""
    return tables.last_batch_number(connection)


def is_stored(connection: Connection, number: int) -> bool:
    """Check that all batches after a number are still stored. Batches are stored for one hour."""
    return number == 0 or tables.has_batch(connection, number)


def parse_event_id(event: str) -> int:
    """Parse the id of an event. Raises InvalidInput if it is not a number."""
    if not event.isdecimal() or len(event) > 18:
        raise InvalidInput(f"{event!r} is not an event id", "omit the id to receive new spans only")
    return int(event)


def read_arrivals(connection: Connection, after: int, span_filter: SpanFilter) -> SpanArrivals:
    """Return the matching spans that arrived after a batch number."""
    rows = tables.list_batches(connection, after, MAX_BATCHES)
    ids: list[UUID] = [id for row in rows for id in row.spans]
    found: list[SpanSummary] = filter_ids(connection, ids, span_filter)
    found.sort(key=lambda span: (span.started_at, span.id))
    return SpanArrivals(rows[-1].number if rows else after, SpanBatch(spans=tuple(found)))
