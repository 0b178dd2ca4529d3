"""SQL tables and queries of replicas (engine processes) and of the machines that run them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    DateTime,
    Float,
    Integer,
    PrimaryKeyConstraint,
    RowMapping,
    Table,
    Text,
    case,
    delete,
    func,
    null,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID, insert

from vong.records import now
from vong.store.schema import metadata, project_table

OVERDUE_SECONDS = 20.0
"""Seconds without a heartbeat after which a machine counts as dead and its replicas are placed elsewhere."""

replicas = project_table(
    "serving_replicas",
    Column("engine_key", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("machine", Text),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("restart", Boolean, nullable=False),
    Column("launch", UUID(as_uuid=True)),
    Column("url", Text),
    Column("token", Text),
    Column("pid", Integer),
    Column("started", Float),
    Column("memory", BigInteger),
    Column("planned", BigInteger, nullable=False),
    Column("models", JSONB, nullable=False),
    Column("load", JSONB, nullable=False),
    Column("restarts", Integer, nullable=False),
    Column("failures", JSONB, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("launched_at", DateTime(timezone=True)),
    Column("retry_at", DateTime(timezone=True)),
    Column("answered_at", DateTime(timezone=True)),
    Column("log_end", Text),
    PrimaryKeyConstraint("project_id", "engine_key", "number", name="serving_replicas_pk"),
)

machines = Table(
    "serving_machines",
    metadata,
    Column("name", Text, primary_key=True),
    Column("address", Text, nullable=False),
    Column("cores", Integer, nullable=False),
    Column("memory", BigInteger, nullable=False),
    Column("available", BigInteger, nullable=False),
    Column("gpus", JSONB, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("reserved", BigInteger, nullable=False, server_default="0"),
    Column("evictable", BigInteger, nullable=False, server_default="0"),
    Column("application", Text),
)

NO_PROCESS: dict[str, Any] = {
    **{name: None for name in ("url", "token", "pid", "started", "memory", "launch")},
    "models": [],
    "load": {},
}
"""Values of a replica whose process does not run."""

PING_QUERY = text("SELECT 1")
KEEPALIVE_QUERY = text("SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3")
"""The server notices within 20 seconds that a supervisor's machine is gone, which frees its lock."""


def try_lock_machine(connection: Connection, machine: str) -> bool:
    """Return True if this session may supervise the machine. At most one session of the database may."""
    query = select(func.pg_try_advisory_lock(func.hashtextextended(f"vong/serving/{machine}", 0)))
    return bool(connection.scalar(query))


def list_replicas(
    connection: Connection, *, engine_key: str | None = None, machine: str | None = None
) -> list[RowMapping]:
    """Return replicas by engine and number, of all projects on the owner's connection."""
    query = select(replicas).order_by(replicas.c.engine_key, replicas.c.number)
    if engine_key is not None:
        query = query.where(replicas.c.engine_key == engine_key)
    if machine is not None:
        query = query.where(replicas.c.machine == machine)
    return list(connection.execute(query).mappings())


def add_replica(connection: Connection, engine_key: str, number: int, **values: Any) -> None:
    """Insert a replica, or update the one with this number."""
    defaults = {"state": "pending", "restart": False, "planned": 0, "restarts": 0, "failures": [], "since": now()}
    row = {**NO_PROCESS, **defaults, **values, "engine_key": engine_key, "number": number}
    keys = ["project_id", "engine_key", "number"]
    changes = values or {"number": number}
    connection.execute(insert(replicas).values(row).on_conflict_do_update(index_elements=keys, set_=changes))


def update_replica(
    connection: Connection,
    engine_key: str,
    number: int,
    *,
    on_machine: str | None = None,
    only_state: str | None = None,
    **values: Any,
) -> bool:
    """Update a replica, if it is still on this machine and in this state. Returns whether it was updated."""
    query = update(replicas).where(replicas.c.engine_key == engine_key, replicas.c.number == number)
    if on_machine is not None:
        query = query.where(replicas.c.machine == on_machine)
    if only_state is not None:
        query = query.where(replicas.c.state == only_state)
    return connection.execute(query.values(**values)).rowcount > 0


def update_replicas(connection: Connection, engine_key: str, **values: Any) -> None:
    """Update all replicas of an engine."""
    connection.execute(update(replicas).where(replicas.c.engine_key == engine_key).values(**values))


def delete_replica(connection: Connection, engine_key: str, number: int) -> None:
    """Delete a replica whose process has ended."""
    is_replica = (replicas.c.engine_key == engine_key) & (replicas.c.number == number)
    connection.execute(delete(replicas).where(is_replica))


def adopt_replicas(connection: Connection, machine: str) -> None:
    """Assign running replicas without a machine to this one. Before machines were recorded, there was only one."""
    query = update(replicas).where(replicas.c.machine.is_(None), replicas.c.url.is_not(None))
    connection.execute(query.values(machine=machine))


def clear_processes(connection: Connection, machine: str) -> None:
    """Record that no replica of a machine runs. Draining ones are deleted. Requires the owner's connection."""
    on_machine = replicas.c.machine == machine
    connection.execute(delete(replicas).where(on_machine, replicas.c.state.in_(["draining", "stopping"])))
    cleared = {name: null() if value is None else value for name, value in NO_PROCESS.items()}
    connection.execute(
        update(replicas).where(on_machine).values(**cleared, machine=null(), state="pending", reason=null())
    )


def drain_machine(connection: Connection, machine: str) -> None:
    """Let the replicas of a machine end after their last calls; those without a process are placed elsewhere.

    Requires the owner's connection.
    """
    on_machine = replicas.c.machine == machine
    is_live = replicas.c.state.not_in(["draining", "stopping"])
    without_process = on_machine & is_live & replicas.c.url.is_(None)
    connection.execute(update(replicas).where(without_process).values(machine=null(), state="pending"))
    connection.execute(update(replicas).where(on_machine, is_live).values(state="draining", since=now()))


def record_heartbeat(connection: Connection, name: str, values: dict[str, Any]) -> None:
    """Insert or update a machine. The time is that of the database, so that clocks of machines need not agree.

    The application of a machine is not updated, because it changes when the machine is about to end.
    """
    row = {**values, "name": name, "seen_at": func.now(), "started_at": func.now()}
    changes = {column: value for column, value in row.items() if column not in {"name", "started_at", "application"}}
    connection.execute(insert(machines).values(row).on_conflict_do_update(index_elements=["name"], set_=changes))


def update_machine(connection: Connection, name: str, **values: Any) -> None:
    """Update the figures of a machine."""
    connection.execute(update(machines).where(machines.c.name == name).values(**values))


def delete_machine(connection: Connection, name: str) -> None:
    """Delete a machine that has stopped in order."""
    connection.execute(delete(machines).where(machines.c.name == name))


def list_machines(connection: Connection) -> list[RowMapping]:
    """Return all machines by name, with the seconds since their last heartbeat (`silence`)."""
    silence = func.extract("epoch", func.clock_timestamp() - machines.c.seen_at).label("silence")
    return list(connection.execute(select(machines, silence).order_by(machines.c.name)).mappings())


def is_alive(machine: RowMapping, overdue_seconds: float = OVERDUE_SECONDS) -> bool:
    """Return True if the heartbeat of a machine is not overdue."""
    return float(machine["silence"]) < overdue_seconds


def delete_silent_machines(connection: Connection, age: timedelta, application_age: timedelta) -> None:
    """Delete machines that have been silent for a long time. Those of Ray applications have names of their own."""
    limit = case((machines.c.application.is_(None), age), else_=application_age)
    connection.execute(delete(machines).where(machines.c.seen_at < func.now() - limit))


def is_older(moment: datetime | None, seconds: float) -> bool:
    """Return True if a moment is more than `seconds` ago, or unknown."""
    return moment is None or (now() - moment).total_seconds() > seconds
