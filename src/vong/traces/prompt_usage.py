"""Usage of prompt versions, computed from the spans of their calls."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, cast, func, select

from vong.records.usage import SUMMED_FIELDS
from vong.store.spans.schema import spans

CALL_KIND = "chat"
"""Kind of the spans that are calls. A response with file searches has a call for each of its rounds."""


def list_prompt_usage(
    connection: Connection, versions: Sequence[str], since: datetime, until: datetime, *, by_day: bool = False
) -> Sequence[Row[Any]]:
    """Return the usage of each version, and of each day (UTC) with `by_day`, oldest day first."""
    columns = spans.c
    groups: list[Any] = [columns.prompt_version.label("version")]
    if by_day:
        groups.append(func.date_trunc("day", columns.started_at, "UTC").label("day"))
    query: Any = (
        select(
            *groups,
            func.count().label("calls"),
            func.count().filter(columns.status == "error").label("errors"),
            func.count(columns.user.distinct()).label("users"),
            func.count(columns.cost).label("priced"),
            *(cast(func.sum(columns[name]), BigInteger).label(name) for name in SUMMED_FIELDS),
            func.percentile_cont(0.5).within_group(columns.duration_ms).label("latency_p50"),
            func.percentile_cont(0.95).within_group(columns.duration_ms).label("latency_p95"),
        )
        .where(
            columns.prompt_version.in_(versions),
            columns.started_at >= since,
            columns.started_at < until,
            columns.kind == CALL_KIND,
        )
        .group_by(*groups)
    )
    return connection.execute(query.order_by(groups[-1]) if by_day else query).all()
