"""What a server may admit without asking again: granted, reported, and released where a server is gone.

For each subject of a limit and each time PostgreSQL keeps what was used, and for each server what it holds. Grants are
made under the lock of the counter, so used and held together never exceed the limit, whatever the number of servers.
A server says what it holds in all, not by how much it changed: a word that is lost or said twice does no harm.
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.gateway import tables
from vong.records import now

DEAD = timedelta(seconds=60)
"""How long a server may be silent before what it holds is released."""


class CounterKey(NamedTuple):
    """Where is counted: a limit, whom it is on, and since when."""

    limit_id: UUID
    subject: str
    begins: datetime


class QuotaGrant(NamedTuple):
    """What was granted, and what is left for everybody after it."""

    amount: int
    free: int


def grant(
    connection: Connection, place: CounterKey, worker: UUID, *, bound: int, held: int, need: int, want: int
) -> QuotaGrant:
    """Between `need` and `want` of what is free, or nothing; beside the `held` that the server has already."""
    counters, leases = tables.counters.c, tables.leases.c
    connection.execute(upsert(tables.counters).values({**place._asdict(), "used": 0}).on_conflict_do_nothing())
    here = and_(*(counters[name] == value for name, value in place._asdict().items()))
    used = connection.scalar(select(counters.used).where(here).with_for_update()) or 0
    others = and_(*(leases[name] == value for name, value in place._asdict().items()), leases.worker != worker)
    connection.execute(delete(tables.leases).where(others, leases.seen_at < now() - DEAD))
    leased = connection.scalar(select(func.coalesce(func.sum(leases.amount), 0)).where(others)) or 0
    free = bound - used - int(leased) - held
    given = min(free, max(need, want)) if free >= need else 0
    _hold(connection, place, worker, held + given)
    return QuotaGrant(given, free - given)


def report(connection: Connection, place: CounterKey, worker: UUID, *, held: int, used: int) -> None:
    """A server used so much more, and holds so much from now on."""
    counters = tables.counters.c
    here = and_(*(counters[name] == value for name, value in place._asdict().items()))
    connection.execute(update(tables.counters).where(here).values(used=counters.used + used))
    _hold(connection, place, worker, held)


def beat(connection: Connection, worker: UUID) -> None:
    """The server lives. The connection is the owner's."""
    connection.execute(update(tables.leases).where(tables.leases.c.worker == worker).values(seen_at=now()))


def sweep(connection: Connection) -> None:
    """Release what servers held that are gone. The connection is the owner's."""
    connection.execute(delete(tables.leases).where(tables.leases.c.seen_at < now() - DEAD))


def release(connection: Connection, worker: UUID) -> None:
    """The server ends: what it holds is free. The connection is the owner's."""
    connection.execute(delete(tables.leases).where(tables.leases.c.worker == worker))


def forget(connection: Connection, before: datetime) -> None:
    """Delete counters and leases of minutes, hours and days long past. The connection is the owner's."""
    for table in (tables.counters, tables.leases):
        limits = select(tables.limits.c.id).where(tables.limits.c.per.in_(["minute", "hour", "day"]))
        connection.execute(delete(table).where(table.c.begins < before, table.c.limit_id.in_(limits)))


def _hold(connection: Connection, place: CounterKey, worker: UUID, amount: int) -> None:
    leases = tables.leases.c
    if amount <= 0:
        mine = and_(*(leases[name] == value for name, value in place._asdict().items()), leases.worker == worker)
        connection.execute(delete(tables.leases).where(mine))
        return
    values = {**place._asdict(), "worker": worker, "amount": amount, "seen_at": now()}
    key = [leases.limit_id, leases.subject, leases.begins, leases.worker]
    statement = upsert(tables.leases).values(values)
    changed = {"amount": amount, "seen_at": values["seen_at"]}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=changed))
