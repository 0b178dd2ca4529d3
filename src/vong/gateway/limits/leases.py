"""Leases: quota that PostgreSQL grants to a server, until it is reported back or the server is gone.

For each counter (limit, subject, window) PostgreSQL stores the used amount, and for each server the leased amount.
Grants are made under the lock of the counter, so used and leased together never exceed the limit, with any number of
servers. A server reports its total, not the change, so a lost or repeated report does no harm.
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.gateway import tables
from vong.records import now

LEASE_TIMEOUT = timedelta(seconds=60)
"""Time after which the leases of a silent server are released."""


class CounterKey(NamedTuple):
    """Key of a counter: limit, subject and start of the window."""

    limit_id: UUID
    subject: str
    window_start: datetime


class QuotaGrant(NamedTuple):
    """Granted amount, and the amount that is still free for all servers."""

    amount: int
    free: int


def grant(
    connection: Connection, counter_key: CounterKey, server_id: UUID, *, bound: int, held: int, need: int, want: int
) -> QuotaGrant:
    """Lease between `need` and `want` of the free amount, or nothing, in addition to `held`."""
    counters, leases = tables.counters.c, tables.leases.c
    connection.execute(upsert(tables.counters).values({**counter_key._asdict(), "used": 0}).on_conflict_do_nothing())
    same_counter = and_(*(counters[name] == value for name, value in counter_key._asdict().items()))
    used = connection.scalar(select(counters.used).where(same_counter).with_for_update()) or 0
    other_leases = and_(
        *(leases[name] == value for name, value in counter_key._asdict().items()), leases.server_id != server_id
    )
    connection.execute(delete(tables.leases).where(other_leases, leases.seen_at < now() - LEASE_TIMEOUT))
    leased = connection.scalar(select(func.coalesce(func.sum(leases.amount), 0)).where(other_leases)) or 0
    free = bound - used - int(leased) - held
    granted = min(free, max(need, want)) if free >= need else 0
    _set_lease(connection, counter_key, server_id, held + granted)
    return QuotaGrant(granted, free - granted)


def report(connection: Connection, counter_key: CounterKey, server_id: UUID, *, held: int, used: int) -> None:
    """Add the usage of a server since its last report and set the amount that the server holds."""
    counters = tables.counters.c
    same_counter = and_(*(counters[name] == value for name, value in counter_key._asdict().items()))
    connection.execute(update(tables.counters).where(same_counter).values(used=counters.used + used))
    _set_lease(connection, counter_key, server_id, held)


def heartbeat(connection: Connection, server_id: UUID) -> None:
    """Renew the leases of a server. The connection is the owner's."""
    connection.execute(update(tables.leases).where(tables.leases.c.server_id == server_id).values(seen_at=now()))


def release_expired(connection: Connection) -> None:
    """Release the leases of servers that are gone. The connection is the owner's."""
    connection.execute(delete(tables.leases).where(tables.leases.c.seen_at < now() - LEASE_TIMEOUT))


def release(connection: Connection, server_id: UUID) -> None:
    """Release the leases of a server that stops. The connection is the owner's."""
    connection.execute(delete(tables.leases).where(tables.leases.c.server_id == server_id))


def delete_past_windows(connection: Connection, before: datetime) -> None:
    """Delete counters and leases of past minutes, hours and days. The connection is the owner's."""
    for table in (tables.counters, tables.leases):
        limits = select(tables.limits.c.id).where(tables.limits.c.window.in_(["minute", "hour", "day"]))
        connection.execute(delete(table).where(table.c.window_start < before, table.c.limit_id.in_(limits)))


def _set_lease(connection: Connection, counter_key: CounterKey, server_id: UUID, amount: int) -> None:
    leases = tables.leases.c
    if amount <= 0:
        own_lease = and_(
            *(leases[name] == value for name, value in counter_key._asdict().items()), leases.server_id == server_id
        )
        connection.execute(delete(tables.leases).where(own_lease))
        return
    values = {**counter_key._asdict(), "server_id": server_id, "amount": amount, "seen_at": now()}
    primary_key = [leases.limit_id, leases.subject, leases.window_start, leases.server_id]
    statement = upsert(tables.leases).values(values)
    changed = {"amount": amount, "seen_at": values["seen_at"]}
    connection.execute(statement.on_conflict_do_update(index_elements=primary_key, set_=changed))
