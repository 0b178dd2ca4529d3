"""Storage of monitors: definitions, counts, state of the drift test, and the lease of the worker that scores."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, delete, func, insert, or_, select, update

from vong.errors import Conflict, NotFound
from vong.evals.monitor_tables import alarms, monitors, reviews, samples
from vong.evals.monitors.definitions import Monitor, MonitorCounts, MonitorSettings
from vong.records import new_id, now

LEASE_SECONDS = 20.0
"""Time without renewal after which another worker takes over a monitor."""
MONITOR_COLUMNS = (
    "id",
    "name",
    "settings",
    "enabled",
    "created_by",
    "created_at",
    "updated_at",
    "counts",
    "blocked",
    "blocked_until",
)


class MonitorPosition(NamedTuple):
    """State of a monitor that only workers use: the read position in the stored spans, drift tests and the caller."""

    cursor: int
    cursor_at: datetime
    drift: dict[str, Any]
    caller: list[str | None] | None


class LeasedMonitor(NamedTuple):
    """Monitor that a worker may score, and its project."""

    id: UUID
    project_id: UUID


def create_monitor(
    connection: Connection,
    name: str,
    settings: MonitorSettings,
    *,
    actor: str,
    caller: Sequence[str | None] | None,
    cursor: int,
    webhook_secret: bytes | None,
) -> Monitor:
    """Store an enabled monitor that begins with the spans after the batch `cursor`.

    Raises: Conflict if the name is taken.
    """
    at = now()
    values = {
        "id": new_id(),
        "name": name,
        "settings": settings.model_dump(mode="json"),
        "enabled": True,
        "caller": list(caller) if caller else None,
        "webhook_secret": webhook_secret,
        "created_by": actor,
        "created_at": at,
        "updated_at": at,
        "cursor": cursor,
        "cursor_at": at,
        "counts": MonitorCounts().model_dump(),
        "drift": {},
    }
    if connection.scalar(select(monitors.c.id).where(monitors.c.name == name)) is not None:
        raise Conflict(f"monitor {name!r} exists already", f"change it with: vong evals monitors update {name}")
    connection.execute(insert(monitors).values(values))
    return get_monitor(connection, name)


def get_monitor(connection: Connection, ref: str | UUID) -> Monitor:
    """Return a monitor by name or id with its current counts.

    Raises: NotFound if the project has no such monitor.
    """
    column = monitors.c.id if isinstance(ref, UUID) else monitors.c.name
    row = connection.execute(select(monitors).where(column == ref)).mappings().first()
    if row is None:
        raise NotFound(f"no monitor {str(ref)!r}", "list them with: vong evals monitors list")
    return _with_counts(connection, row)


def list_monitors(connection: Connection) -> list[Monitor]:
    """Return all monitors by name, with their current counts."""
    rows = connection.execute(select(monitors).order_by(monitors.c.name)).mappings().all()
    return [_with_counts(connection, row) for row in rows]


def get_state(connection: Connection, id: UUID) -> MonitorPosition:
    """Return the state of a monitor."""
    columns = [monitors.c[name] for name in MonitorPosition._fields]
    return MonitorPosition(*connection.execute(select(*columns).where(monitors.c.id == id)).one())


def get_webhook_secret(connection: Connection, id: UUID) -> bytes | None:
    """Return the encrypted secret of the webhook."""
    return connection.scalar(select(monitors.c.webhook_secret).where(monitors.c.id == id))


def update_monitor(connection: Connection, id: UUID, values: Mapping[str, Any]) -> None:
    """Update columns of a monitor."""
    connection.execute(update(monitors).where(monitors.c.id == id).values(dict(values)))


def delete_monitor(connection: Connection, id: UUID) -> None:
    """Delete a monitor with its samples and alarms. Scores of answers and review items are kept."""
    connection.execute(delete(monitors).where(monitors.c.id == id))


def list_enabled(connection: Connection) -> list[LeasedMonitor]:
    """Return the enabled monitors of all projects. The connection is the owner's."""
    query = select(monitors.c.id, monitors.c.project_id).where(monitors.c.enabled).order_by(monitors.c.id)
    return [LeasedMonitor(*row) for row in connection.execute(query)]


def acquire_lease(connection: Connection, id: UUID, owner: str) -> bool:
    """Reserve an enabled monitor for a worker. Returns False if another one has it. The connection is the owner's."""
    columns, at = monitors.c, now()
    free = or_(columns.lease_owner.is_(None), columns.lease_owner == owner, columns.lease_until < at)
    change = update(monitors).where(columns.id == id, columns.enabled, free)
    until = at + timedelta(seconds=LEASE_SECONDS)
    return connection.execute(change.values(lease_owner=owner, lease_until=until)).rowcount == 1


def renew_leases(connection: Connection, owner: str) -> None:
    """Renew all leases of a worker that have not passed to another one. The connection is the owner's."""
    until = now() + timedelta(seconds=LEASE_SECONDS)
    connection.execute(update(monitors).where(monitors.c.lease_owner == owner).values(lease_until=until))


def release_lease(connection: Connection, id: UUID, owner: str) -> None:
    """End the lease of a worker. The connection is the owner's."""
    change = update(monitors).where(monitors.c.id == id, monitors.c.lease_owner == owner)
    connection.execute(change.values(lease_owner=None, lease_until=None))


def lock_leased(connection: Connection, id: UUID, owner: str) -> bool:
    """Lock the monitor until the end of the transaction. Returns False if the worker has lost it."""
    query = select(monitors.c.id).where(monitors.c.id == id, monitors.c.lease_owner == owner).with_for_update()
    return connection.scalar(query) is not None


def webhook_context(project_id: UUID, name: str) -> str:
    """Return the name under which the secret of a webhook is encrypted."""
    return f"{project_id}/monitor/{name}"


def day_start(at: datetime) -> datetime:
    """Return the start of a day in UTC."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _with_counts(connection: Connection, row: RowMapping) -> Monitor:
    at, own = now(), samples.c
    today = own.scored_at >= day_start(at)
    counts = connection.execute(
        select(
            *(
                func.count().filter(own.status == status).label(status)
                for status in ("pending", "scored", "failed", "skipped")
            ),
            func.count().filter(own.created_at > at - timedelta(hours=1)).label("hour"),
            func.coalesce(func.sum(own.cost).filter(today), 0).label("cost_today"),
            func.coalesce(func.sum(own.calls).filter(today), 0).label("calls_today"),
            func.coalesce(func.sum(own.cost), 0).label("cost"),
        ).where(own.monitor_id == row["id"])
    ).mappings()
    values = {name: row[name] for name in MONITOR_COLUMNS}
    values |= {name: int(value) for name, value in counts.one().items()}
    return Monitor.model_validate(
        {
            **values,
            "has_webhook_secret": row["webhook_secret"] is not None,
            "open_alarms": _count_open(connection, alarms, row["id"]),
            "open_reviews": _count_open(connection, reviews, row["id"]),
        }
    )


def _count_open(connection: Connection, table: Any, id: UUID) -> int:
    query = select(func.count()).select_from(table).where(table.c.monitor_id == id, table.c.status == "open")
    return int(connection.scalar(query) or 0)
