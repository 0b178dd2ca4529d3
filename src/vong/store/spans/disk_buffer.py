"""Spans stored on disk until PostgreSQL is available, with the futures of their callers."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from vong.errors import VongError
from vong.records import Span
from vong.store.spans.copy_writer import NOTHING, SpanRow, TransactionHook, packed, unpack
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

    draft: PartialRow
    line: Any


class PendingSpan(NamedTuple):
    """Span that was appended, the function that finalizes it and the context of the transaction hook."""

    project_id: UUID
    span: Span | SpanSource
    future: Future[None] | None
    finish: Callable[[Any], Span | FinalizedSpan | None] | None
    along: Any


class EncodedSpan(NamedTuple):
    """Span that is encoded and not committed yet."""

    row: SpanRow
    future: Future[None] | None = None


class DiskBatch(NamedTuple):
    """Rows from the disk and the records that hold them. `from_this_process` is true if this process stored them."""

    rows: list[SpanRow]
    records: list[bytes]
    own: bool


class DiskBuffer:
    """Disk storage of a span writer, disabled if `folder` is None. Callers must hold the encode lock of the writer."""

    def __init__(self, folder: Path | None, bound: int) -> None:
        self.own = 0
        """Spans of this process that are stored here and nowhere else."""
        self.overflow = SegmentLog(folder, bound) if folder is not None else None
        """Segment files. None if disk storage is disabled."""
        self._promised: dict[UUID, Future[None]] = {}

    @property
    def there(self) -> bool:
        """Return true if disk storage is enabled."""
        return self.overflow is not None

    @property
    def count(self) -> int:
        """Return the number of spans on disk."""
        return self.overflow.count if self.overflow else 0

    @property
    def size(self) -> int:
        """Return the bytes on disk."""
        return self.overflow.size if self.overflow else 0

    @property
    def full(self) -> bool:
        """Return true if disk storage is disabled or full."""
        return self.overflow is None or self.overflow.full

    def keep(self, batch: Sequence[EncodedSpan], companion: TransactionHook | None, *, copied: bool = False) -> bool:
        """Store spans durably on disk. Returns false, with no span stored, if the disk storage is full or fails.

        `also_in_memory` is set if the writer still holds the spans in memory.
        """
        if self.overflow is None or self.overflow.full:
            return False
        try:
            self.overflow.append([packed(one.row, copied=copied) for one in batch])
        except OSError as error:
            log.error("spans cannot be stored on disk: %s", error)
            return False
        if not copied:
            self.own += len(batch)
            self._promised.update({one.row.encoded.id: one.future for one in batch if one.future is not None})
            hook_rows = [one.row.line for one in batch if one.row.line is not None]
            if companion is not None and hook_rows:
                companion.kept(hook_rows)
        return True

    def peek(self, most: int, companion: TransactionHook | None) -> DiskBatch:
        """Return the oldest spans. They stay on disk until `remove` is called."""
        assert self.overflow is not None
        records, own = self.overflow.peek(most)
        rows: list[SpanRow] = []
        for record in map(unpack, records):
            if own and record.copied:
                continue  # the writer holds this row in memory or has already handled it
            line = bytes(record.line)
            has_row = companion is not None and line != NOTHING
            rows.append(
                SpanRow(EncodedRow(record.row, record.id, record.day), companion.read(line) if has_row else None)
            )  # pyright: ignore[reportOptionalMemberAccess]
        return DiskBatch(rows, records, own)

    def done(self, batch: DiskBatch, refused: dict[UUID, VongError]) -> int:
        """Remove a batch that is committed or rejected (`errors`). Return the number of spans of this process."""
        assert self.overflow is not None
        self.overflow.done(batch.records)
        if not batch.own:
            return 0
        self.own -= len(batch.rows)
        for row in batch.rows:
            future = self._promised.pop(row.encoded.id, None)
            if future is not None:
                resolve(future, refused.get(row.encoded.id))
        return len(batch.rows)

    def adopt(self) -> None:
        """Take over the spans that ended processes left on disk."""
        if self.overflow is not None:
            self.overflow.adopt()

    def close(self, error: VongError) -> None:
        """Close the files. Remaining spans stay for the next process; their futures fail with `error`."""
        for future in self._promised.values():
            resolve(future, error)
        self._promised.clear()
        if self.overflow is not None:
            self.overflow.close()


def resolve(future: Future[None], error: VongError | None) -> None:
    """Complete a future, unless it was cancelled."""
    if not future.set_running_or_notify_cancel():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
