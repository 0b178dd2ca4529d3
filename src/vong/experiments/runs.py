"""Training runs: create, log metrics, finish, list."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update

from vong.errors import InvalidInput, NotFound
from vong.experiments import tables
from vong.records import TrainingRun, new_id, now

FinalStatus = Literal["finished", "failed", "cancelled"]


class RunInfo(TypedDict, total=False):
    """Optional fields of a new run; see `TrainingRun`. If `id` is missing, an id is generated."""

    id: UUID | None
    recipe: str
    base: str
    dataset: str
    job_id: UUID | None
    settings: dict[str, Any]
    queued: bool


def start_run(connection: Connection, name: str, **fields: Unpack[RunInfo]) -> TrainingRun:
    """Create a run with the status `running`, or `queued` if a job will execute it later."""
    run = TrainingRun(
        id=fields.get("id") or new_id(),
        name=name,
        recipe=fields.get("recipe", "external"),
        status="queued" if fields.get("queued") else "running",
        base=fields.get("base", ""),
        dataset=fields.get("dataset", ""),
        job_id=fields.get("job_id"),
        settings=fields.get("settings", {}),
        created_at=now(),
    )
    connection.execute(insert(tables.runs).values(run.model_dump(exclude={"warnings"}) | {"warnings": []}))
    return run


def mark_run_running(connection: Connection, run_id: UUID, **changes: Any) -> TrainingRun:
    """Set a queued or interrupted run to `running` and store what its job resolved (refs, settings)."""
    return _update_run(connection, run_id, {"status": "running", "finished_at": None, **changes})


def finish_run(
    connection: Connection,
    run_id: UUID,
    status: FinalStatus = "finished",
    *,
    summary: Mapping[str, Any] | None = None,
    model: str | None = None,
) -> TrainingRun:
    """Set the final status of a run. `summary` is merged into the existing summary; `model` is the resulting ref."""
    run = get_run(connection, run_id)
    values = {"status": status, "finished_at": now(), "summary": {**run.summary, **(summary or {})}}
    return _update_run(connection, run_id, values | ({"model": model} if model else {}))


def log_metrics(
    connection: Connection, run_id: UUID, step: int, values: Mapping[str, float], recorded_at: datetime | None = None
) -> None:
    """Store the metrics of a step, replacing earlier values of the same step.

    A value that is not finite (an exploded loss) cannot be plotted: it is dropped and added to the warnings of the run.

    Raises:
        NotFound: The run does not exist.
    """
    if step < 0:
        raise InvalidInput(f"invalid step {step}: steps must be 0 or more", "count steps from 0 or 1")
    finite = {name: float(value) for name, value in values.items() if math.isfinite(value)}
    entry, recorded_at = new_id(), recorded_at or now()
    rows = [
        {"run_id": run_id, "name": name, "step": step, "value": value, "entry": entry, "recorded_at": recorded_at}
        for name, value in finite.items()
    ]
    run = get_run(connection, run_id) if len(finite) < len(values) or not rows else None
    if run is not None and len(finite) < len(values):
        dropped = ", ".join(sorted(set(values) - set(finite)))
        add_warning(connection, run_id, f"not a finite number at step {step}: {dropped}")
    if rows:
        if connection.scalar(select(func.count()).where(tables.runs.c.id == run_id)) == 0:
            raise _run_not_found(run_id)
        tables.upsert_metrics(connection, rows)
        tables.notify_run_changed(connection, run_id)


def add_warning(connection: Connection, run_id: UUID, text: str) -> None:
    """Add a warning to a run, unless the run already has the same warning."""
    run = get_run(connection, run_id)
    if text not in run.warnings:
        _update_run(connection, run_id, {"warnings": [*run.warnings, text]})


def get_run(connection: Connection, run_id: UUID) -> TrainingRun:
    """Return a run.

    Raises:
        NotFound: The project has no such run.
    """
    row = connection.execute(select(tables.runs).where(tables.runs.c.id == run_id)).mappings().first()
    if row is None:
        raise _run_not_found(run_id)
    return _to_run(row)


def list_runs(
    connection: Connection,
    *,
    after: UUID | None = None,
    limit: int = 50,
    name: str | None = None,
    status: str | None = None,
    base: str | None = None,
) -> list[TrainingRun]:
    """Return the runs, newest first; `after` is the last id of the previous page."""
    runs = tables.runs.c
    query = select(tables.runs).order_by(runs.id.desc()).limit(limit)
    for column, value in ((runs.name, name), (runs.status, status), (runs.base, base)):
        query = query if value is None else query.where(column == value)
    query = query if after is None else query.where(runs.id < after)
    return [_to_run(row) for row in connection.execute(query).mappings()]


def _update_run(connection: Connection, run_id: UUID, values: dict[str, Any]) -> TrainingRun:
    query = update(tables.runs).where(tables.runs.c.id == run_id).values(values).returning(tables.runs)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise _run_not_found(run_id)
    tables.notify_run_changed(connection, run_id)
    return _to_run(row)


def _to_run(row: Any) -> TrainingRun:
    return TrainingRun.model_validate({name: value for name, value in row.items() if name != "project_id"})


def _run_not_found(run_id: UUID) -> NotFound:
    return NotFound(f"no run {str(run_id)!r}", "list them with: vong experiments list")
