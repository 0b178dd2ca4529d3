"""Runs: started, fed with figures, finished."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update

from vong.errors import InvalidInput, NotFound
from vong.experiments import tables
from vong.records import TrainingRun, new_id, now

Ended = Literal["finished", "failed", "cancelled"]


class RunInfo(TypedDict, total=False):
    """What is known of a run at its start; see `Run`. `id` is made where none is given."""

    id: UUID | None
    recipe: str
    base: str
    dataset: str
    job_id: UUID | None
    settings: dict[str, Any]
    queued: bool


def start_run(connection: Connection, name: str, **about: Unpack[RunInfo]) -> TrainingRun:
    """Make a run. It is `running` at once, or `queued` where a job will begin it."""
    run = TrainingRun(
        id=about.get("id") or new_id(),
        name=name,
        recipe=about.get("recipe", "external"),
        status="queued" if about.get("queued") else "running",
        base=about.get("base", ""),
        dataset=about.get("dataset", ""),
        job_id=about.get("job_id"),
        settings=about.get("settings", {}),
        created_at=now(),
    )
    connection.execute(insert(tables.runs).values(run.model_dump(exclude={"warnings"}) | {"warnings": []}))
    return run


def begin_run(connection: Connection, run_id: UUID, **changes: Any) -> TrainingRun:
    """A queued (or interrupted) run runs now; what its job has found out (refs, settings) is written into it."""
    return _change(connection, run_id, {"status": "running", "finished_at": None, **changes})


def finish_run(
    connection: Connection,
    run_id: UUID,
    status: Ended = "finished",
    *,
    summary: Mapping[str, Any] | None = None,
    model: str | None = None,
) -> TrainingRun:
    """A run has ended. `summary` adds to what is there; `model` is the ref of what came out."""
    run = get(connection, run_id)
    values = {"status": status, "finished_at": now(), "summary": {**run.summary, **(summary or {})}}
    return _change(connection, run_id, values | ({"model": model} if model else {}))


def log(
    connection: Connection, run_id: UUID, step: int, values: Mapping[str, float], at: datetime | None = None
) -> None:
    """Write the figures of a step. Writing a step again replaces it. What is not a number (an exploded loss) cannot be
    drawn: it is left out and noted as a warning of the run. NotFound for an unknown run.
    """
    if step < 0:
        raise InvalidInput(f"step {step} is below 0", "count steps from 0 or 1")
    good = {name: float(value) for name, value in values.items() if math.isfinite(value)}
    entry, moment = new_id(), at or now()
    rows = [
        {"run_id": run_id, "name": name, "step": step, "value": value, "entry": entry, "at": moment}
        for name, value in good.items()
    ]
    run = get(connection, run_id) if len(good) < len(values) or not rows else None
    if run is not None and len(good) < len(values):
        lost = ", ".join(sorted(set(values) - set(good)))
        add_warning(connection, run_id, f"not a number at step {step}: {lost}")
    if rows:
        if connection.scalar(select(func.count()).where(tables.runs.c.id == run_id)) == 0:
            raise _unknown(run_id)
        tables.put(connection, rows)
        tables.announce(connection, run_id)


def add_warning(connection: Connection, run_id: UUID, text: str) -> None:
    """Note something on the run; the same words once only."""
    run = get(connection, run_id)
    if text not in run.warnings:
        _change(connection, run_id, {"warnings": [*run.warnings, text]})


def get(connection: Connection, run_id: UUID) -> TrainingRun:
    """One run. NotFound where there is none in this project."""
    row = connection.execute(select(tables.runs).where(tables.runs.c.id == run_id)).mappings().first()
    if row is None:
        raise _unknown(run_id)
    return _record(row)


def list_runs(
    connection: Connection,
    *,
    after: UUID | None = None,
    limit: int = 50,
    name: str | None = None,
    status: str | None = None,
    base: str | None = None,
) -> list[TrainingRun]:
    """The runs, newest first; `after` is the last id of the page before."""
    runs = tables.runs.c
    query = select(tables.runs).order_by(runs.id.desc()).limit(limit)
    for column, value in ((runs.name, name), (runs.status, status), (runs.base, base)):
        query = query if value is None else query.where(column == value)
    query = query if after is None else query.where(runs.id < after)
    return [_record(row) for row in connection.execute(query).mappings()]


def _change(connection: Connection, run_id: UUID, values: dict[str, Any]) -> TrainingRun:
    query = update(tables.runs).where(tables.runs.c.id == run_id).values(values).returning(tables.runs)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise _unknown(run_id)
    tables.announce(connection, run_id)
    return _record(row)


def _record(row: Any) -> TrainingRun:
    return TrainingRun.model_validate({name: value for name, value in row.items() if name != "project_id"})


def _unknown(run_id: UUID) -> NotFound:
    return NotFound(f"no run {str(run_id)!r}", "list them with: vong experiments list")
