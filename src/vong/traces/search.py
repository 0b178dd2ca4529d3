"""Search, counting and reading of spans."""

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
from vong.store.spans.schema import USAGE_COLUMNS, VERSION_COLUMNS, decode_span
from vong.traces import tables
from vong.traces.tables import SpanQuery

EQUALITY_FIELDS = (
    "model",
    "route",
    "deployment",
    "model_version",
    "status",
    "user",
    "session",
    "kind",
    "key",
    "trace_id",
)
LIST_COMMAND = "vong traces list"


class SpanFilter(Record):
    """Filter of spans. All given conditions must hold.

    Spans of kind `attempt` match only if `kind` or `trace_id` is set. `text` is searched in the name and in the first
    1,000 characters of input and output: words in any order, "phrases" in quotes, -excluded words, without stemming.
    `prompt` is one or more refs `NAME@HASH`, separated by commas; `app.traces` resolves names, numbers and labels.
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
    prompt: str | None = Field(
        default=None,
        max_length=200_000,
        description="Prompt that was used: NAME, NAME@NUMBER, NAME@HASH or NAME:LABEL.",
    )
    min_duration_ms: float | None = Field(default=None, ge=0)


def search_spans(
    connection: Connection, span_filter: SpanFilter | None = None, *, after: UUID | None = None, limit: int = 50
) -> list[SpanSummary]:
    """Return the matching spans, newest first, without bodies.

    `after` is the id of the last span of the previous page. Raises NotFound if there is no such span.
    """
    position = None
    if after is not None:
        started_at = tables.find_start(connection, after)
        if started_at is None:
            raise _span_not_found(after)
        position = started_at, after
    return [to_summary(row) for row in tables.list_page(connection, _to_query(span_filter, position), limit)]


def filter_ids(connection: Connection, ids: Iterable[UUID], span_filter: SpanFilter | None = None) -> list[SpanSummary]:
    """Return the spans of these ids that match, newest id first."""
    rows = tables.list_by_ids(connection, _to_query(span_filter), ids)
    return sorted(map(to_summary, rows), key=lambda span: span.id, reverse=True)


def count_spans(connection: Connection, span_filter: SpanFilter | None = None, at_most: int | None = None) -> int:
    """Count the matching spans, up to `at_most`."""
    return tables.count_spans(connection, _to_query(span_filter), at_most)


def get_span(connection: Connection, span_id: UUID) -> Span:
    """Return a span with its bodies. Raises NotFound if this project has no such span."""
    spans = get_spans(connection, [span_id])
    if not spans:
        raise _span_not_found(span_id)
    return spans[0]


def delete_bodies(connection: Connection, project_id: UUID, span_id: UUID, attributes: dict[str, Any]) -> None:
    """Delete the bodies of a span permanently and add the attributes `attributes`. The connection is the owner's."""
    tables.delete_bodies(connection, project_id, span_id, attributes)


def get_spans(connection: Connection, ids: Iterable[UUID]) -> list[Span]:
    """Return the spans of these ids with their bodies, in the order of the ids. Unknown ids are skipped."""
    requested = list(ids)
    rows = {row.id: row for row in tables.load_spans(connection, requested)}
    return [decode_span(rows[id]) for id in requested if id in rows]


def to_summary(row: Row[Any]) -> SpanSummary:
    """Convert a row of summary columns to a record."""
    columns = dict(row._mapping)  # pyright: ignore[reportPrivateUsage]  # SQLAlchemy's public name for it
    usage = Usage(**{name: columns.pop(name) for name in USAGE_COLUMNS})
    versions = SpanVersions(**{name: columns.pop(name) for name in VERSION_COLUMNS})
    return SpanSummary(**columns, usage=usage, versions=versions)


def _to_query(span_filter: SpanFilter | None, after: tuple[datetime, UUID] | None = None) -> SpanQuery:
    span_filter = span_filter or SpanFilter()
    equal: dict[str, str | list[str]] = {
        name: value for name in EQUALITY_FIELDS if (value := getattr(span_filter, name)) is not None
    }
    attempts = span_filter.kind is not None or span_filter.trace_id is not None
    if span_filter.prompt is not None:
        equal["prompt_version"] = span_filter.prompt.split(",")
    return SpanQuery(
        equal, span_filter.since, span_filter.until, span_filter.text, span_filter.min_duration_ms, after, attempts
    )


def _span_not_found(id: UUID) -> NotFound:
    return NotFound(f"no span {str(id)!r}", f"list them with: {LIST_COMMAND}")
