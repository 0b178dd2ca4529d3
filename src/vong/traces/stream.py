"""Spans as they are stored: the arrivals after a number, in the order in which they became visible."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from vong.errors import InvalidInput
from vong.records.trace import SpanBatch, SpanSummary
from vong.traces import tables
from vong.traces.search import SpanFilter, among

ARRIVALS = 200
"""Batches of the journal that are read at once."""
LARGEST = 2**62


class SpanArrivals(NamedTuple):
    """What has arrived up to a number. More may be there."""

    number: int
    arrived: SpanBatch


def end(connection: Connection) -> int:
    """The number of the last arrival."""
    return tables.tail_end(connection)


def known(connection: Connection, number: int) -> bool:
    """Whether the arrivals after that number are all still known: they are for an hour."""
    return number == 0 or tables.tail_has(connection, number)


def number_of(event: str) -> int:
    """The number in the id of an event. InvalidInput where that is none."""
    if not event.isdecimal() or len(event) > 18:
        raise InvalidInput(f"{event!r} is not an event id", "leave it out to have what comes from now on")
    return int(event)


def news(connection: Connection, after: int, wanted: SpanFilter) -> SpanArrivals:
    """The spans that arrived after a number and match."""
    rows = tables.tail_after(connection, after, ARRIVALS)
    ids: list[UUID] = [id for row in rows for id in row.spans]
    found: list[SpanSummary] = among(connection, ids, wanted)
    found.sort(key=lambda span: (span.started_at, span.id))
    return SpanArrivals(rows[-1].number if rows else after, SpanBatch(spans=tuple(found)))
