"""SQL tables and queries of deployments and engines."""

import uuid
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
    Text,
    and_,
    null,
    or_,
    select,
    text,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID, insert

from vong.store.schema import metadata, project_table

__all__ = ["metadata"]

deployments = project_table(
    "serving_deployments",
    Column("name", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("base", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("engine_key", Text, nullable=False),
    Column("desired_state", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("settings", JSONB, nullable=False),
    Column("parity", JSONB(none_as_null=True)),
    Column("job", UUID(as_uuid=True)),
    Column("dataset", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "name", name="serving_deployments_pk"),
)

engines = project_table(
    "serving_engines",
    Column("engine_key", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("restart", Boolean, nullable=False),
    Column("launch", UUID(as_uuid=True)),
    Column("url", Text),
    Column("token", Text),
    Column("pid", Integer),
    Column("started", Float),
    Column("memory", BigInteger),
    Column("restarts", Integer, nullable=False),
    Column("failures", JSONB, nullable=False),
    Column("launched_at", DateTime(timezone=True)),
    Column("retry_at", DateTime(timezone=True)),
    Column("answered_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("project_id", "engine_key", name="serving_engines_pk"),
)

SUPERVISOR_LOCK_ID = 0x766F6E67_73657276  # "vongserv": advisory lock of the only supervisor of a database
TRY_LOCK_QUERY = text(f"SELECT pg_try_advisory_lock({SUPERVISOR_LOCK_ID})")
PING_QUERY = text("SELECT 1")

_deployments_with_engines = deployments.outerjoin(
    engines,
    and_(deployments.c.project_id == engines.c.project_id, deployments.c.engine_key == engines.c.engine_key),
)
_view_query = select(
    deployments, engines.c.url, engines.c.token, engines.c.pid, engines.c.memory, engines.c.restarts
).select_from(_deployments_with_engines)


def list_with_engines(
    connection: Connection, *, name: str | None = None, after: str = "", limit: int = 500
) -> list[RowMapping]:
    """Return deployments with the address of their engine, by name."""
    query = _view_query.where(deployments.c.name == name) if name else _view_query.where(deployments.c.name > after)
    return list(connection.execute(query.order_by(deployments.c.name).limit(limit)).mappings())


def list_ready(connection: Connection) -> list[RowMapping]:
    """Return the ready deployments."""
    query = _view_query.where(deployments.c.state == "ready", engines.c.url.is_not(None))
    return list(connection.execute(query.order_by(deployments.c.name)).mappings())


def upsert_deployment(connection: Connection, values: dict[str, Any]) -> None:
    """Insert a deployment or replace the one with its name."""
    changes = {name: value for name, value in values.items() if name not in {"name", "created_at"}}
    statement = insert(deployments).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=["project_id", "name"], set_=changes))


def update_desired_deployment(connection: Connection, name: str, *, model: str | None = None, **values: Any) -> bool:
    """Update a deployment if it should run (and has this model). Returns whether it was updated."""
    query = update(deployments).where(deployments.c.name == name, deployments.c.desired_state == "running")
    if model is not None:
        query = query.where(deployments.c.model == model)
    return connection.execute(query.values(**values)).rowcount > 0


def update_deployment(connection: Connection, name: str, **values: Any) -> None:
    """Update a deployment regardless of its desired state."""
    connection.execute(update(deployments).where(deployments.c.name == name).values(**values))


def list_desired(connection: Connection) -> list[RowMapping]:
    """Return all deployments that should run."""
    return list(connection.execute(select(deployments).where(deployments.c.desired_state == "running")).mappings())


def list_engines(connection: Connection) -> list[RowMapping]:
    """Return all engine processes, running or not."""
    return list(connection.execute(select(engines)).mappings())


def upsert_engine(connection: Connection, engine_key: str, **values: Any) -> None:
    """Insert the row of an engine or update the existing one."""
    defaults = {"state": "stopped", "restart": False, "restarts": 0, "failures": []}
    statement = insert(engines).values({**defaults, **values, "engine_key": engine_key})
    if not values:
        connection.execute(statement.on_conflict_do_nothing())
        return
    connection.execute(statement.on_conflict_do_update(index_elements=["project_id", "engine_key"], set_=values))


def list_active_projects(connection: Connection) -> list[uuid.UUID]:
    """Return the projects in which an engine should run or still runs. Requires the owner's connection."""
    project_ids = union(
        select(deployments.c.project_id).where(deployments.c.desired_state == "running"),
        select(engines.c.project_id).where(or_(engines.c.url.is_not(None), engines.c.pid.is_not(None))),
    )
    return [row[0] for row in connection.execute(project_ids)]


def clear_processes(connection: Connection) -> None:
    """Record that no engine runs. Requires the owner's connection."""
    cleared = {"url": null(), "token": null(), "pid": null(), "started": null(), "memory": null(), "state": "stopped"}
    connection.execute(update(engines).values(cleared))
    running = deployments.c.state.in_(["ready", "checking", "starting"])
    connection.execute(update(deployments).where(running).values(state="pending"))
