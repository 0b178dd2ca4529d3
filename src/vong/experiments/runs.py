"""Training runs: create, log metrics, finish, list."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import Connection, RowMapping, func, insert, select, update

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


def mark_run_queued(connection: Connection, run_id: UUID) -> TrainingRun:
    """Set a cancelled or failed run to `queued` because its job was queued again."""
    return _update_run(connection, run_id, {"status": "queued", "finished_at": None})


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


def update_summary(connection: Connection, run_id: UUID, values: Mapping[str, Any]) -> TrainingRun:
    """Merge values into the summary of a run, whatever its status."""
    return _update_run(connection, run_id, {"summary": {**get_run(connection, run_id).summary, **values}})


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
    query = select(tables.runs).where(tables.runs.c.id == run_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise _run_not_found(run_id)
    if _settle_runs(connection, [row]):
        row = connection.execute(query).mappings().one()
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
    rows = connection.execute(query).mappings().all()
    if _settle_runs(connection, rows):
        rows = connection.execute(query).mappings().all()
    return [_to_run(row) for row in rows]


def _update_run(connection: Connection, run_id: UUID, values: dict[str, Any]) -> TrainingRun:
    query = update(tables.runs).where(tables.runs.c.id == run_id).values(values).returning(tables.runs)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise _run_not_found(run_id)
    tables.notify_run_changed(connection, run_id)
    return _to_run(row)


def _settle_runs(connection: Connection, rows: Sequence[RowMapping]) -> bool:
    """Set the status of runs whose job ended without running. Return True if a run has changed.

    A job that was cancelled while it was queued, or whose process was killed too often, cannot record it.
    """
    if not any(row["status"] in {"queued", "running"} and row["job_id"] for row in rows):
        return False
    return connection.execute(tables.SETTLE_RUNS).rowcount > 0


def _to_run(row: Any) -> TrainingRun:
    return TrainingRun.model_validate({name: value for name, value in row.items() if name != "project_id"})


def _run_not_found(run_id: UUID) -> NotFound:
    return NotFound(f"no run {str(run_id)!r}", "list them with: vong experiments list")
