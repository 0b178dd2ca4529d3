"""Storage of alarms and of the state of their delivery to webhooks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, insert, select, update

from vong.errors import Conflict, NotFound
from vong.evals.monitor_tables import alarms as table
from vong.evals.monitors.definitions import AlarmStatus, MonitorAlarm
from vong.records import now


def add_alarm(connection: Connection, alarm: MonitorAlarm) -> None:
    """Store an alarm. It is delivered to the webhook later if `delivery` is `pending`."""
    deliver_at = alarm.created_at if alarm.delivery == "pending" else None
    connection.execute(insert(table).values({**alarm.model_dump(), "deliver_at": deliver_at}))


def get_alarm(connection: Connection, id: UUID) -> MonitorAlarm:
    """Return an alarm by its id.

    Raises: NotFound if the project has no such alarm.
    """
    row = connection.execute(select(table).where(table.c.id == id)).mappings().first()
    if row is None:
        raise NotFound(f"no alarm {str(id)!r}", "list them with: vong evals monitors alarms")
    return _to_alarm(row)


def list_alarms(
    connection: Connection,
    *,
    monitor: str | None = None,
    route: str | None = None,
    status: AlarmStatus | None = None,
    since: datetime | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[MonitorAlarm]:
    """Return alarms, newest first. `after` is the id of the last alarm of the previous page."""
    query = select(table).order_by(table.c.id.desc()).limit(limit)
    for column, value in ((table.c.monitor, monitor), (table.c.route, route), (table.c.status, status)):
        if value is not None:
            query = query.where(column == value)
    if since is not None:
        query = query.where(table.c.created_at >= since)
    if after is not None:
        query = query.where(table.c.id < after)
    return [_to_alarm(row) for row in connection.execute(query).mappings()]


def resolve_alarm(connection: Connection, id: UUID, actor: str) -> MonitorAlarm:
    """Mark an open alarm as resolved.

    Raises: NotFound if there is no such alarm; Conflict if it is resolved already.
    """
    change = update(table).where(table.c.id == id, table.c.status == "open")
    values = {"status": "resolved", "resolved_at": now(), "resolved_by": actor}
    if connection.execute(change.values(values)).rowcount == 0:
        alarm = get_alarm(connection, id)
        raise Conflict(f"alarm {str(id)!r} was resolved by {alarm.resolved_by!r}", "list the open ones")
    return get_alarm(connection, id)


def update_delivery(connection: Connection, id: UUID, values: Mapping[str, Any]) -> None:
    """Update the state of the delivery of an alarm."""
    connection.execute(update(table).where(table.c.id == id).values(dict(values)))


def _to_alarm(row: RowMapping) -> MonitorAlarm:
    return MonitorAlarm.model_validate({name: row[name] for name in MonitorAlarm.model_fields})
