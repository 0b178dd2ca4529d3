"""Spans that came, made rows: many in one go."""

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple

import msgspec
import zstandard

from vong.errors import InvalidInput, VongError
from vong.records import Span
from vong.store.spans.copy_writer import SpanRow, TransactionHook
from vong.store.spans.disk_buffer import EncodedSpan, FinalizedSpan, PendingSpan, SpanSource, resolve
from vong.store.spans.schema import PartialRow, draft, encode


class EncodeResult(NamedTuple):
    """What became of arrivals: rows, those to ask again later, and how many cannot be stored, which is told already."""

    rows: list[EncodedSpan]
    later: list[PendingSpan]
    failed: int

    @property
    def size(self) -> int:
        """Bytes of the rows."""
        return sum([len(one.row.encoded.row) for one in self.rows])


def made(
    arrivals: Sequence[PendingSpan],
    companion: TransactionHook | None,
    compressor: zstandard.ZstdCompressor,
    *,
    last: bool,
) -> EncodeResult:
    """Rows of these spans with the companion's lines. The `last` ones are taken unfinished."""
    drafts: list[PartialRow] = []
    beside: list[tuple[Any, Future[None] | None]] = []
    later: list[PendingSpan] = []
    failed = 0
    for arrival in arrivals:
        project_id, span, future, finish, along = arrival
        try:
            finished = finish(span) if finish else span
            if finished is None and not last:
                later.append(arrival)
                continue
            if isinstance(finished, FinalizedSpan):
                one, line = finished
            else:
                whole = _whole(finished or span)
                one = draft(project_id, whole)
                line = companion.line(project_id, whole, along) if companion and along is not None else None
        except (VongError, msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError) as error:
            failed += 1
            _refuse(arrival, companion, error)
        else:
            drafts.append(one)
            beside.append((line, future))
    encoded = encode(drafts, compressor)
    rows = [EncodedSpan(SpanRow(row, line), future) for row, (line, future) in zip(encoded, beside, strict=True)]
    return EncodeResult(rows, later, failed)


def _whole(span: Span | SpanSource) -> Span:
    return span if isinstance(span, Span) else span.span()


def _refuse(arrival: PendingSpan, companion: TransactionHook | None, error: Exception) -> None:
    """Tell everybody that a span cannot be stored."""
    if companion is not None and arrival.along is not None:
        companion.lost(arrival.along)
    if arrival.future is not None:
        odd = InvalidInput(f"the span {arrival.span.id} cannot be stored: {error}", "mend it")
        resolve(arrival.future, error if isinstance(error, VongError) else odd)
