"""Search, count and read spans."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection, Row

from vong.errors import NotFound
from vong.records import Record, Span, Usage
from vong.records.span import SpanVersions
from vong.records.trace import SpanSummary
from vong.store.spans.schema import USAGE, VERSIONS, decode
from vong.traces import tables
from vong.traces.tables import SpanQuery

EQUAL = ("model", "route", "deployment", "model_version", "status", "user", "session", "kind", "key", "trace_id")
LISTING = "vong traces list"


class SpanFilter(Record):
    """Which spans. All that is given must hold; attempts only where their kind or their trace is given. `text` is
    searched in the name and in the first 1,000 characters of input and output: words in any order, "words in a row" in
    quotes, -without; no endings are cut off.
    """

    text: str | None = Field(default=None, max_length=1000)
    since: datetime | None = Field(default=None, description="Started at this moment or later.")
    until: datetime | None = Field(default=None, description="Started before this moment.")
    model: str | None = None
    route: str | None = None
    deployment: str | None = None
    model_version: str | None = Field(default=None, description="A model version's ref: name@hash.")
    status: Literal["ok", "error"] | None = None
    user: str | None = None
    session: str | None = None
    kind: str | None = None
    key: str | None = Field(default=None, description="The name of the API key that called.")
    trace_id: str | None = None
    min_duration_ms: float | None = Field(default=None, ge=0)


def search(
    connection: Connection, wanted: SpanFilter | None = None, *, after: UUID | None = None, limit: int = 50
) -> list[SpanSummary]:
    """The spans that match, newest first, without their bodies. `after` is the id of the last span of the page before;
    NotFound where there is no such span.
    """
    place = None
    if after is not None:
        started_at = tables.started(connection, after)
        if started_at is None:
            raise _unknown(after)
        place = started_at, after
    return [summary(row) for row in tables.list_page(connection, _wanted(wanted, place), limit)]


def among(connection: Connection, ids: Iterable[UUID], wanted: SpanFilter | None = None) -> list[SpanSummary]:
    """The spans of these ids that match, newest id first."""
    rows = tables.list_among(connection, _wanted(wanted), ids)
    return sorted(map(summary, rows), key=lambda span: span.id, reverse=True)


def count(connection: Connection, wanted: SpanFilter | None = None, at_most: int | None = None) -> int:
    """How many spans match; counting ends at `at_most`."""
    return tables.count_all(connection, _wanted(wanted), at_most)


def get(connection: Connection, span_id: UUID) -> Span:
    """One span with its bodies. NotFound where there is none in this project."""
    found = for_ids(connection, [span_id])
    if not found:
        raise _unknown(span_id)
    return found[0]


def forget(connection: Connection, project_id: UUID, span_id: UUID, told: dict[str, Any]) -> None:
    """Remove the bodies of a span for good and add the attributes `told`. The connection is the owner's."""
    tables.forget(connection, project_id, span_id, told)


def for_ids(connection: Connection, ids: Iterable[UUID]) -> list[Span]:
    """The spans of those ids with their bodies, in the order of the ids; ids that are not known are left out."""
    wanted = list(ids)
    rows = {row.id: row for row in tables.whole(connection, wanted)}
    return [decode(rows[id]) for id in wanted if id in rows]


def summary(row: Row[Any]) -> SpanSummary:
    """A row of `tables.SUMMARY` as a record."""
    columns = dict(row._mapping)  # pyright: ignore[reportPrivateUsage]  # SQLAlchemy's public name for it
    usage = Usage(**{name: columns.pop(name) for name in USAGE})
    versions = SpanVersions(**{name: columns.pop(name) for name in VERSIONS})
    return SpanSummary(**columns, usage=usage, versions=versions)


def _wanted(filter: SpanFilter | None, after: tuple[datetime, UUID] | None = None) -> SpanQuery:
    filter = filter or SpanFilter()
    equal = {name: value for name in EQUAL if (value := getattr(filter, name)) is not None}
    steps = filter.kind is not None or filter.trace_id is not None
    return SpanQuery(equal, filter.since, filter.until, filter.text, filter.min_duration_ms, after, steps)


def _unknown(id: UUID) -> NotFound:
    return NotFound(f"no span {str(id)!r}", f"list them with: {LISTING}")
