"""Tables and SQL of traces. The spans table is defined in `vong.store.spans.schema`.

A trigger on the spans table maintains two more tables: `hourly` counts the calls of each hour, `span_events` records
the order in which spans were stored.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Row,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from vong.records.span import ATTEMPT_KIND
from vong.records.usage import SUMMED_FIELDS
from vong.store.schema import project_table
from vong.store.spans.schema import (
    MICROSECOND,
    SEARCH_EXPRESSION,
    SPAN_COLUMNS,
    USAGE_COLUMNS,
    VERSION_COLUMNS,
    spans,
    start_range,
)

SPANS_CHANNEL = "vong_traces"
"""NOTIFY channel for stored spans. The payload is the id of the project."""
HISTOGRAM_BUCKETS = 128
"""Buckets of the histograms in `hourly`: see `vong.traces.usage`."""

hourly = project_table(
    "traces_hourly",
    Column("hour", DateTime(timezone=True), nullable=False),
    *(Column(name, Text, nullable=False) for name in ("kind", "route", "model", "key")),
    *(Column(name, BigInteger, nullable=False) for name in ("calls", "errors")),
    *(Column(name, BigInteger) for name in SUMMED_FIELDS),
    Column("priced", BigInteger, nullable=False),
    *(Column(name, VECTOR(HISTOGRAM_BUCKETS)) for name in ("durations", "first_tokens")),
    PrimaryKeyConstraint("project_id", "hour", "kind", "route", "model", "key", name="traces_hourly_pk"),
)

span_events = project_table(
    "traces_span_events",
    Column("number", BigInteger, Identity(always=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("spans", ARRAY(PG_UUID(as_uuid=True)), nullable=False),
    PrimaryKeyConstraint("project_id", "number", name="traces_span_events_pk"),
    Index("traces_span_events_created_at_ix", "created_at"),
)

MAX_GROUPS = 12
"""Groups of a usage report with their own points. The other groups are summed."""
MAX_TOTALS = 100
"""Maximum groups with totals."""
OTHER_GROUP = "…"

MAX_SCANNED_SPANS = 1000
"""Maximum spans that are scanned one by one in a word search."""
FIRST_WINDOW = timedelta(hours=1)
"""First time window of a word search. Each further window is four times as long."""
PREVIEW_CHARS = 160
"""Characters of a preview in a list."""
SUMMARY_COLUMNS: tuple[ColumnElement[Any], ...] = (
    *(spans.c[name] for name in (*SPAN_COLUMNS, *USAGE_COLUMNS, *VERSION_COLUMNS)),
    func.left(spans.c.input_text, PREVIEW_CHARS).label("input_preview"),
    func.left(spans.c.output_text, PREVIEW_CHARS).label("output_preview"),
)


class SpanQuery(NamedTuple):
    """Conditions of a span list.

    The start is in `since` <= t < `until`, the text contains `words`, the columns in `equal` have this value or one of
    these, the duration is at least `min_duration_ms`, and the span is older than the span `after` (start and id).
    `include_attempts` includes spans of kind `attempt`.
    """

    equal: dict[str, str | list[str]]
    since: datetime | None = None
    until: datetime | None = None
    words: str | None = None
    min_duration_ms: float | None = None
    after: tuple[datetime, UUID] | None = None
    include_attempts: bool = True


def list_page(connection: Connection, query: SpanQuery, limit: int) -> Sequence[Row[Any]]:
    """Return summaries of the matching spans, newest first."""
    if query.words:
        return _search_words(connection, query, limit)
    newest = _apply_query(select(*SUMMARY_COLUMNS), query).order_by(spans.c.started_at.desc(), spans.c.id.desc())
    return connection.execute(newest.limit(limit)).all()


def _search_words(connection: Connection, span_query: SpanQuery, limit: int) -> Sequence[Row[Any]]:
    """Return summaries of the spans that contain the words, newest first.

    The index returns all spans with the words, unordered, and there may be very many. The search therefore reads one
    time window after the other, from the newest back, each longer than the one before.
    """
    if span_query.equal or span_query.min_duration_ms is not None:
        rest = span_query._replace(words=None)
        if count_spans(connection, rest, MAX_SCANNED_SPANS + 1) <= MAX_SCANNED_SPANS:
            return _scan_words(connection, rest, span_query.words or "", limit)
    # A cached plan for all windows would be slow for the longest window and for rare words.
    connection.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
    when = spans.c.started_at
    ends: Any = select(func.min(when).label("oldest"), func.max(when).label("newest")).select_from(spans)
    row = connection.execute(_apply_query(ends, span_query._replace(words=None, equal={}, min_duration_ms=None))).one()
    oldest, newest = row.oldest, row.newest
    rows: list[Row[Any]] = []
    until, width = (newest + MICROSECOND, FIRST_WINDOW) if newest else (None, FIRST_WINDOW)
    while until is not None and until > oldest and len(rows) < limit:
        since = max(oldest, until - width)
        window = span_query._replace(since=since, until=until)
        query = _apply_query(select(*SUMMARY_COLUMNS), window).order_by(spans.c.started_at.desc(), spans.c.id.desc())
        rows += connection.execute(query.limit(limit - len(rows))).all()
        until, width = since, width * 4
    return rows


def _scan_words(connection: Connection, rest: SpanQuery, words: str, limit: int) -> Sequence[Row[Any]]:
    """Return the same summaries by scanning the few spans that match all other conditions."""
    columns = (spans.c[name] for name in ("project_id", "id", "name", "input_text", "output_text"))
    few = _apply_query(select(*columns), rest).cte("few").prefix_with("MATERIALIZED")
    search = func.websearch_to_tsquery(text("'simple'"), words)
    ids = connection.scalars(select(few.c.id).where(literal_column(SEARCH_EXPRESSION).op("@@")(search))).all()
    rows = _by_ids(connection, select(*SUMMARY_COLUMNS), ids)
    return sorted(rows, key=lambda row: (row.started_at, row.id), reverse=True)[:limit]


def list_by_ids(connection: Connection, query: SpanQuery, ids: Iterable[UUID]) -> Sequence[Row[Any]]:
    """Return summaries of the spans of these ids that match, unordered."""
    return _by_ids(connection, _apply_query(select(*SUMMARY_COLUMNS), query), ids)


def count_spans(connection: Connection, query: SpanQuery, at_most: int | None = None) -> int:
    """Count the matching spans, up to `at_most`."""
    if at_most is None:
        return connection.scalar(_apply_query(select(func.count()).select_from(spans), query)) or 0
    some = _apply_query(select(literal(1)).select_from(spans), query).limit(at_most).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


def last_batch_number(connection: Connection) -> int:
    """Return the number of the last batch. Returns 0 if there is none."""
    return connection.scalar(select(func.coalesce(func.max(span_events.c.number), 0))) or 0


def has_batch(connection: Connection, number: int) -> bool:
    """Check that a batch is still stored."""
    return connection.scalar(select(span_events.c.number).where(span_events.c.number == number)) is not None


def list_batches(connection: Connection, number: int, limit: int) -> Sequence[Row[Any]]:
    """Return the batches after a number: number and span ids."""
    query: Any = (
        select(span_events.c.number, span_events.c.spans)
        .where(span_events.c.number > number)
        .order_by(span_events.c.number)
    )
    return connection.execute(query.limit(limit)).all()


def find_start(connection: Connection, id: UUID) -> datetime | None:
    """Return the start time of a span. Returns None if there is no such span."""
    rows = _by_ids(connection, select(spans.c.id, spans.c.started_at), [id])
    return rows[0].started_at if rows else None


def load_spans(connection: Connection, ids: Iterable[UUID]) -> Sequence[Row[Any]]:
    """Return the spans of these ids with their bodies, unordered."""
    return _by_ids(connection, select(spans), ids)


def load_columns(connection: Connection, ids: Iterable[UUID], *columns: ColumnElement[Any]) -> Sequence[Row[Any]]:
    """Return columns of the spans of these ids, unordered. One of the columns is the id."""
    return _by_ids(connection, select(*columns), ids)


def delete_bodies(connection: Connection, project_id: UUID, id: UUID, attributes: dict[str, Any]) -> None:
    """Delete the bodies of a span permanently, as the owner, and add the attributes `attributes`."""
    since, until = start_range(id)
    condition = (spans.c.project_id == project_id, spans.c.id == id, spans.c.started_at.between(since, until))
    values = {"body": None, "input_text": "", "output_text": "", "attributes": spans.c.attributes.concat(attributes)}
    connection.execute(update(spans).where(*condition).values(values))


def list_trace(connection: Connection, trace_id: str, limit: int) -> Sequence[Row[Any]]:
    """Return summaries of the spans of a trace, oldest first."""
    query = (
        select(*SUMMARY_COLUMNS)
        .where(spans.c.trace_id == trace_id)
        .order_by(spans.c.started_at, spans.c.id)
        .limit(limit)
    )
    return connection.execute(query).all()


def _apply_query(statement: Select[Any], query: SpanQuery) -> Select[Any]:
    conditions = [
        spans.c[name].in_(value) if isinstance(value, list) else spans.c[name] == value
        for name, value in query.equal.items()
    ]
    if not query.include_attempts:
        conditions.append(spans.c.kind != ATTEMPT_KIND)
    if query.since is not None:
        conditions.append(spans.c.started_at >= query.since)
    if query.until is not None:
        conditions.append(spans.c.started_at < query.until)
    if query.min_duration_ms is not None:
        conditions.append(spans.c.duration_ms >= query.min_duration_ms)
    if query.after is not None:
        started_at, id = query.after
        # The first condition follows from the second, but lets PostgreSQL skip the partitions of later days.
        position = tuple_(literal(started_at), literal(id, PG_UUID(as_uuid=True)))
        conditions += [spans.c.started_at <= started_at, tuple_(spans.c.started_at, spans.c.id) < position]
    if query.words:
        since = literal(query.since or "-infinity", DateTime(timezone=True))
        until = literal(query.until or "infinity", DateTime(timezone=True))
        found = func.traces_matching(query.words, since, until).table_valued("id", "started_at").alias("found")
        statement = statement.join(found, and_(found.c.id == spans.c.id, found.c.started_at == spans.c.started_at))
    return statement.where(*conditions)


def _by_ids(connection: Connection, statement: Select[*tuple[Any, ...]], ids: Iterable[UUID]) -> Sequence[Row[Any]]:
    """Return rows by id. Search the days encoded in the ids first, then all partitions for the remaining ids."""
    missing = set(ids)
    if not missing:
        return []
    near = or_(*(spans.c.started_at.between(since, until) for since, until in _merge_ranges(map(start_range, missing))))
    rows = list(connection.execute(statement.where(spans.c.id.in_(missing), near)).all())
    missing -= {row.id for row in rows}
    if missing:
        rows += connection.execute(statement.where(spans.c.id.in_(missing))).all()
    return rows


def _merge_ranges(ranges: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Merge overlapping time ranges."""
    merged: list[tuple[datetime, datetime]] = []
    for since, until in sorted(ranges):
        if merged and since <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], until))
        else:
            merged.append((since, until))
    return merged


class UsageQuery(NamedTuple):
    """Selection and grouping of the calls of a usage report."""

    since: datetime
    until: datetime
    bucket: str
    by: str
    kinds: tuple[str, ...]


class UsageRows(NamedTuple):
    """Rows of the points and of the totals."""

    points: Sequence[Row[Any]]
    totals: Sequence[Row[Any]]


def usage_from_hours(connection: Connection, query: UsageQuery) -> UsageRows:
    """Return usage from the hourly counts, with latencies as histograms."""
    columns = hourly.c
    metrics = [
        *(_as_bigint(func.coalesce(func.sum(columns[name]), 0)).label(name) for name in ("calls", "errors", "priced")),
        *(_as_bigint(func.sum(columns[name])).label(name) for name in SUMMED_FIELDS),
        *(func.sum(columns[name]).label(name) for name in ("durations", "first_tokens")),
    ]
    within = [columns.hour >= query.since, columns.hour < query.until, columns.kind.in_(query.kinds)]
    at = func.date_trunc(query.bucket, columns.hour, "UTC")
    group = None if query.by == "none" else func.nullif(columns[query.by], "")
    return _points_and_totals(connection, metrics, within, at, group)


def usage_from_spans(connection: Connection, query: UsageQuery) -> UsageRows:
    """Return usage from the spans, with exact latencies."""
    columns = spans.c
    metrics = [
        func.count().label("calls"),
        func.count().filter(columns.status == "error").label("errors"),
        func.count(columns.cost).label("priced"),
        *(_as_bigint(func.sum(columns[name])).label(name) for name in SUMMED_FIELDS),
        func.percentile_cont(0.5).within_group(columns.duration_ms).label("latency_p50"),
        func.percentile_cont(0.95).within_group(columns.duration_ms).label("latency_p95"),
        func.percentile_cont(0.5).within_group(columns.first_token_ms).label("first_token_p50"),
    ]
    within = [columns.started_at >= query.since, columns.started_at < query.until, columns.kind.in_(query.kinds)]
    at = func.date_trunc(query.bucket, columns.started_at, "UTC")
    return _points_and_totals(connection, metrics, within, at, None if query.by == "none" else columns[query.by])


def list_facets(connection: Connection, since: datetime) -> dict[str, list[tuple[str, int]]]:
    """Return the values of each field since an hour with their counts, most frequent first."""
    columns = hourly.c
    facets_by_field: dict[str, list[tuple[str, int]]] = {}
    calls = _as_bigint(func.sum(columns.calls))
    for name in ("kind", "route", "model", "key"):
        value = columns[name]
        query = select(value, calls).where(columns.hour >= since, value != "").group_by(value)
        if name != "kind":
            query = query.where(columns.kind != ATTEMPT_KIND)
        rows = connection.execute(query.order_by(calls.desc(), value).limit(MAX_TOTALS)).all()
        facets_by_field[f"{name}s"] = [(row[0], row[1]) for row in rows]
    errors = _as_bigint(func.coalesce(func.sum(columns.errors), 0))
    row = connection.execute(select(calls, errors).where(columns.hour >= since, columns.kind != ATTEMPT_KIND)).one()
    counts = (("ok", (row[0] or 0) - row[1]), ("error", row[1]))
    facets_by_field["statuses"] = [(status, count) for status, count in counts if count]
    return facets_by_field


def _points_and_totals(
    connection: Connection,
    metrics: list[Any],
    within: list[Any],
    at: ColumnElement[Any],
    group: ColumnElement[Any] | None,
) -> UsageRows:
    named = null() if group is None else group
    query: Any = select(named.label("group"), *metrics).where(*within)
    if group is None:
        totals = connection.execute(query).all()
    else:
        query = query.group_by(group).order_by(metrics[0].desc(), group).limit(MAX_TOTALS)
        totals = connection.execute(query).all()
        largest = [row[0] for row in totals[:MAX_GROUPS]]
        if len(totals) > MAX_GROUPS:
            known = [value for value in largest if value is not None]
            fits = group.in_(known) | group.is_(None) if None in largest else group.in_(known)
            named = case((fits, group), else_=literal(OTHER_GROUP))
    points: Any = select(at.label("at"), named.label("group"), *metrics).where(*within)
    if group is None:
        points = points.group_by(at).order_by(at)
    else:
        points = points.group_by(at, named).order_by(at, metrics[0].desc())
    return UsageRows(connection.execute(points).all(), totals)


def _as_bigint(amount: Any) -> Any:
    """Cast to bigint, because PostgreSQL returns the sum of bigint values as numeric."""
    return cast(amount, BigInteger)
