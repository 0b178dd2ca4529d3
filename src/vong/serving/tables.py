"""SQL tables and queries of deployments and their engines. Those of replicas are in `replica_tables`."""

import uuid
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    RowMapping,
    Text,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID, insert

from vong.records import new_id, now
from vong.serving.engine_speed import EngineSpeed
from vong.store.database import REQUEST_ROLE
from vong.store.schema import PROJECT_SETTING, metadata, project_table

__all__ = ["metadata"]

MAX_EVENTS = 100
"""Events that are stored per deployment; older ones are deleted."""

SCHEDULING_LOCK_ID = 0x766F6E67_73636864
"""Advisory lock of the transaction that schedules replicas: "vongschd"."""

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
    Column("previous", JSONB(none_as_null=True)),
    Column("request", JSONB(none_as_null=True)),
    Column("alias_failure", JSONB(none_as_null=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "name", name="serving_deployments_pk"),
)

engines = project_table(
    "serving_engines",
    Column("engine_key", Text, nullable=False),
    Column("replicas", Integer, nullable=False),
    Column("sleeping", Boolean, nullable=False),
    Column("used_at", DateTime(timezone=True), nullable=False),
    Column("scaling", JSONB, nullable=False),
    Column("plan", JSONB, nullable=False),
    Column("speed", JSONB, nullable=False, server_default=text("'{}'")),
    PrimaryKeyConstraint("project_id", "engine_key", name="serving_engines_pk"),
)

events = project_table(
    "serving_events",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("deployment", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("serving_events_deployment_ix", "project_id", "deployment", "id"),
)


def list_rows(
    connection: Connection, *, name: str | None = None, after: str = "", limit: int = 500
) -> list[RowMapping]:
    """Return deployments by name."""
    condition = deployments.c.name == name if name else deployments.c.name > after
    query = select(deployments).where(condition).order_by(deployments.c.name).limit(limit)
    return list(connection.execute(query).mappings())


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
    """Return all deployments that should run, of all projects on the owner's connection."""
    return list(connection.execute(select(deployments).where(deployments.c.desired_state == "running")).mappings())


def list_projects(connection: Connection) -> set[uuid.UUID]:
    """Return the projects that have or had deployments. Requires the owner's connection."""
    return set(connection.scalars(select(deployments.c.project_id).distinct()))


def list_followers(connection: Connection) -> list[RowMapping]:
    """Return all deployments that should run and were made from an alias, of all projects on the owner's connection."""
    is_alias = deployments.c.request["model"].astext.contains(":")
    query = select(deployments).where(deployments.c.desired_state == "running", is_alias)
    return list(connection.execute(query).mappings())


def lock_deployment(connection: Connection, name: str) -> RowMapping | None:
    """Lock a deployment until the end of the transaction. Returns None if it is missing or another session has it."""
    query = select(deployments).where(deployments.c.name == name).with_for_update(skip_locked=True)
    return connection.execute(query).mappings().one_or_none()


def list_engines(connection: Connection) -> list[RowMapping]:
    """Return the desired state of all engines."""
    return list(connection.execute(select(engines)).mappings())


def upsert_engine(connection: Connection, engine_key: str, **values: Any) -> None:
    """Insert the row of an engine or update the existing one."""
    defaults = {"replicas": 0, "sleeping": False, "used_at": now(), "scaling": {}, "plan": {}}
    statement = insert(engines).values({**defaults, **values, "engine_key": engine_key})
    if not values:
        connection.execute(statement.on_conflict_do_nothing())
        return
    connection.execute(statement.on_conflict_do_update(index_elements=["project_id", "engine_key"], set_=values))


def add_speed(connection: Connection, engine_key: str, measured: EngineSpeed) -> None:
    """Add a measurement to the speed of an engine."""
    query = select(engines.c.speed).where(engines.c.engine_key == engine_key).with_for_update()
    if (stored := connection.scalar(query)) is not None:
        speed = EngineSpeed.from_json(stored).plus(measured)
        connection.execute(update(engines).where(engines.c.engine_key == engine_key).values(speed=speed._asdict()))


def delete_engine(connection: Connection, engine_key: str) -> None:
    """Delete the row of an engine without deployments."""
    connection.execute(delete(engines).where(engines.c.engine_key == engine_key))


def add_event(connection: Connection, deployment: str, kind: str, message: str) -> None:
    """Record an event of a deployment and delete its oldest ones beyond MAX_EVENTS."""
    values = {"id": new_id(), "deployment": deployment, "kind": kind, "message": message, "created_at": now()}
    connection.execute(insert(events).values(values))
    oldest = (
        select(events.c.id)
        .where(events.c.deployment == deployment)
        .order_by(events.c.id.desc())
        .offset(MAX_EVENTS)
        .scalar_subquery()
    )
    connection.execute(delete(events).where(events.c.id.in_(oldest)))


def list_events(connection: Connection, deployment: str, limit: int) -> list[RowMapping]:
    """Return the newest events of a deployment, newest first."""
    query = select(events).where(events.c.deployment == deployment).order_by(events.c.id.desc()).limit(limit)
    return list(connection.execute(query).mappings())


def enter_project(connection: Connection, project_id: uuid.UUID) -> None:
    """Limit the statements that follow on the owner's connection to the rows of one project."""
    values = {"role": REQUEST_ROLE, PROJECT_SETTING: str(project_id)}
    connection.execute(select(*(func.set_config(name, value, True) for name, value in values.items())))


def leave_project(connection: Connection) -> None:
    """Let the statements that follow on the owner's connection see all projects again."""
    connection.execute(select(func.set_config("role", "none", True)))


def lock_scheduling(connection: Connection) -> None:
    """Wait until no transaction schedules replicas, and prevent that until this one ends."""
    connection.execute(text(f"SELECT pg_advisory_xact_lock({SCHEDULING_LOCK_ID})"))


def try_lock_scheduling(connection: Connection) -> bool:
    """Return True if this transaction may schedule replicas. At most one transaction of the database may."""
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = '30s'"))
    return bool(connection.scalar(text(f"SELECT pg_try_advisory_xact_lock({SCHEDULING_LOCK_ID})")))
