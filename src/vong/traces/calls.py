"""Calls of a route under given versions, with the attempts behind each call."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from vong.records.span import TARGET_ATTRIBUTE
from vong.store.spans.schema import spans
from vong.traces.tables import load_columns


class RouteCall(NamedTuple):
    """Call or attempt of a call. `cache` is the outcome of the response cache, `error_type` that of an attempt.

    `named_target` is the key of the target if the route names prompts.
    """

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
    named_target: str | None = None

    @property
    def target(self) -> str | None:
        """Return the key of the target: the model, with its prompt if the route names one."""
        return self.named_target or self.model


def list_route_calls(
    connection: Connection, route: str, versions: Sequence[str], since: datetime, *, limit: int
) -> list[RouteCall]:
    """Return the newest calls of a route under these versions and their attempts, oldest first.

    Spans whose route was recorded without a version are left out.
    """
    columns = spans.c
    attributes = {"cache": "vong.cache", "error_type": "error.type", "named_target": TARGET_ATTRIBUTE}
    fields = [
        columns.attributes[attributes[name]].astext.label(name) if name in attributes else columns[name]
        for name in RouteCall._fields
    ]
    query = select(*fields).where(
        columns.route == route, columns.started_at >= since, columns.route_version.in_(versions)
    )
    rows = connection.execute(query.order_by(columns.started_at.desc()).limit(limit)).all()
    return [RouteCall(*row) for row in reversed(rows)]


def list_targets(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the keys of the targets of calls whose routes name prompts, by span. Other calls are left out."""
    requested = list(ids)
    target = spans.c.attributes[TARGET_ATTRIBUTE].astext.label("target")
    found = load_columns(connection, requested, spans.c.id, target) if requested else ()
    return {row.id: row.target for row in found if row.target is not None}
