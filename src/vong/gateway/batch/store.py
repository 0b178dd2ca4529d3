"""Batches as they are kept: made, listed, taken from status to status, and ended with the files of their results.

The answers of a batch that runs are rows; they become files, and go, in the transaction that ends it.
"""

import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Connection, RowMapping, cast, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.errors import Conflict, InvalidInput, NotFound
from vong.gateway import tables
from vong.gateway.batch.files import FileOwner, keep_file, new_file
from vong.gateway.batch.jsonl import BatchResultLine
from vong.records import now
from vong.records.batch import Batch, BatchInputError, BatchStatus, StoredFile
from vong.store.blobs import BlobStore

ENDED = frozenset({"failed", "completed", "expired", "cancelled"})
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
LONGEST = timedelta(days=14)
COUNTED = ("input_tokens", "output_tokens", "cost")
OWN = [name for name in Batch.model_fields if name not in COUNTED]
PAGE = 500
"""Answers that are read at once."""


class BatchRow(Batch):
    """A batch with what its job must know: the blob of its input, whose deputy asks, and how long results are kept."""

    blob: str
    key_id: UUID | None = None
    user_id: UUID | None = None
    kept_for: int | None = None


def lasting(window: str) -> timedelta:
    """A completion window: `24h`, `3d`. InvalidInput for what is none, or too long."""
    number, unit = window[:-1], window[-1:]
    length = timedelta(**{UNITS[unit]: int(number)}) if unit in UNITS and number.isdigit() else timedelta(0)
    if not timedelta(0) < length <= LONGEST:
        raise InvalidInput(
            f"{window!r} is no completion_window", "write 24h, or another number of m, h or d: 14d at most"
        )
    return length


def put_batch(connection: Connection, batch: BatchRow) -> Batch:
    """Write down a new batch."""
    values = batch.model_dump(mode="python", exclude=set(COUNTED))
    connection.execute(insert(tables.batches).values(values))
    return _shown(batch)


def get_batch(connection: Connection, id: UUID, *, of: UUID | None = None, lock: bool = False) -> BatchRow:
    """A batch as it stands, where `of` is given only if it is that key's."""
    columns = tables.batches.c
    query = select(tables.batches).where(columns.id == id, *([] if of is None else [columns.key_id == of]))
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(f"no batch has the id 'batch_{id.hex}'", "list them with: vong gateway batches")
    return _kept(row)


def list_batches(
    connection: Connection, *, after: UUID | None = None, limit: int = 20, of: UUID | None = None
) -> list[BatchRow]:
    """Batches, newest first; `after` is the last id of the page before."""
    columns = tables.batches.c
    query = select(tables.batches).order_by(columns.id.desc()).limit(limit)
    if after is not None:
        query = query.where(columns.id < after)
    if of is not None:
        query = query.where(columns.key_id == of)
    return [_kept(row) for row in connection.execute(query).mappings()]


def with_costs(connection: Connection, batches: Sequence[Batch]) -> list[Batch]:
    """The batches with what the ledger has of their calls."""
    if not batches:
        return []
    lines, tags = tables.ledger.c, [batch.tag for batch in batches]
    since = min(batch.created_at for batch in batches)
    each = select(func.unnest(lines.tags).label("tag"), *(lines[name] for name in COUNTED))
    rows = each.where(lines.at >= since, lines.tags.overlap(tags)).subquery()
    sums = [cast(func.sum(rows.c[name]), BigInteger).label(name) for name in COUNTED]
    query = select(rows.c.tag, *sums).where(rows.c.tag.in_(tags)).group_by(rows.c.tag)
    found = dict[str, dict[str, int | None]]()
    for row in connection.execute(query).mappings():
        tokens = {name: row[name] or 0 for name in COUNTED if name != "cost"}
        found[row["tag"]] = {**tokens, "cost": row["cost"]}
    return [_shown(batch).model_copy(update=found.get(batch.tag, {})) for batch in batches]


def begin(connection: Connection, id: UUID, total: int) -> BatchRow:
    """The input is good: the batch runs, unless it was cancelled meanwhile."""
    columns = tables.batches.c
    running = {"status": "in_progress", "in_progress_at": now(), "total": total}
    connection.execute(update(tables.batches).where(columns.id == id, columns.status == "validating").values(running))
    return get_batch(connection, id)


def refuse(connection: Connection, id: UUID, faults: Sequence[BatchInputError]) -> None:
    """The input cannot be used."""
    values = {"status": "failed", "failed_at": now(), "errors": [fault.model_dump() for fault in faults]}
    connection.execute(update(tables.batches).where(tables.batches.c.id == id).values(values))


def cancelling(connection: Connection, id: UUID, *, of: UUID | None = None) -> BatchRow:
    """The batch shall end. Conflict where it has."""
    batch = get_batch(connection, id, of=of, lock=True)
    if batch.status in ENDED:
        raise Conflict(f"the batch {batch.tag!r} is {batch.status}", "only a batch that has not ended can be cancelled")
    if batch.status != "cancelling":
        values = {"status": "cancelling", "cancelling_at": now()}
        connection.execute(update(tables.batches).where(tables.batches.c.id == id).values(values))
    return get_batch(connection, id)


def keep_answers(connection: Connection, id: UUID, answers: Iterable[BatchResultLine]) -> None:
    """Keep what was answered, each line once, and count it. What comes when the batch has ended is too late."""
    rows = [{"batch_id": id, "number": one.number, "ok": one.ok, "line": one.text} for one in answers]
    if not rows or get_batch(connection, id, lock=True).status in ENDED:
        return
    answer = tables.batch_answers.c
    new = upsert(tables.batch_answers).values(rows).on_conflict_do_nothing().returning(answer.ok)
    good = list(connection.scalars(new))
    batch = tables.batches.c
    counts = {"completed": batch.completed + good.count(True), "failed": batch.failed + good.count(False)}
    connection.execute(update(tables.batches).where(batch.id == id).values(counts))


def answered_lines(connection: Connection, id: UUID) -> set[int]:
    """The numbers of the lines that are answered."""
    answer = tables.batch_answers.c
    return set(connection.scalars(select(answer.number).where(answer.batch_id == id)))


def conclude(
    connection: Connection, blobs: BlobStore, id: UUID, status: BatchStatus, fault: BatchInputError | None = None
) -> Batch:
    """End a batch with the files of its results so far. One that has ended stays as it is."""
    batch = get_batch(connection, id, lock=True)
    if batch.status in ENDED:
        return _shown(batch)
    values: dict[str, Any] = {"status": status, "finalizing_at": batch.finalizing_at or now()}
    for column, ok, name in (("output_file", True, "output"), ("error_file", False, "error")):
        file = _written(connection, blobs, batch, ok=ok, name=f"{batch.tag}_{name}.jsonl")
        values[column] = file.id if file else None
    values[f"{status}_at"] = now()
    if fault is not None:
        values["errors"] = [fault.model_dump()]
    connection.execute(delete(tables.batch_answers).where(tables.batch_answers.c.batch_id == id))
    connection.execute(update(tables.batches).where(tables.batches.c.id == id).values(values))
    return _shown(get_batch(connection, id))


def _written(connection: Connection, blobs: BlobStore, batch: BatchRow, *, ok: bool, name: str) -> StoredFile | None:
    """The file of the good answers, or of the others, in the order of their lines; None where there are none."""
    answer = tables.batch_answers.c
    query = select(answer.line).where(answer.batch_id == batch.id, answer.ok == ok).order_by(answer.number)
    with tempfile.NamedTemporaryFile(prefix="vong-batch-") as spool:
        for line in connection.execute(query.execution_options(yield_per=PAGE)).scalars():
            spool.write(line.encode() + b"\n")
        spool.flush()
        size = spool.tell()
        if not size:
            return None
        blob = blobs.put_file(Path(spool.name))
    ends: datetime | None = now() + timedelta(seconds=batch.kept_for) if batch.kept_for else None
    whose = FileOwner(batch.actor, batch.key_id)
    return keep_file(connection, new_file(name, "batch_output", blob, size, whose, ends))


def _kept(row: RowMapping) -> BatchRow:
    return BatchRow.model_validate({name: row[name] for name in (*OWN, "blob", "key_id", "user_id", "kept_for")})


def _shown(batch: Batch) -> Batch:
    return Batch.model_validate(batch.model_dump(include=set(Batch.model_fields)))
