"""SQL of shadow results: pairs of responses to the same request."""

from uuid import UUID

from sqlalchemy import Connection, insert, select

from vong.gateway import tables
from vong.records.cache import ShadowResult, ShadowResultKind


def insert_shadow_result(connection: Connection, result: ShadowResult, *, is_false_hit: bool | None = None) -> None:
    """Insert a shadow result. `is_false_hit` marks a cached response that should not have been returned."""
    connection.execute(insert(tables.shadow_results).values({**result.model_dump(), "is_false_hit": is_false_hit}))


def list_shadow_results(
    connection: Connection,
    *,
    route: str | None = None,
    kind: ShadowResultKind | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[ShadowResult]:
    """Return the shadow results of a route, newest first, those after the span `after`."""
    results = tables.shadow_results.c
    columns = [column for column in results if column.name not in ("project_id", "is_false_hit")]
    query = select(*columns).order_by(results.span_id.desc()).limit(limit)
    if route is not None:
        query = query.where(results.route == route)
    if kind is not None:
        query = query.where(results.kind == kind)
    if after is not None:
        query = query.where(results.span_id < after)
    return [ShadowResult.model_validate(dict(row)) for row in connection.execute(query).mappings()]
