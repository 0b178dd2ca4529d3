"""Samples of monitors: the choice of calls, their scores, and the scores over time."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Double, Text, cast, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert

from vong.evals.monitor_tables import samples as table
from vong.evals.monitors.definitions import MonitorSample, SampleStatus, ScorePoint
from vong.records import Span, now

Bucket = Literal["hour", "day"]
HASH_RANGE = 2**64


def is_sampled(span_id: UUID, share: float) -> bool:
    """Return whether a call belongs to the sample.

    The choice depends on the id only: it is the same at every look, and a smaller share is a subset of a larger one.
    """
    return int.from_bytes(hashlib.sha256(span_id.bytes).digest()[:8]) < share * HASH_RANGE


def count_since(connection: Connection, monitor_id: UUID, since: datetime) -> int:
    """Count the calls that were sampled after a moment."""
    query = select(func.count()).where(table.c.monitor_id == monitor_id, table.c.created_at > since)
    return int(connection.scalar(query) or 0)


def list_known(connection: Connection, monitor_id: UUID, spans: Sequence[UUID]) -> set[UUID]:
    """Return those of the spans that are sampled already."""
    query = select(table.c.span_id).where(table.c.monitor_id == monitor_id, table.c.span_id.in_(spans))
    return set(connection.scalars(query))


def add_samples(connection: Connection, monitor_id: UUID, spans: Sequence[Span]) -> int:
    """Add calls to be scored and return how many are new."""
    if not spans:
        return 0
    at = now()
    rows = [
        {
            "monitor_id": monitor_id,
            "span_id": span.id,
            "status": "pending",
            "attempts": 0,
            "scores": {},
            "details": {},
            "model": span.model,
            "model_version": span.versions.model_version,
            "calls": 0,
            "span_started_at": span.started_at,
            "created_at": at,
        }
        for span in spans
    ]
    statement = insert(table).values(rows).on_conflict_do_nothing().returning(table.c.span_id)
    return len(connection.scalars(statement).all())


def list_due(connection: Connection, monitor_id: UUID, limit: int) -> list[MonitorSample]:
    """Return pending samples whose time has come, oldest first."""
    due = or_(table.c.retry_at.is_(None), table.c.retry_at <= now())
    query = select(table).where(table.c.monitor_id == monitor_id, table.c.status == "pending", due)
    rows = connection.execute(query.order_by(table.c.created_at, table.c.span_id).limit(limit)).mappings()
    return [_to_sample(row) for row in rows]


def list_samples(
    connection: Connection,
    monitor_id: UUID,
    *,
    status: SampleStatus | None = None,
    limit: int = 50,
) -> list[MonitorSample]:
    """Return samples, newest first."""
    query = select(table).where(table.c.monitor_id == monitor_id)
    if status is not None:
        query = query.where(table.c.status == status)
    rows = connection.execute(query.order_by(table.c.created_at.desc(), table.c.span_id.desc()).limit(limit))
    return [_to_sample(row) for row in rows.mappings()]


def update_sample(
    connection: Connection, monitor_id: UUID, span_id: UUID, values: Mapping[str, Any], *, status: str = "pending"
) -> bool:
    """Update a sample that has a status. Returns False if it has another one."""
    current = (table.c.monitor_id == monitor_id, table.c.span_id == span_id, table.c.status == status)
    return connection.execute(update(table).where(*current).values(dict(values))).rowcount == 1


def skip_pending(connection: Connection, monitor_id: UUID, reason: str) -> int:
    """Mark all pending samples as skipped and return their number."""
    change = update(table).where(table.c.monitor_id == monitor_id, table.c.status == "pending")
    return connection.execute(change.values(status="skipped", error=reason)).rowcount


def mean_of_newest(connection: Connection, monitor_id: UUID, metric: str, n: int) -> float:
    """Return the mean of the newest scores of a metric."""
    value = table.c.scores[metric].as_float()
    newest = (
        select(value.label("value"))
        .where(table.c.monitor_id == monitor_id, table.c.status == "scored", table.c.scores.has_key(metric))
        .order_by(table.c.scored_at.desc())
        .limit(n)
        .subquery()
    )
    return float(connection.scalar(select(func.avg(newest.c.value))) or 0.0)


def score_history(
    connection: Connection, monitor_id: UUID, *, since: datetime | None = None, bucket: Bucket = "hour"
) -> list[ScorePoint]:
    """Return the mean scores by hour or day in UTC of the scored calls' start, oldest first."""
    since = since or now() - (timedelta(days=2) if bucket == "hour" else timedelta(days=60))
    at = func.date_trunc(bucket, func.timezone("UTC", table.c.span_started_at)).label("at")
    chosen = (table.c.monitor_id == monitor_id, table.c.status == "scored", table.c.span_started_at >= since)
    costs = select(at, func.count().label("n"), func.coalesce(func.sum(table.c.cost), 0).label("cost"))
    totals = connection.execute(costs.where(*chosen).group_by(at).order_by(at)).all()
    score = func.jsonb_each(table.c.scores).table_valued("key", "value").lateral()
    means = select(at, score.c.key, func.avg(cast(cast(score.c.value, Text), Double))).select_from(
        table.join(score, true())
    )
    by_bucket: dict[datetime, dict[str, float]] = {}
    for moment, metric, mean in connection.execute(means.where(*chosen).group_by(at, score.c.key)):
        by_bucket.setdefault(moment, {})[metric] = float(mean)
    utc = now().tzinfo
    return [
        ScorePoint(at=row.at.replace(tzinfo=utc), n=row.n, cost=int(row.cost), means=by_bucket.get(row.at, {}))
        for row in totals
    ]


def _to_sample(row: Any) -> MonitorSample:
    return MonitorSample.model_validate({name: row[name] for name in MonitorSample.model_fields})
