"""The SQL of traces. The table itself is the journal's: `vong.store.spans`."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, DateTime, Row, Select, and_, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from vong.store.spans import PLAIN, USAGE, VERSIONS, spans, started_near

SHOWN = 200
"""Characters of a preview."""
SUMMARY: tuple[ColumnElement[Any], ...] = (
    *(spans.c[name] for name in (*PLAIN, *USAGE, *VERSIONS)),
    func.left(spans.c.input_text, SHOWN).label("input_preview"),
    func.left(spans.c.output_text, SHOWN).label("output_preview"),
)


class Wanted(NamedTuple):
    """What a list is about: started at or after `since` and before `until`, containing the words, with these equal
    values, lasting at least so many milliseconds, and older than the span at `after` (its start and id).
    """

    equal: dict[str, str]
    since: datetime | None = None
    until: datetime | None = None
    words: str | None = None
    min_duration_ms: float | None = None
    after: tuple[datetime, UUID] | None = None


def list_page(connection: Connection, wanted: Wanted, limit: int) -> Sequence[Row[Any]]:
    """Summaries, newest first."""
    newest = _matching(select(*SUMMARY), wanted).order_by(spans.c.started_at.desc(), spans.c.id.desc())
    return connection.execute(newest.limit(limit)).all()


def count_all(connection: Connection, wanted: Wanted) -> int:
    """How many match."""
    return connection.scalar(_matching(select(func.count()).select_from(spans), wanted)) or 0


def started(connection: Connection, id: UUID) -> datetime | None:
    """When the span of that id started; None where there is no such span."""
    rows = _by_ids(connection, select(spans.c.id, spans.c.started_at), [id])
    return rows[0].started_at if rows else None


def whole(connection: Connection, ids: Iterable[UUID]) -> Sequence[Row[Any]]:
    """The spans of those ids with their bodies, in no order."""
    return _by_ids(connection, select(spans), ids)


def of_trace(connection: Connection, trace_id: str, limit: int) -> Sequence[Row[Any]]:
    """The summaries of a trace's spans, oldest first."""
    found = select(*SUMMARY).where(spans.c.trace_id == trace_id).order_by(spans.c.started_at, spans.c.id).limit(limit)
    return connection.execute(found).all()


def _matching(statement: Select[Any], wanted: Wanted) -> Select[Any]:
    conditions = [spans.c[name] == value for name, value in wanted.equal.items()]
    if wanted.since is not None:
        conditions.append(spans.c.started_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(spans.c.started_at < wanted.until)
    if wanted.min_duration_ms is not None:
        conditions.append(spans.c.duration_ms >= wanted.min_duration_ms)
    if wanted.after is not None:
        started_at, id = wanted.after
        # The first condition follows from the second: it is what lets PostgreSQL leave out the later days' partitions.
        place = tuple_(literal(started_at), literal(id, PG_UUID(as_uuid=True)))
        conditions += [spans.c.started_at <= started_at, tuple_(spans.c.started_at, spans.c.id) < place]
    if wanted.words:
        since = literal(wanted.since or "-infinity", DateTime(timezone=True))
        until = literal(wanted.until or "infinity", DateTime(timezone=True))
        found = func.traces_matching(wanted.words, since, until).table_valued("id", "started_at").alias("found")
        statement = statement.join(found, and_(found.c.id == spans.c.id, found.c.started_at == spans.c.started_at))
    return statement.where(*conditions)


def _by_ids(connection: Connection, statement: Select[*tuple[Any, ...]], ids: Iterable[UUID]) -> Sequence[Row[Any]]:
    """Look in the days that the ids name; what is not there has an id of another time, so look everywhere."""
    missing = set(ids)
    if not missing:
        return []
    near = or_(*(spans.c.started_at.between(since, until) for since, until in _merged(map(started_near, missing))))
    rows = list(connection.execute(statement.where(spans.c.id.in_(missing), near)).all())
    missing -= {row.id for row in rows}
    if missing:
        rows += connection.execute(statement.where(spans.c.id.in_(missing))).all()
    return rows


def _merged(spells: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The same time in as few spells as possible."""
    merged: list[tuple[datetime, datetime]] = []
    for since, until in sorted(spells):
        if merged and since <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], until))
        else:
            merged.append((since, until))
    return merged
