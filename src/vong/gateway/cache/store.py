"""Answers that are given again, as they lie in the database. All servers of an installation share them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.gateway import tables
from vong.records.cache import CacheStats
from vong.records.intervals import wilson


class CachedResponse(NamedTuple):
    """An answer: a chat completion or an embeddings answer in JSON, the span of the call that it was made for, and,
    where it was found by meaning, the cosine.
    """

    key: bytes
    body: bytes
    span_id: UUID
    at: datetime
    expires_at: datetime
    similarity: float | None = None


class CacheEntry(NamedTuple):
    """An answer to keep. `family` and `vector` are those of a semantic cache."""

    kept: CachedResponse
    route: str
    tokens: int
    family: bytes | None = None
    vector: list[float] | None = None


def find(connection: Connection, key: bytes, at: datetime) -> CachedResponse | None:
    """The answer with that key, unless its time is over."""
    answers = tables.answers.c
    query = select(*_columns()).where(answers.key == key, answers.expires_at > at)
    row = connection.execute(query).first()
    return CachedResponse(*row) if row else None


def nearest(connection: Connection, family: bytes, vector: list[float], at: datetime) -> CachedResponse | None:
    """The answer of a family whose question is nearest by cosine, however far it is."""
    answers = tables.answers.c
    distance = answers.vector.cosine_distance(vector)
    query = select(*_columns(), (1 - distance).label("similarity"))
    query = query.where(answers.family == family, answers.expires_at > at, answers.vector.is_not(None))
    row = connection.execute(query.order_by(distance).limit(1)).first()
    return CachedResponse(*row) if row else None


def put(connection: Connection, entry: CacheEntry) -> None:
    """Keep an answer in the place of the one with the same key."""
    kept = entry.kept
    values: dict[str, Any] = {
        **kept._asdict(),
        "route": entry.route,
        "tokens": entry.tokens,
        "family": entry.family,
        "vector": entry.vector,
        "hits": 0,
    }
    del values["similarity"]
    changed = {name: value for name, value in values.items() if name not in ("key", "hits")}
    answers = tables.answers.c
    statement = upsert(tables.answers).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=[answers.project_id, answers.key], set_=changed))


def count(connection: Connection, hits: Mapping[bytes, int]) -> None:
    """So often were answers given again."""
    answers = tables.answers.c
    statement = update(tables.answers).where(answers.key == bindparam("of")).values(hits=answers.hits + bindparam("by"))
    connection.execute(statement, [{"of": key, "by": by} for key, by in sorted(hits.items())])


def clear(connection: Connection, route: str | None = None) -> int:
    """Forget the answers of a route, or of all; how many there were. Every server hears of it."""
    statement = delete(tables.answers)
    if route is not None:
        statement = statement.where(tables.answers.c.route == route)
    gone = connection.execute(statement).rowcount
    connection.execute(select(func.pg_notify(tables.CHANNEL, func.current_setting("vong.project_id"))))
    return gone


def purge(connection: Connection, at: datetime) -> int:
    """Forget what is past its time. The connection is the owner's."""
    return connection.execute(delete(tables.answers).where(tables.answers.c.expires_at <= at)).rowcount


def states(connection: Connection, at: datetime) -> list[CacheStats]:
    """What is kept for each route, and how often an answer found by meaning was false."""
    answers, compared = tables.answers.c, tables.comparisons.c
    sizes = select(
        answers.route,
        func.count().filter(answers.expires_at > at),
        func.coalesce(func.sum(func.length(answers.body)), 0),
        func.coalesce(func.sum(answers.hits), 0),
        func.coalesce(func.sum(answers.hits * answers.tokens), 0),
    ).group_by(answers.route)
    found = {row[0]: [int(number) for number in row[1:]] for row in connection.execute(sizes)}
    checks = select(compared.route, func.count(), func.count().filter(compared.false))
    checks = checks.where(compared.kind == "cache", compared.agreement.is_not(None)).group_by(compared.route)
    checked = {row[0]: (int(row[1]), int(row[2])) for row in connection.execute(checks)}
    return [
        _state(route, found.get(route, [0] * 4), checked.get(route, (0, 0))) for route in sorted({*found, *checked})
    ]


def _state(route: str, sizes: list[int], checks: tuple[int, int]) -> CacheStats:
    entries, size, hits, saved = sizes
    checked, false = checks
    low, high = wilson(false / checked, checked) if checked else (None, None)
    return CacheStats(
        route=route,
        entries=entries,
        bytes=size,
        hits=hits,
        saved_tokens=saved,
        checked=checked,
        false=false,
        false_low=low,
        false_high=high,
    )


def _columns() -> list[Any]:
    answers = tables.answers.c
    return [answers.key, answers.body, answers.span_id, answers.at, answers.expires_at]
