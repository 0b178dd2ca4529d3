"""Spans stored on disk until PostgreSQL is available, with the futures of their callers."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from vong.errors import VongError
from vong.records import Span
from vong.store.spans.copy_writer import NO_HOOK_ROW, SpanRow, TransactionHook, decode_record, encode_record
from vong.store.spans.crash_log import UNRECORDED
from vong.store.spans.schema import EncodedRow, PartialRow
from vong.store.spans.segments import SegmentLog

log = logging.getLogger(__name__)


class SpanSource(Protocol):
    """Compact record of a span, from which the whole span is built on demand."""

    @property
    def id(self) -> UUID:
        """Return the id of the span."""
        ...

    def span(self) -> Span:
        """Build the whole span."""
        ...


class FinalizedSpan(NamedTuple):
    """Span that was finalized and encoded in one step, with the row of the transaction hook."""

    partial_row: PartialRow
    hook_row: Any


class PendingSpan(NamedTuple):
    """Span that was appended, the function that finalizes it and the context of the transaction hook.

    `generation` is that of its record in the crash log.
    """

    project_id: UUID
    span: Span | SpanSource
    future: Future[None] | None
    finalize: Callable[[Any], Span | FinalizedSpan] | None
    hook_context: Any
    generation: int = UNRECORDED


class EncodedSpan(NamedTuple):
    """Span that is encoded and not committed yet."""

    row: SpanRow
    future: Future[None] | None = None
    generation: int = UNRECORDED


class DiskBatch(NamedTuple):
    """Rows from the disk and the records that hold them. `from_this_process` is true if this process stored them."""

    rows: list[SpanRow]
    records: list[bytes]
    from_this_process: bool


class DiskBuffer:
    """Disk storage of a span writer, disabled if `folder` is None. Callers must hold the encode lock of the writer."""

    def __init__(self, folder: Path | None, max_bytes: int) -> None:
        self.own_count = 0
        """Spans of this process that are stored here and nowhere else."""
        self.segment_log = SegmentLog(folder, max_bytes) if folder is not None else None
        """Segment files. None if disk storage is disabled."""
        self._futures: dict[UUID, Future[None]] = {}

    @property
    def enabled(self) -> bool:
        """Return true if disk storage is enabled."""
        return self.segment_log is not None

    @property
    def count(self) -> int:
        """Return the number of spans on disk."""
        return self.segment_log.count if self.segment_log else 0

    def spool(
        self, batch: Sequence[EncodedSpan], hook: TransactionHook | None, *, also_in_memory: bool = False
    ) -> bool:
        """Store spans durably on disk. Returns false, with no span stored, if the disk storage is full or fails.

        `also_in_memory` is set if the writer still holds the spans in memory.
        """
        if self.segment_log is None or self.segment_log.full:
            return False
        try:
            self.segment_log.append([encode_record(one.row, also_in_memory=also_in_memory) for one in batch])
        except OSError as error:
            log.error("spans cannot be stored on disk: %s", error)
            return False
        if not also_in_memory:
            self.own_count += len(batch)
            self._futures.update({one.row.encoded.id: one.future for one in batch if one.future is not None})
            hook_rows = [one.row.hook_row for one in batch if one.row.hook_row is not None]
            if hook is not None and hook_rows:
                hook.on_spooled(hook_rows)
        return True

    def peek(self, limit: int, hook: TransactionHook | None) -> DiskBatch:
        """Return the oldest spans. They stay on disk until `remove` is called."""
        assert self.segment_log is not None
        records, own = self.segment_log.peek(limit)
        rows: list[SpanRow] = []
        for record in map(decode_record, records):
            if own and record.also_in_memory:
                continue  # the writer holds this row in memory or has already handled it
            line = bytes(record.hook_row)
            has_row = line != NO_HOOK_ROW
            hook_row = hook.decode_row(line) if hook is not None and has_row else None
            rows.append(SpanRow(EncodedRow(record.row, record.id, record.day), hook_row))
        return DiskBatch(rows, records, own)

    def remove(self, batch: DiskBatch, errors: dict[UUID, VongError]) -> int:
        """Remove a batch that is committed or rejected (`errors`). Return the number of spans of this process."""
        assert self.segment_log is not None
        self.segment_log.remove(batch.records)
        if not batch.from_this_process:
            return 0
        self.own_count -= len(batch.rows)
        for row in batch.rows:
            future = self._futures.pop(row.encoded.id, None)
            if future is not None:
                resolve(future, errors.get(row.encoded.id))
        return len(batch.rows)

    def recover_segments(self, recover_folder: Callable[[Path], None]) -> None:
        """Take over the spans that ended processes left on disk. `recover_folder` takes over what is not a segment."""
        if self.segment_log is not None:
            self.segment_log.recover(recover_folder)

    def close(self, error: VongError) -> None:
        """Close the files. Remaining spans stay for the next process; their futures fail with `error`."""
        for future in self._futures.values():
            resolve(future, error)
        self._futures.clear()
        if self.segment_log is not None:
            self.segment_log.close()


def resolve(future: Future[None], error: VongError | None) -> None:
    """Complete a future, unless it was cancelled."""
    if not future.set_running_or_notify_cancel():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
