"""SQL of fine-tuning jobs, their events and checkpoints, and the names of fine-tuned models."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.errors import NotFound
from vong.gateway import tables
from vong.records import new_id, now
from vong.records.fine_tuning import (
    FINAL_STATUSES,
    EventLevel,
    FineTunedModel,
    FineTuningCheckpoint,
    FineTuningEvent,
    FineTuningJob,
)


def insert_job(connection: Connection, job: FineTuningJob) -> FineTuningJob:
    """Insert a new job."""
    connection.execute(insert(tables.fine_tuning_jobs).values(_values(job.model_dump())))
    return job


def get_job(connection: Connection, id: UUID, *, key_id: UUID | None = None, lock: bool = False) -> FineTuningJob:
    """Return a job. With `key_id`, only if it belongs to that key. `lock` locks it until the transaction ends.

    Raises:
        NotFound: The project has no such job.
    """
    query = select(tables.fine_tuning_jobs).where(tables.fine_tuning_jobs.c.id == id, *_owned_by(key_id))
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(f"no fine-tuning job has the id 'ftjob-{id.hex}'", "list them: vong training fine-tuning list")
    return FineTuningJob.model_validate({name: row[name] for name in FineTuningJob.model_fields})


def list_jobs(
    connection: Connection,
    *,
    after: UUID | None = None,
    limit: int,
    metadata: dict[str, str] | None = None,
    without_metadata: bool = False,
    key_id: UUID | None = None,
) -> list[FineTuningJob]:
    """Return jobs, newest first. `after` is the last id of the previous page, `metadata` must be contained in a job's.

    `without_metadata` returns only jobs without metadata.
    """
    columns = tables.fine_tuning_jobs.c
    query = select(tables.fine_tuning_jobs).where(*_owned_by(key_id)).order_by(columns.id.desc()).limit(limit)
    if after is not None:
        query = query.where(columns.id < after)
    if metadata:
        query = query.where(columns.metadata.contains(metadata))
    if without_metadata:
        query = query.where(columns.metadata.is_(None))
    rows = connection.execute(query).mappings()
    return [FineTuningJob.model_validate({name: row[name] for name in FineTuningJob.model_fields}) for row in rows]


def update_job(connection: Connection, id: UUID, **values: Any) -> FineTuningJob:
    """Change a job that has not ended, and return it. A job that has ended is returned unchanged."""
    job = get_job(connection, id, lock=True)
    if job.status in FINAL_STATUSES:
        return job
    connection.execute(
        update(tables.fine_tuning_jobs).where(tables.fine_tuning_jobs.c.id == id).values(_values(values))
    )
    return get_job(connection, id)


def add_event(
    connection: Connection,
    job_id: UUID,
    message: str,
    *,
    level: EventLevel = "info",
    metrics: dict[str, Any] | None = None,
) -> None:
    """Add an event to a job: a message, or with `metrics` the metrics of a step."""
    event = FineTuningEvent(
        id=new_id(),
        job_id=job_id,
        level=level,
        message=message,
        type="metrics" if metrics else "message",
        data=metrics or {},
        created_at=now(),
    )
    connection.execute(insert(tables.fine_tuning_events).values(event.model_dump()))


def list_events(connection: Connection, job_id: UUID, *, after: UUID | None, limit: int) -> list[FineTuningEvent]:
    """Return events, newest first. `after` is the last id of the previous page."""
    rows = _page(connection, tables.fine_tuning_events, job_id, after, limit)
    return [FineTuningEvent.model_validate({name: row[name] for name in FineTuningEvent.model_fields}) for row in rows]


def insert_checkpoints(connection: Connection, checkpoints: Sequence[FineTuningCheckpoint]) -> None:
    """Insert the checkpoints of a job."""
    for checkpoint in checkpoints:
        connection.execute(insert(tables.fine_tuning_checkpoints).values(checkpoint.model_dump()))


def list_checkpoints(
    connection: Connection, job_id: UUID, *, after: UUID | None, limit: int
) -> list[FineTuningCheckpoint]:
    """Return checkpoints, newest first. `after` is the last id of the previous page."""
    rows = _page(connection, tables.fine_tuning_checkpoints, job_id, after, limit)
    names = FineTuningCheckpoint.model_fields
    return [FineTuningCheckpoint.model_validate({name: row[name] for name in names}) for row in rows]


def set_model(connection: Connection, model: FineTunedModel) -> None:
    """Store the name of a fine-tuned model, or replace its target. Servers apply it within a second of the commit."""
    table, values = tables.fine_tuned_models, model.model_dump()
    changed = {name: values[name] for name in ("target", "model_ref")}
    connection.execute(
        upsert(table)
        .values(values)
        .on_conflict_do_update(index_elements=[table.c.project_id, table.c.name], set_=changed)
    )


def list_models(connection: Connection) -> list[FineTunedModel]:
    """Return the fine-tuned models of the project by name."""
    rows = connection.execute(select(tables.fine_tuned_models).order_by(tables.fine_tuned_models.c.name)).mappings()
    return [FineTunedModel.model_validate({name: row[name] for name in FineTunedModel.model_fields}) for row in rows]


def find_model(connection: Connection, target: str) -> FineTunedModel | None:
    """Return the fine-tuned model of a target, or None."""
    query = select(tables.fine_tuned_models).where(tables.fine_tuned_models.c.target == target).limit(1)
    row = connection.execute(query).mappings().first()
    return FineTunedModel.model_validate({name: row[name] for name in FineTunedModel.model_fields}) if row else None


def delete_model(connection: Connection, name: str) -> FineTunedModel:
    """Delete the name of a fine-tuned model.

    Raises:
        NotFound: The project has no such name.
    """
    table = tables.fine_tuned_models
    row = connection.execute(delete(table).where(table.c.name == name).returning(table)).mappings().first()
    if row is None:
        raise NotFound(f"no fine-tuned model is named {name!r}", "list them: vong gateway models")
    return FineTunedModel.model_validate({field: row[field] for field in FineTunedModel.model_fields})


def _page(connection: Connection, table: Table, job_id: UUID, after: UUID | None, limit: int) -> list[Any]:
    query = select(table).where(table.c.job_id == job_id).order_by(table.c.id.desc()).limit(limit)
    if after is not None:
        query = query.where(table.c.id < after)
    return list(connection.execute(query).mappings())


def _owned_by(key_id: UUID | None) -> list[ColumnElement[bool]]:
    return [] if key_id is None else [tables.fine_tuning_jobs.c.key_id == key_id]


def _values(values: dict[str, Any]) -> dict[str, Any]:
    """Return values with records as plain objects."""
    return {
        name: value.model_dump() if hasattr(value, "model_dump") else list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
    }
