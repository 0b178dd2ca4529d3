"""SQL of limits: set, list with their usage, delete."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.errors import InvalidInput, NotFound
from vong.gateway import tables
from vong.gateway.limits.leases import LEASE_TIMEOUT
from vong.records import new_id, now
from vong.records.limit import Limit, LimitCreate, LimitState, LimitWindow

WINDOWS_BY_METRIC = {
    "requests": {"minute", "hour", "day", "month"},
    "tokens": {"minute", "hour", "day", "month"},
    "concurrency": {"now"},
    "cost": {"day", "month", "lifetime"},
}
UNBOUNDED_WINDOW_START = datetime(2000, 1, 1, tzinfo=UTC)
"""Start of a window without a start."""


def window_start(window: LimitWindow, at: datetime) -> datetime:
    """Return the start of the window that contains a moment, in UTC."""
    at = at.astimezone(UTC)
    if window in ("lifetime", "now"):
        return UNBOUNDED_WINDOW_START
    at = at.replace(second=0, microsecond=0)
    if window == "minute":
        return at
    at = at.replace(minute=0)
    if window == "hour":
        return at
    at = at.replace(hour=0)
    return at if window == "day" else at.replace(day=1)


def window_end(window: LimitWindow, at: datetime) -> datetime | None:
    """Return the end of the window, or None if it has none."""
    start = window_start(window, at)
    steps = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
    if window == "month":
        return (start + timedelta(days=32)).replace(day=1)
    return start + steps[window] if window in steps else None


def set_limit(connection: Connection, request: LimitCreate) -> Limit:
    """Create a limit, or change the amount of the limit on the same subject, metric and window.

    Recorded usage is kept.
    """
    if request.window not in WINDOWS_BY_METRIC[request.metric]:
        allowed = " or ".join(sorted(WINDOWS_BY_METRIC[request.metric]))
        raise InvalidInput(f"{request.metric} cannot be limited per {request.window!r}", f"use {allowed}")
    if request.subject_type == "project" and request.subject != "*":
        raise InvalidInput(f"a limit on the project has no subject, but subject is {request.subject!r}", "omit subject")
    updated_at = now()
    values = {**request.model_dump(), "id": new_id(), "created_at": updated_at, "updated_at": updated_at}
    columns = tables.limits.c
    unique_key = [columns.project_id, columns.subject_type, columns.subject, columns.metric, columns.window]
    statement = upsert(tables.limits).values(values)
    changed = {"amount": request.amount, "updated_at": updated_at}
    connection.execute(statement.on_conflict_do_update(index_elements=unique_key, set_=changed))
    return next(limit for limit in list_limits(connection) if _limit_key(limit) == _limit_key(request))


def list_limits(connection: Connection) -> list[Limit]:
    """Return the project's limits, oldest first."""
    columns = [column for column in tables.limits.c if column.name != "project_id"]
    rows = connection.execute(select(*columns).order_by(tables.limits.c.id)).mappings()
    return [Limit.model_validate(dict(row)) for row in rows]


def delete_limit(connection: Connection, id: UUID) -> Limit:
    """Delete a limit and its counters."""
    limit_found = next((limit for limit in list_limits(connection) if limit.id == id), None)
    if limit_found is None:
        raise NotFound(f"no limit has the id {str(id)!r}", "list the limits: vong gateway limits list")
    connection.execute(delete(tables.limits).where(tables.limits.c.id == id))
    return limit_found


def limit_states(connection: Connection, at: datetime | None = None) -> list[LimitState]:
    """Return the state of every limit for each subject with calls in the current window."""
    at = at or now()
    leases = tables.leases.c
    used, found = tables.counters.c, list[LimitState]()
    for limit in list_limits(connection):
        start = window_start(limit.window, at)
        reserved_by_subject = dict[str, int]()
        active = leases.limit_id == limit.id, leases.window_start == start, leases.seen_at >= at - LEASE_TIMEOUT
        lease_query = select(leases.subject, func.sum(leases.amount)).where(*active)
        for subject, amount in connection.execute(lease_query.group_by(leases.subject)):
            reserved_by_subject[subject] = int(amount)
        usage_query = select(used.subject, used.used).where(used.limit_id == limit.id, used.window_start == start)
        used_by_subject = {subject: amount for subject, amount in connection.execute(usage_query)}
        subjects = sorted(used_by_subject.keys() | reserved_by_subject.keys()) or (
            [limit.subject] if limit.subject != "*" else []
        )
        if not subjects and limit.subject_type == "project":
            subjects = ["*"]
        for subject in subjects or ["*"]:
            amounts = {"used": used_by_subject.get(subject, 0), "reserved": reserved_by_subject.get(subject, 0)}
            found.append(LimitState(limit=limit, subject=subject, **amounts, resets_at=window_end(limit.window, at)))
    return found


def _limit_key(limit: LimitCreate) -> tuple[str, ...]:
    return limit.subject_type, limit.subject, limit.metric, limit.window
