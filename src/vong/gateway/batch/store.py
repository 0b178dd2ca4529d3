"""SQL of batches: create, list, change the status, finish with result files.

Results of a running batch are rows. The transaction that finishes the batch writes them to files and deletes them.
"""

import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Connection, RowMapping, cast, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.durations import parse_duration
from vong.errors import Conflict, InvalidInput, NotFound
from vong.gateway import tables
from vong.gateway.batch.files import FileOwner, build_file, insert_file
from vong.gateway.batch.jsonl import BatchResultLine
from vong.records import now
from vong.records.batch import FINAL_STATUSES, Batch, BatchInputError, BatchStatus, StoredFile
from vong.records.usage import SUMMED_FIELDS
from vong.store.blobs import BlobStore

WINDOW_UNITS = "mhd"
MAX_WINDOW = timedelta(days=14)
BATCH_COLUMNS = [name for name in Batch.model_fields if name not in SUMMED_FIELDS]
RESULTS_PAGE_SIZE = 500
"""Number of results that are read from the database at a time."""


class BatchRow(Batch):
    """Batch with the columns of its job: input blob, principal, and how long results are kept."""

    blob: str
    key_id: UUID | None = None
    user_id: UUID | None = None
    output_ttl_seconds: int | None = None


def parse_window(window: str) -> timedelta:
    """Return the duration of a completion window (`24h`, `3d`). Raises InvalidInput if it is invalid or too long."""
    length = parse_duration(window, WINDOW_UNITS)
    if length is None or not timedelta(0) < length <= MAX_WINDOW:
        raise InvalidInput(
            f"invalid completion_window {window!r}", "use a number of m, h or d, at most 14d, for example 24h"
        )
    return length


def insert_batch(connection: Connection, batch: BatchRow) -> Batch:
    """Insert a batch."""
    values = batch.model_dump(mode="python", exclude=set(SUMMED_FIELDS))
    connection.execute(insert(tables.batches).values(values))
    return _to_public_batch(batch)


def get_batch(connection: Connection, id: UUID, *, key_id: UUID | None = None, lock: bool = False) -> BatchRow:
    """Return a batch. With `key_id`, only if it belongs to that key. Raises NotFound."""
    columns = tables.batches.c
    query = select(tables.batches).where(columns.id == id, *([] if key_id is None else [columns.key_id == key_id]))
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(f"no batch has the id 'batch_{id.hex}'", "list the batches: vong gateway batches list")
    return _to_batch_row(row)


def list_batches(
    connection: Connection,
    *,
    after: UUID | None = None,
    before: UUID | None = None,
    endpoint: str | None = None,
    limit: int = 20,
    key_id: UUID | None = None,
) -> list[BatchRow]:
    """Return batches, newest first: those that follow the batch `after`, or the ones directly before `before`."""
    columns = tables.batches.c
    query = select(tables.batches).order_by(columns.id if before else columns.id.desc()).limit(limit)
    if after is not None:
        query = query.where(columns.id < after)
    if before is not None:
        query = query.where(columns.id > before)
    if endpoint is not None:
        query = query.where(columns.endpoint == endpoint)
    if key_id is not None:
        query = query.where(columns.key_id == key_id)
    batches = [_to_batch_row(row) for row in connection.execute(query).mappings()]
    return batches[::-1] if before else batches


def delete_batch(connection: Connection, id: UUID, *, key_id: UUID | None = None) -> None:
    """Delete a batch that has ended, and its files, except an input file of other batches.

    Raises Conflict if the batch has not ended.
    """
    batch = get_batch(connection, id, key_id=key_id, lock=True)
    if batch.status not in FINAL_STATUSES:
        raise Conflict(f"the batch is {batch.status}", "cancel it and wait until it has ended")
    files = [file for file in (batch.input_file, batch.output_file, batch.error_file) if file is not None]
    connection.execute(delete(tables.batches).where(tables.batches.c.id == id))
    in_use = select(tables.batches.c.input_file)
    connection.execute(delete(tables.files).where(tables.files.c.id.in_(files), tables.files.c.id.not_in(in_use)))


def with_costs(connection: Connection, batches: Sequence[Batch]) -> list[Batch]:
    """Return the batches with the tokens and cost of their calls from the ledger."""
    if not batches:
        return []
    ledger, tags = tables.ledger.c, [batch.tag for batch in batches]
    since = min(batch.created_at for batch in batches)
    calls = select(func.unnest(ledger.tags).label("tag"), *(ledger[name] for name in SUMMED_FIELDS))
    rows = calls.where(ledger.started_at >= since, ledger.tags.overlap(tags)).subquery()
    sums = [cast(func.sum(rows.c[name]), BigInteger).label(name) for name in SUMMED_FIELDS]
    query = select(rows.c.tag, *sums).where(rows.c.tag.in_(tags)).group_by(rows.c.tag)
    costs = dict[str, dict[str, int | None]]()
    for row in connection.execute(query).mappings():
        tokens = {name: row[name] or 0 for name in SUMMED_FIELDS if name != "cost"}
        costs[row["tag"]] = {**tokens, "cost": row["cost"]}
    return [_to_public_batch(batch).model_copy(update=costs.get(batch.tag, {})) for batch in batches]


def start_batch(connection: Connection, id: UUID, total: int) -> BatchRow:
    """Start a batch whose input is valid, unless it was cancelled meanwhile."""
    columns = tables.batches.c
    running = {"status": "in_progress", "in_progress_at": now(), "total": total}
    connection.execute(update(tables.batches).where(columns.id == id, columns.status == "validating").values(running))
    return get_batch(connection, id)


def fail_batch(connection: Connection, id: UUID, errors: Sequence[BatchInputError]) -> None:
    """Mark a batch as failed because its input is invalid."""
    values = {"status": "failed", "failed_at": now(), "errors": [error.model_dump() for error in errors]}
    connection.execute(update(tables.batches).where(tables.batches.c.id == id).values(values))


def request_cancel(connection: Connection, id: UUID, *, key_id: UUID | None = None) -> BatchRow:
    """Request cancellation of a batch. Raises Conflict if it has ended."""
    batch = get_batch(connection, id, key_id=key_id, lock=True)
    if batch.status in FINAL_STATUSES:
        raise Conflict(f"the batch {batch.tag!r} is {batch.status}", "cancel a batch before it ends")
    if batch.status != "cancelling":
        values = {"status": "cancelling", "cancelling_at": now()}
        connection.execute(update(tables.batches).where(tables.batches.c.id == id).values(values))
    return get_batch(connection, id)


def insert_results(connection: Connection, id: UUID, lines: Iterable[BatchResultLine]) -> None:
    """Insert results, each line once, and count them.

    Results that arrive after the end of the batch are dropped.
    """
    rows = [{"batch_id": id, "number": line.number, "ok": line.ok, "line": line.text} for line in lines]
    if not rows or get_batch(connection, id, lock=True).status in FINAL_STATUSES:
        return
    results = tables.batch_results.c
    inserted = upsert(tables.batch_results).values(rows).on_conflict_do_nothing().returning(results.ok)
    ok_flags = list(connection.scalars(inserted))
    batch = tables.batches.c
    counts = {"completed": batch.completed + ok_flags.count(True), "failed": batch.failed + ok_flags.count(False)}
    connection.execute(update(tables.batches).where(batch.id == id).values(counts))


def finished_line_numbers(connection: Connection, id: UUID) -> set[int]:
    """Return the numbers of the lines that have a result."""
    results = tables.batch_results.c
    return set(connection.scalars(select(results.number).where(results.batch_id == id)))


def finish_batch(
    connection: Connection, blobs: BlobStore, id: UUID, status: BatchStatus, error: BatchInputError | None = None
) -> Batch:
    """Finish a batch and write its results so far to files. A batch that has ended is returned unchanged."""
    batch = get_batch(connection, id, lock=True)
    if batch.status in FINAL_STATUSES:
        return _to_public_batch(batch)
    values: dict[str, Any] = {"status": status, "finalizing_at": batch.finalizing_at or now()}
    for column, ok, name in (("output_file", True, "output"), ("error_file", False, "error")):
        file = _write_result_file(connection, blobs, batch, ok=ok, name=f"{batch.tag}_{name}.jsonl")
        values[column] = file.id if file else None
    values[f"{status}_at"] = now()
    if error is not None:
        values["errors"] = [error.model_dump()]
    connection.execute(delete(tables.batch_results).where(tables.batch_results.c.batch_id == id))
    connection.execute(update(tables.batches).where(tables.batches.c.id == id).values(values))
    return _to_public_batch(get_batch(connection, id))


def _write_result_file(
    connection: Connection, blobs: BlobStore, batch: BatchRow, *, ok: bool, name: str
) -> StoredFile | None:
    """Write the successful or the failed results to a file, in order of their lines. Returns None if there are none."""
    results = tables.batch_results.c
    query = select(results.line).where(results.batch_id == batch.id, results.ok == ok).order_by(results.number)
    with tempfile.NamedTemporaryFile(prefix="vong-batch-") as spool:
        for line in connection.execute(query.execution_options(yield_per=RESULTS_PAGE_SIZE)).scalars():
            spool.write(line.encode() + b"\n")
        spool.flush()
        size = spool.tell()
        if not size:
            return None
        blob = blobs.put_file(Path(spool.name))
    ttl = batch.output_ttl_seconds
    expires_at: datetime | None = now() + timedelta(seconds=ttl) if ttl else None
    owner = FileOwner(batch.actor, batch.key_id)
    return insert_file(connection, build_file(name, "batch_output", blob, size, owner, expires_at))


def _to_batch_row(row: RowMapping) -> BatchRow:
    return BatchRow.model_validate(
        {name: row[name] for name in (*BATCH_COLUMNS, "blob", "key_id", "user_id", "output_ttl_seconds")}
    )


def _to_public_batch(batch: Batch) -> Batch:
    return Batch.model_validate(batch.model_dump(include=set(Batch.model_fields)))
