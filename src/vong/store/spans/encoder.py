"""Batch encoding of spans to rows."""

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
    """Result of encoding: rows, spans to retry later and the number of failed spans.

    The failures are already reported to the callers and the hook.
    """

    rows: list[EncodedSpan]
    later: list[PendingSpan]
    failed: int

    @property
    def size(self) -> int:
        """Return the bytes of the rows."""
        return sum([len(one.row.encoded.row) for one in self.rows])


def made(
    arrivals: Sequence[PendingSpan],
    companion: TransactionHook | None,
    compressor: zstandard.ZstdCompressor,
    *,
    last: bool,
) -> EncodeResult:
    """Encode spans, together with the rows of the transaction hook.

    With `last` a span that cannot be finalized yet is encoded as it is.
    """
    drafts: list[PartialRow] = []
    hook_rows: list[tuple[Any, Future[None] | None]] = []
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
            hook_rows.append((line, future))
    encoded = encode(drafts, compressor)
    rows = [EncodedSpan(SpanRow(row, line), future) for row, (line, future) in zip(encoded, hook_rows, strict=True)]
    return EncodeResult(rows, later, failed)


def _whole(span: Span | SpanSource) -> Span:
    return span if isinstance(span, Span) else span.span()


def _refuse(arrival: PendingSpan, companion: TransactionHook | None, error: Exception) -> None:
    """Report to the hook and the caller that a span cannot be stored."""
    if companion is not None and arrival.along is not None:
        companion.lost(arrival.along)
    if arrival.future is not None:
        invalid = InvalidInput(f"span {arrival.span.id} cannot be stored: {error}", "fix the span")
        resolve(arrival.future, error if isinstance(error, VongError) else invalid)
