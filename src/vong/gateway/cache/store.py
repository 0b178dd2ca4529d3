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
    created_at: datetime
    expires_at: datetime
    similarity: float | None = None


class CacheEntry(NamedTuple):
    """Response to store. `semantic_group` and `embedding` are set in a semantic cache."""

    response: CachedResponse
    route: str
    tokens: int
    semantic_group: bytes | None = None
    embedding: list[float] | None = None


def find_exact(connection: Connection, key: bytes, at: datetime) -> CachedResponse | None:
    """Return the response with that key, or None if there is none or it has expired."""
    columns = tables.cache_entries.c
    query = select(*_response_columns()).where(columns.key == key, columns.expires_at > at)
    row = connection.execute(query).first()
    return CachedResponse(*row) if row else None


def find_similar(
    connection: Connection, semantic_group: bytes, embedding: list[float], at: datetime
) -> CachedResponse | None:
    """Return the response of a semantic group with the most similar question, at any distance."""
    columns = tables.cache_entries.c
    distance = columns.embedding.cosine_distance(embedding)
    query = select(*_response_columns(), (1 - distance).label("similarity"))
    comparable = columns.semantic_group == semantic_group, columns.embedding.is_not(None)
    query = query.where(*comparable, columns.expires_at > at)
    row = connection.execute(query.order_by(distance).limit(1)).first()
    return CachedResponse(*row) if row else None


def upsert_entry(connection: Connection, entry: CacheEntry) -> None:
    """Insert a response, or replace the one with the same key."""
    response = entry.response
    values: dict[str, Any] = {
        "key": response.key,
        "response": response.body,
        "span_id": response.span_id,
        "created_at": response.created_at,
        "expires_at": response.expires_at,
        "route": entry.route,
        "tokens": entry.tokens,
        "semantic_group": entry.semantic_group,
        "embedding": entry.embedding,
        "hits": 0,
    }
    changed = {name: value for name, value in values.items() if name not in ("key", "hits")}
    columns = tables.cache_entries.c
    statement = upsert(tables.cache_entries).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=[columns.project_id, columns.key], set_=changed))


def add_hits(connection: Connection, hits: Mapping[bytes, int]) -> None:
    """Add hits to the counts of responses."""
    columns = tables.cache_entries.c
    statement = update(tables.cache_entries).where(columns.key == bindparam("entry_key"))
    statement = statement.values(hits=columns.hits + bindparam("new_hits"))
    connection.execute(statement, [{"entry_key": key, "new_hits": count} for key, count in sorted(hits.items())])


def clear_cache(connection: Connection, route: str | None = None) -> int:
    """Delete the responses of a route, or all, and notify all servers. Returns the number of deleted responses."""
    statement = delete(tables.cache_entries)
    if route is not None:
        statement = statement.where(tables.cache_entries.c.route == route)
    deleted = connection.execute(statement).rowcount
    connection.execute(select(func.pg_notify(tables.CHANGES_CHANNEL, func.current_setting("vong.project_id"))))
    return deleted


def delete_expired(connection: Connection, at: datetime) -> int:
    """Delete expired responses. The connection is the owner's."""
    return connection.execute(delete(tables.cache_entries).where(tables.cache_entries.c.expires_at <= at)).rowcount


def cache_stats(connection: Connection, at: datetime) -> list[CacheStats]:
    """Return cache statistics per route: entries, hits and false hits."""
    columns, results = tables.cache_entries.c, tables.shadow_results.c
    sizes = select(
        columns.route,
        func.count().filter(columns.expires_at > at),
        func.coalesce(func.sum(func.length(columns.response)), 0),
        func.coalesce(func.sum(columns.hits), 0),
        func.coalesce(func.sum(columns.hits * columns.tokens), 0),
    ).group_by(columns.route)
    sizes_by_route = {row[0]: [int(number) for number in row[1:]] for row in connection.execute(sizes)}
    verifications = select(results.route, func.count(), func.count().filter(results.is_false_hit))
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
        verified=verified,
        false_hits=false_hits,
        false_rate_low=rate_low,
        false_rate_high=rate_high,
    )


def _response_columns() -> list[Any]:
    columns = tables.cache_entries.c
    return [columns.key, columns.response, columns.span_id, columns.created_at, columns.expires_at]
