"""Spans that wait on disk until PostgreSQL takes them, with those who wait to hear of it."""

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
    """A span that is told in brief, and is made a whole one by those who need it."""

    @property
    def id(self) -> UUID:
        """The span's."""
        ...

    def span(self) -> Span:
        """The whole span."""
        ...


class FinalizedSpan(NamedTuple):
    """A span that was finished and packed at once, with the companion's line for it."""

    draft: PartialRow
    line: Any


class PendingSpan(NamedTuple):
    """A span as it was appended, what its writer still does to it, and what its companion makes a line of."""

    project_id: UUID
    span: Span | SpanSource
    future: Future[None] | None
    finish: Callable[[Any], Span | FinalizedSpan | None] | None
    along: Any


class EncodedSpan(NamedTuple):
    """A span that is encoded and not committed yet."""

    row: SpanRow
    future: Future[None] | None = None


class DiskBatch(NamedTuple):
    """Rows from the disk, and the records that held them. `own` where this process kept them."""

    rows: list[SpanRow]
    records: list[bytes]
    own: bool


class DiskBuffer:
    """The disk side of a journal. `folder` None is a journal that has none. Callers hold the journal's gate."""

    def __init__(self, folder: Path | None, bound: int) -> None:
        self.own = 0
        """Spans of this process that lie here and nowhere else."""
        self.overflow = SegmentLog(folder, bound) if folder is not None else None
        """The files; None where there is no disk side."""
        self._promised: dict[UUID, Future[None]] = {}

    @property
    def there(self) -> bool:
        """Whether there is a disk side."""
        return self.overflow is not None

    @property
    def count(self) -> int:
        """Spans that lie here."""
        return self.overflow.count if self.overflow else 0

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self.overflow.size if self.overflow else 0

    @property
    def full(self) -> bool:
        """Whether nothing more finds room."""
        return self.overflow is None or self.overflow.full

    def keep(self, batch: Sequence[EncodedSpan], companion: TransactionHook | None, *, copied: bool = False) -> bool:
        """Take spans, safely on disk when this returns. False where there is no room; then none was taken. `copied`
        where the writer still has them in hand.
        """
        if self.overflow is None or self.overflow.full:
            return False
        try:
            self.overflow.append([packed(one.row, copied=copied) for one in batch])
        except OSError as error:
            log.error("spans cannot be kept on disk: %s", error)
            return False
        if not copied:
            self.own += len(batch)
            self._promised.update({one.row.encoded.id: one.future for one in batch if one.future is not None})
            lines = [one.row.line for one in batch if one.row.line is not None]
            if companion is not None and lines:
                companion.kept(lines)
        return True

    def peek(self, most: int, companion: TransactionHook | None) -> DiskBatch:
        """The oldest ones; they stay until they are `done`."""
        assert self.overflow is not None
        records, own = self.overflow.peek(most)
        rows: list[SpanRow] = []
        for record in map(unpack, records):
            if own and record.copied:
                continue  # its writer had it in hand, and still has or is through with it
            line = bytes(record.line)
            known = companion is not None and line != NOTHING
            rows.append(SpanRow(EncodedRow(record.row, record.id, record.day), companion.read(line) if known else None))  # pyright: ignore[reportOptionalMemberAccess]
        return DiskBatch(rows, records, own)

    def done(self, batch: DiskBatch, refused: dict[UUID, VongError]) -> int:
        """They are committed, or `refused`. How many of them were this process's own."""
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
        """Take over what processes that have ended left here."""
        if self.overflow is not None:
            self.overflow.adopt()

    def close(self, error: VongError) -> None:
        """End. What is left stays for the next process; who waited for it is told the error."""
        for future in self._promised.values():
            resolve(future, error)
        self._promised.clear()
        if self.overflow is not None:
            self.overflow.close()


def resolve(future: Future[None], error: VongError | None) -> None:
    """Tell whoever waits, unless nobody does any more."""
    if not future.set_running_or_notify_cancel():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
