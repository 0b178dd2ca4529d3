"""Pairs of answers to one request: noted, listed, summed up."""

from uuid import UUID

from sqlalchemy import Connection, insert, select

from vong.gateway import tables
from vong.records.cache import ComparedAs, ShadowComparison


def note(connection: Connection, found: ShadowComparison, *, false: bool | None = None) -> None:
    """Keep a pair. `false` says of a cache's answer that it should not have been given."""
    connection.execute(insert(tables.comparisons).values({**found.model_dump(), "false": false}))


def list_comparisons(
    connection: Connection,
    *,
    route: str | None = None,
    kind: ComparedAs | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[ShadowComparison]:
    """The pairs of a route, newest first, those after the span `after`."""
    compared = tables.comparisons.c
    columns = [column for column in compared if column.name not in ("project_id", "false")]
    query = select(*columns).order_by(compared.span_id.desc()).limit(limit)
    if route is not None:
        query = query.where(compared.route == route)
    if kind is not None:
        query = query.where(compared.kind == kind)
    if after is not None:
        query = query.where(compared.span_id < after)
    return [ShadowComparison.model_validate(dict(row)) for row in connection.execute(query).mappings()]
