"""Calls of a route under given versions, with the attempts behind each call."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from vong.store.spans.schema import spans


class RouteCall(NamedTuple):
    """Call or attempt of a call. `cache` is the outcome of the response cache, `error_type` that of an attempt."""

    id: UUID
    span_id: str
    parent_span_id: str | None
    kind: str
    status: str
    started_at: datetime
    duration_ms: float
    model: str | None
    model_version: str | None
    cost: int | None
    cache: str | None
    error_type: str | None


def list_route_calls(
    connection: Connection, route: str, versions: Sequence[str], since: datetime, *, limit: int
) -> list[RouteCall]:
    """Return the newest calls of a route under these versions and their attempts, oldest first.

    Spans whose route was recorded without a version are left out.
    """
    columns = spans.c
    fields = [columns[name] for name in RouteCall._fields if name not in {"cache", "error_type"}]
    attributes = (
        columns.attributes["vong.cache"].astext.label("cache"),
        columns.attributes["error.type"].astext.label("error_type"),
    )
    query = select(*fields, *attributes).where(
        columns.route == route, columns.started_at >= since, columns.route_version.in_(versions)
    )
    rows = connection.execute(query.order_by(columns.started_at.desc()).limit(limit)).all()
    return [RouteCall(*row) for row in reversed(rows)]
