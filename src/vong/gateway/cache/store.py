"""SQL of cached responses, which all servers of an installation share."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.gateway import tables
from vong.records.cache import CacheStats
from vong.records.intervals import wilson_interval


class CachedResponse(NamedTuple):
    """Cached response: a chat completion or embeddings in JSON, and the span of the original call.

    `similarity` is the cosine similarity of a semantic hit.
    """

    key: bytes
    body: bytes
    span_id: UUID
    at: datetime
    expires_at: datetime
    similarity: float | None = None


class CacheEntry(NamedTuple):
    """Response to store. `semantic_group` and `vector` are set in a semantic cache."""

    response: CachedResponse
    route: str
    tokens: int
    semantic_group: bytes | None = None
    vector: list[float] | None = None


def find_exact(connection: Connection, key: bytes, at: datetime) -> CachedResponse | None:
    """Return the response with that key, or None if there is none or it has expired."""
    columns = tables.answers.c
    query = select(*_response_columns()).where(columns.key == key, columns.expires_at > at)
    row = connection.execute(query).first()
    return CachedResponse(*row) if row else None


def find_similar(
    connection: Connection, semantic_group: bytes, vector: list[float], at: datetime
) -> CachedResponse | None:
    """Return the response of a semantic group with the most similar question, at any distance."""
    columns = tables.answers.c
    distance = columns.vector.cosine_distance(vector)
    query = select(*_response_columns(), (1 - distance).label("similarity"))
    query = query.where(columns.family == semantic_group, columns.expires_at > at, columns.vector.is_not(None))
    row = connection.execute(query.order_by(distance).limit(1)).first()
    return CachedResponse(*row) if row else None


def upsert_entry(connection: Connection, entry: CacheEntry) -> None:
    """Insert a response, or replace the one with the same key."""
    response = entry.response
    values: dict[str, Any] = {
        **response._asdict(),
        "route": entry.route,
        "tokens": entry.tokens,
        "family": entry.semantic_group,
        "vector": entry.vector,
        "hits": 0,
    }
    del values["similarity"]
    changed = {name: value for name, value in values.items() if name not in ("key", "hits")}
    columns = tables.answers.c
    statement = upsert(tables.answers).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=[columns.project_id, columns.key], set_=changed))


def add_hits(connection: Connection, hits: Mapping[bytes, int]) -> None:
    """Add hits to the counts of responses."""
    columns = tables.answers.c
    statement = update(tables.answers).where(columns.key == bindparam("of")).values(hits=columns.hits + bindparam("by"))
    connection.execute(statement, [{"of": key, "by": by} for key, by in sorted(hits.items())])


def clear_cache(connection: Connection, route: str | None = None) -> int:
    """Delete the responses of a route, or all, and notify all servers. Returns the number of deleted responses."""
    statement = delete(tables.answers)
    if route is not None:
        statement = statement.where(tables.answers.c.route == route)
    deleted = connection.execute(statement).rowcount
    connection.execute(select(func.pg_notify(tables.CHANGES_CHANNEL, func.current_setting("vong.project_id"))))
    return deleted


def delete_expired(connection: Connection, at: datetime) -> int:
    """Delete expired responses. The connection is the owner's."""
    return connection.execute(delete(tables.answers).where(tables.answers.c.expires_at <= at)).rowcount


def cache_stats(connection: Connection, at: datetime) -> list[CacheStats]:
    """Return cache statistics per route: entries, hits and false hits."""
    columns, results = tables.answers.c, tables.comparisons.c
    sizes = select(
        columns.route,
        func.count().filter(columns.expires_at > at),
        func.coalesce(func.sum(func.length(columns.body)), 0),
        func.coalesce(func.sum(columns.hits), 0),
        func.coalesce(func.sum(columns.hits * columns.tokens), 0),
    ).group_by(columns.route)
    sizes_by_route = {row[0]: [int(number) for number in row[1:]] for row in connection.execute(sizes)}
    verifications = select(results.route, func.count(), func.count().filter(results.false))
    verifications = verifications.where(results.kind == "cache", results.agreement.is_not(None)).group_by(results.route)
    verified_by_route = {row[0]: (int(row[1]), int(row[2])) for row in connection.execute(verifications)}
    return [
        _route_stats(route, sizes_by_route.get(route, [0] * 4), verified_by_route.get(route, (0, 0)))
        for route in sorted({*sizes_by_route, *verified_by_route})
    ]


def _route_stats(route: str, sizes: list[int], verifications: tuple[int, int]) -> CacheStats:
    entries, size, hits, saved_tokens = sizes
    verified, false_hits = verifications
    rate_low, rate_high = wilson_interval(false_hits / verified, verified) if verified else (None, None)
    return CacheStats(
        route=route,
        entries=entries,
        bytes=size,
        hits=hits,
        saved_tokens=saved_tokens,
        checked=verified,
        false=false_hits,
        false_low=rate_low,
        false_high=rate_high,
    )


def _response_columns() -> list[Any]:
    columns = tables.answers.c
    return [columns.key, columns.body, columns.span_id, columns.at, columns.expires_at]
