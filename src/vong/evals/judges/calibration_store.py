"""Storage of calibrations, and of the labels that people give to outputs of runs."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from vong.errors import InvalidInput, NotFound
from vong.evals import judge_tables, tables
from vong.evals.judges.calibration import Calibration, CalibrationOutcome, CalibrationSettings
from vong.evals.judges.store import JudgeVersion, find_judge
from vong.evals.runs import get_run
from vong.evals.scorers.texts import to_storable_json
from vong.records import Record, now


class LabelItem(Record):
    """Output of a run to label, without scores or verdicts, so that they cannot influence the label.

    `value` is the label of the caller, if there is one.
    """

    position: int
    prompt: str
    reference: str
    answer: str
    value: float | None = None


class LabelQueue(Record):
    """Outputs of a run that the caller has not labelled yet, in a random order that is the same at every request."""

    items: tuple[LabelItem, ...]
    labelled: int
    remaining: int


class LabelCreate(Record):
    """Label of an output: a value in 0..1, one of `levels` equidistant ones."""

    position: int = Field(ge=0)
    value: float = Field(ge=0, le=1, allow_inf_nan=False)
    levels: int = Field(default=2, ge=2, le=101)


class OutputLabel(Record):
    """Stored label of an output of a run."""

    run_id: UUID
    position: int
    author: str
    value: float
    levels: int
    created_at: datetime


class LabelCount(Record):
    """Number of labelled outputs of a task (a dataset), and of the people who labelled them."""

    task: str
    labels: int
    authors: int


def create_calibration(
    connection: Connection, judge: JudgeVersion, settings: CalibrationSettings, *, id: UUID
) -> Calibration:
    """Record a queued calibration. An existing one with this id is returned unchanged."""
    values = {
        "id": id,
        "judge": judge.name,
        "version": judge.version,
        "task": settings.task.partition("@")[0],
        "status": "queued",
        "settings": settings.model_dump(mode="json"),
        "labels": 0,
        "can_gate": False,
        "created_at": now(),
    }
    connection.execute(insert(judge_tables.calibrations).values(values).on_conflict_do_nothing())
    return find_calibration(connection, id)


def finish_calibration(connection: Connection, id: UUID, outcome: CalibrationOutcome) -> Calibration:
    """Store the result of a calibration."""
    values: dict[str, Any] = {
        **to_storable_json(outcome.model_dump(mode="json")),
        "status": "finished",
        "finished_at": now(),
    }
    connection.execute(update(judge_tables.calibrations).where(judge_tables.calibrations.c.id == id).values(values))
    return find_calibration(connection, id)


def set_status(connection: Connection, id: UUID, status: str) -> None:
    """Record that a calibration runs, failed or was cancelled."""
    ended = now() if status in {"failed", "cancelled"} else None
    changed = update(judge_tables.calibrations).where(judge_tables.calibrations.c.id == id)
    connection.execute(changed.values(status=status, finished_at=ended))


def find_calibration(connection: Connection, id: UUID) -> Calibration:
    """Return a calibration by its id.

    Raises: NotFound if the project has no such calibration.
    """
    query = select(judge_tables.calibrations).where(judge_tables.calibrations.c.id == id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(f"no calibration {str(id)!r}", "list them with: vong evals judges show NAME")
    return _to_calibration(row)


def list_calibrations(
    connection: Connection, judge: str, *, version: str | None = None, status: str | None = None, limit: int = 50
) -> list[Calibration]:
    """Return the calibrations of a judge, newest first."""
    columns = judge_tables.calibrations.c
    query = select(judge_tables.calibrations).where(columns.judge == judge).order_by(columns.id.desc()).limit(limit)
    if version is not None:
        query = query.where(columns.version == version)
    if status is not None:
        query = query.where(columns.status == status)
    return [_to_calibration(row) for row in connection.execute(query).mappings()]


def get_calibration(connection: Connection, judge: str, task: str) -> Calibration | None:
    """Return the newest finished calibration of `NAME` or `NAME@VERSION` on a task, or None.

    A calibration of another version of the judge does not count. Of a task `NAME@VERSION`, the version is ignored.
    Raises: NotFound if there is no such judge.
    """
    found = find_judge(connection, judge)
    columns = judge_tables.calibrations.c
    query = (
        select(judge_tables.calibrations)
        .where(columns.judge == found.name, columns.version == found.version, columns.status == "finished")
        .where(columns.task == task.partition("@")[0])
        .order_by(columns.id.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else _to_calibration(row)


def next_to_label(connection: Connection, run_id: UUID, author: str, *, limit: int) -> LabelQueue:
    """Return outputs of a run that a person has not labelled yet. Failed requests are left out."""
    get_run(connection, run_id)
    outputs, labels = tables.outputs.c, judge_tables.labels.c
    own = select(labels.position).where(labels.run_id == run_id, labels.author == author)
    query = select(outputs.position, outputs.prompt, outputs.reference, outputs.answer).where(
        outputs.run_id == run_id, outputs.error.is_(None), outputs.position.not_in(own)
    )
    rows = sorted(connection.execute(query).mappings(), key=lambda row: _random_rank(run_id, row["position"]))
    labelled = connection.scalar(select(func.count()).select_from(own.subquery())) or 0
    items = tuple(LabelItem.model_validate(dict(row)) for row in rows[:limit])
    return LabelQueue(items=items, labelled=labelled, remaining=len(rows))


def add_label(connection: Connection, run_id: UUID, author: str, label: LabelCreate) -> OutputLabel:
    """Store the label of a person for an output. A second label of the same person replaces the first.

    Raises: NotFound if the run has no such output; InvalidInput if the request of the output failed, or the value is
    none of the levels.
    """
    outputs = tables.outputs.c
    get_run(connection, run_id)
    query = select(outputs.error).where(outputs.run_id == run_id, outputs.position == label.position)
    row = connection.execute(query).first()
    if row is None:
        raise NotFound(
            f"the run has no output at position {label.position}", f"list them with: vong evals show {run_id}"
        )
    if row.error is not None:
        raise InvalidInput(f"the request of output {label.position} failed", "label an output with an answer")
    level = label.value * (label.levels - 1)
    if abs(level - round(level)) > 1e-6:
        raise InvalidInput(
            f"the value {label.value} is none of {label.levels} levels", f"use a multiple of 1/{label.levels - 1}"
        )
    values = {"run_id": run_id, "author": author, "created_at": now(), **label.model_dump()}
    statement = insert(judge_tables.labels).values(values)
    replaced = {name: statement.excluded[name] for name in ("value", "levels", "created_at")}
    index = ["run_id", "position", "author"]
    connection.execute(statement.on_conflict_do_update(index_elements=index, set_=replaced))
    return OutputLabel.model_validate(values)


def delete_label(connection: Connection, run_id: UUID, position: int, author: str) -> None:
    """Delete the label of a person for an output.

    Raises: NotFound if there is no such label.
    """
    labels = judge_tables.labels.c
    condition = (labels.run_id == run_id, labels.position == position, labels.author == author)
    if not connection.execute(delete(judge_tables.labels).where(*condition)).rowcount:
        raise NotFound(f"output {position} has no label of {author!r}", "label it first")


def list_labels(connection: Connection, run_id: UUID) -> list[OutputLabel]:
    """Return all labels of the outputs of a run, by position."""
    labels = judge_tables.labels.c
    query = select(judge_tables.labels).where(labels.run_id == run_id).order_by(labels.position, labels.author)
    return [_to_label(row) for row in connection.execute(query).mappings()]


def list_labelled_runs(connection: Connection, task: str) -> list[UUID]:
    """Return the runs on a dataset whose outputs have labels, oldest first."""
    runs, labels = tables.runs.c, judge_tables.labels.c
    has_labels = select(labels.run_id).where(labels.run_id == runs.id).exists()
    query = select(runs.id).where(func.split_part(runs.dataset, "@", 1) == task, has_labels).order_by(runs.id)
    return list(connection.scalars(query))


def count_labels(connection: Connection) -> list[LabelCount]:
    """Return the number of labelled outputs of every task, by name."""
    runs, labels = tables.runs.c, judge_tables.labels.c
    task = func.split_part(runs.dataset, "@", 1).label("task")
    query = (
        select(task, func.count().label("labels"), func.count(labels.author.distinct()).label("authors"))
        .join_from(judge_tables.labels, tables.runs, runs.id == labels.run_id)
        .group_by(task)
        .order_by(task)
    )
    return [LabelCount.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def _random_rank(run_id: UUID, position: int) -> str:
    return hashlib.sha256(f"{run_id}:{position}".encode()).hexdigest()


def _to_label(row: Mapping[Any, Any]) -> OutputLabel:
    return OutputLabel.model_validate({name: row[name] for name in OutputLabel.model_fields})


def _to_calibration(row: Mapping[Any, Any]) -> Calibration:
    return Calibration.model_validate({name: row[name] for name in Calibration.model_fields})
