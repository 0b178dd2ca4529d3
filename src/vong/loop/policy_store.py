"""Storage of loop policies and their runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from vong.errors import Conflict, NotFound
from vong.loop import tables
from vong.loop.policy_records import (
    ACTIVE_RUN_STATUSES,
    LoopPolicy,
    LoopPolicyDefinition,
    PolicyConsent,
    PolicyRun,
    PolicyStep,
)
from vong.records import now
from vong.records.name import check_name

JSON_FIELDS = ("definition", "consent", "trigger", "steps")


def set_policy(
    connection: Connection, name: str, definition: LoopPolicyDefinition, consent: PolicyConsent, state: dict[str, Any]
) -> LoopPolicy:
    """Create a policy, or replace its content by the next version."""
    check_name(name, "loop policy")
    moment, columns = now(), tables.policies.c
    current = connection.execute(select(tables.policies).where(columns.name == name).with_for_update()).mappings()
    row = current.first()
    values = {
        "route": definition.route,
        "definition": definition.model_dump(mode="json"),
        "consent": consent.model_dump(mode="json"),
        "updated_at": moment,
        "state": state,
    }
    if row is None:
        first = {"name": name, "version": 1, "paused": False, "created_at": moment}
        connection.execute(insert(tables.policies).values(values | first))
    else:
        changed = update(tables.policies).where(columns.name == name)
        connection.execute(changed.values(values | {"version": row["version"] + 1}))
    return get_policy(connection, name)


def get_policy(connection: Connection, name: str) -> LoopPolicy:
    """Return a policy.

    Raises: NotFound if there is none of that name.
    """
    found = find_policy(connection, name)
    if found is None:
        raise NotFound(f"no loop policy {name!r}", "list them with: vong loop policies list")
    return found


def find_policy(connection: Connection, name: str, *, lock: bool = False) -> LoopPolicy | None:
    """Return a policy. With `lock`, None is also returned while another transaction holds it."""
    query = select(tables.policies).where(tables.policies.c.name == name)
    query = query.with_for_update(skip_locked=True) if lock else query
    row = connection.execute(query).mappings().first()
    return _to_policy(row) if row else None


def list_policies(connection: Connection, *, route: str | None = None) -> list[LoopPolicy]:
    """Return the policies by name, those of one route if given."""
    query = select(tables.policies).order_by(tables.policies.c.name)
    if route is not None:
        query = query.where(tables.policies.c.route == route)
    return [_to_policy(row) for row in connection.execute(query).mappings()]


def harvested_until(connection: Connection, policy: str) -> datetime | None:
    """Return until when the feedback was harvested. Returns None before the first harvest."""
    columns = tables.policy_runs.c
    harvested = columns.steps.contains([{"name": "harvest", "status": "passed"}])
    query = select(func.max(columns.harvest_until)).where(columns.policy == policy, harvested)
    return connection.scalar(query)


def list_all_policies(connection: Connection) -> list[tuple[UUID, str]]:
    """Return the project and the name of every policy that is not paused. The connection is the owner's."""
    columns = tables.policies.c
    query = select(columns.project_id, columns.name).where(columns.paused.is_(False))
    return [(row.project_id, row.name) for row in connection.execute(query.order_by(columns.name))]


def update_policy(connection: Connection, name: str, **values: Any) -> LoopPolicy:
    """Change `paused` or `state` of a policy."""
    get_policy(connection, name)
    connection.execute(update(tables.policies).where(tables.policies.c.name == name).values(values))
    return get_policy(connection, name)


def delete_policy(connection: Connection, name: str) -> LoopPolicy:
    """Delete a policy. Its runs are kept.

    Raises: Conflict if a run is active.
    """
    policy = get_policy(connection, name)
    active = find_active(connection, name)
    if active is not None:
        hint = f"cancel it first: vong loop policies cancel {active.id}"
        raise Conflict(f"run {active.number} of loop policy {name!r} is {active.status}", hint)
    connection.execute(delete(tables.policies).where(tables.policies.c.name == name))
    return policy


def insert_run(connection: Connection, run: PolicyRun) -> None:
    """Store a new run."""
    connection.execute(insert(tables.policy_runs).values(_to_values(run, set(PolicyRun.model_fields))))


def get_run(connection: Connection, id: UUID, *, lock: bool = False) -> PolicyRun:
    """Return a run.

    Raises: NotFound if the project has no such run.
    """
    query = select(tables.policy_runs).where(tables.policy_runs.c.id == id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(f"no run {str(id)!r} of a loop policy", "list them with: vong loop policies runs NAME")
    return _to_run(row)


def list_runs(
    connection: Connection, *, policy: str | None = None, after: UUID | None = None, limit: int = 50
) -> list[PolicyRun]:
    """Return runs, newest first. `after` is the last id of the previous page."""
    columns = tables.policy_runs.c
    query = select(tables.policy_runs).order_by(columns.id.desc()).limit(limit)
    if policy is not None:
        query = query.where(columns.policy == policy)
    if after is not None:
        query = query.where(columns.id < after)
    return [_to_run(row) for row in connection.execute(query).mappings()]


def find_active(connection: Connection, policy: str) -> PolicyRun | None:
    """Return the active run of a policy. Returns None if there is none."""
    columns = tables.policy_runs.c
    query = select(tables.policy_runs).where(columns.policy == policy, columns.status.in_(ACTIVE_RUN_STATUSES))
    row = connection.execute(query).mappings().first()
    return _to_run(row) if row else None


def next_number(connection: Connection, policy: str) -> int:
    """Return the number of the next run of a policy."""
    columns = tables.policy_runs.c
    return (connection.scalar(select(func.max(columns.number)).where(columns.policy == policy)) or 0) + 1


def update_run(connection: Connection, run: PolicyRun, **changes: Any) -> PolicyRun:
    """Store changed fields and return the run with them."""
    changed = run.model_copy(update=changes)
    values = _to_values(changed, set(changes))
    connection.execute(update(tables.policy_runs).where(tables.policy_runs.c.id == run.id).values(values))
    return changed


def set_step(connection: Connection, id: UUID, step: PolicyStep) -> PolicyRun:
    """Store a step of an active run, in place of an earlier state of it."""
    run = get_run(connection, id, lock=True)
    if run.status not in ACTIVE_RUN_STATUSES:
        return run
    steps = [one for one in run.steps if one.name != step.name]
    return update_run(connection, run, status="running", steps=(*steps, step))


def replace_running(steps: Sequence[PolicyStep], status: Any, reason: str) -> tuple[PolicyStep, ...]:
    """Return the steps with the running one ended."""
    ended = {"status": status, "reason": reason}
    return tuple(one.model_copy(update=ended) if one.status == "running" else one for one in steps)


def _to_policy(row: RowMapping) -> LoopPolicy:
    return LoopPolicy.model_validate({name: row[name] for name in LoopPolicy.model_fields})


def _to_run(row: RowMapping) -> PolicyRun:
    return PolicyRun.model_validate({name: row[name] for name in PolicyRun.model_fields})


def _to_values(run: PolicyRun, fields: set[str]) -> dict[str, Any]:
    as_json = run.model_dump(mode="json", include=fields & set(JSON_FIELDS))
    return {**run.model_dump(include=fields - set(JSON_FIELDS)), **as_json}
