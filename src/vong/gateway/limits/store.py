"""Limits: set, listed with how far they are, removed; every server hears of a change."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.errors import InvalidInput, NotFound
from vong.gateway import tables
from vong.gateway.limits.leases import DEAD
from vong.records import new_id, now
from vong.records.limit import Limit, LimitCreate, LimitState, Per

ALLOWED = {
    "requests": {"minute", "hour", "day", "month"},
    "tokens": {"minute", "hour", "day", "month"},
    "concurrency": {"now"},
    "cost": {"day", "month", "ever"},
}
START = datetime(2000, 1, 1, tzinfo=UTC)
"""When a time without a beginning began."""


def begins(per: Per, at: datetime) -> datetime:
    """When the minute, hour, day or month of a moment began, in UTC."""
    at = at.astimezone(UTC)
    if per in ("ever", "now"):
        return START
    at = at.replace(second=0, microsecond=0)
    if per == "minute":
        return at
    at = at.replace(minute=0)
    if per == "hour":
        return at
    at = at.replace(hour=0)
    return at if per == "day" else at.replace(day=1)


def resets(per: Per, at: datetime) -> datetime | None:
    """When the next one begins; None where none does."""
    start = begins(per, at)
    steps = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
    if per == "month":
        return (start + timedelta(days=32)).replace(day=1)
    return start + steps[per] if per in steps else None


def put_limit(connection: Connection, wanted: LimitCreate) -> Limit:
    """Set a limit; one on the same subject, thing and time gets the new amount. What was used stays used."""
    if wanted.per not in ALLOWED[wanted.what]:
        fitting = " or ".join(sorted(ALLOWED[wanted.what]))
        raise InvalidInput(f"{wanted.what} cannot be limited per {wanted.per}", f"use {fitting}")
    if wanted.on == "project" and wanted.name != "*":
        raise InvalidInput("a limit on the project names nobody", "leave name out")
    at = now()
    values = {**wanted.model_dump(), "id": new_id(), "created_at": at, "updated_at": at}
    columns = tables.limits.c
    key = [columns.project_id, columns.on, columns.name, columns.what, columns.per]
    statement = upsert(tables.limits).values(values)
    changed = {"amount": wanted.amount, "updated_at": at}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=changed))
    return next(limit for limit in list_limits(connection) if _key(limit) == _key(wanted))


def list_limits(connection: Connection) -> list[Limit]:
    """The project's limits, oldest first."""
    columns = [column for column in tables.limits.c if column.name != "project_id"]
    rows = connection.execute(select(*columns).order_by(tables.limits.c.id)).mappings()
    return [Limit.model_validate(dict(row)) for row in rows]


def delete_limit(connection: Connection, id: UUID) -> Limit:
    """Remove a limit with what it counted."""
    found = next((limit for limit in list_limits(connection) if limit.id == id), None)
    if found is None:
        raise NotFound(f"no limit has the id {id}", "list them with: vong gateway limits")
    connection.execute(delete(tables.limits).where(tables.limits.c.id == id))
    return found


def states(connection: Connection, at: datetime | None = None) -> list[LimitState]:
    """Every limit with each of its subjects that called in the present minute, hour, day or month."""
    at = at or now()
    held = tables.leases.c
    used, found = tables.counters.c, list[LimitState]()
    for limit in list_limits(connection):
        start = begins(limit.per, at)
        reserved = dict[str, int]()
        living = held.limit_id == limit.id, held.begins == start, held.seen_at >= at - DEAD
        leased = select(held.subject, func.sum(held.amount)).where(*living)
        for subject, amount in connection.execute(leased.group_by(held.subject)):
            reserved[subject] = int(amount)
        spent = select(used.subject, used.used).where(used.limit_id == limit.id, used.begins == start)
        counted = {subject: amount for subject, amount in connection.execute(spent)}
        subjects = sorted(counted.keys() | reserved.keys()) or ([limit.name] if limit.name != "*" else [])
        if not subjects and limit.on == "project":
            subjects = ["*"]
        for subject in subjects or ["*"]:
            amounts = {"used": counted.get(subject, 0), "reserved": reserved.get(subject, 0)}
            found.append(LimitState(limit=limit, subject=subject, **amounts, resets_at=resets(limit.per, at)))
    return found


def _key(limit: LimitCreate) -> tuple[str, ...]:
    return limit.on, limit.name, limit.what, limit.per
