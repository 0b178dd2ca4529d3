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
from vong.store.spans.schema import PartialRow, build_partial_row, encode_rows


class EncodeResult(NamedTuple):
    """Result of encoding. The failures are already reported to the callers and the hook."""

    rows: list[EncodedSpan]
    failed: list[PendingSpan]

    @property
    def size(self) -> int:
        """Return the bytes of the rows."""
        return sum([len(one.row.encoded.row) for one in self.rows])


def encode_batch(
    pending: Sequence[PendingSpan],
    hook: TransactionHook | None,
    compressor: zstandard.ZstdCompressor,
) -> EncodeResult:
    """Encode spans, together with the rows of the transaction hook."""
    drafts: list[PartialRow] = []
    hook_rows: list[tuple[Any, Future[None] | None, int]] = []
    failed: list[PendingSpan] = []
    for arrival in pending:
        project_id, span, future, finish, along, generation = arrival
        try:
            finished = finish(span) if finish else span
            if isinstance(finished, FinalizedSpan):
                one, line = finished
            else:
                whole = _build_span(finished)
                one = build_partial_row(project_id, whole)
                line = hook.build_row(project_id, whole, along) if hook and along is not None else None
        except (VongError, msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError) as error:
            failed.append(arrival)
            _report_failure(arrival, hook, error)
        else:
            drafts.append(one)
            hook_rows.append((line, future, generation))
    encoded = encode_rows(drafts, compressor)
    rows = [
        EncodedSpan(SpanRow(row, line), future, generation)
        for row, (line, future, generation) in zip(encoded, hook_rows, strict=True)
    ]
    return EncodeResult(rows, failed)


def _build_span(span: Span | SpanSource) -> Span:
    return span if isinstance(span, Span) else span.span()


def _report_failure(pending: PendingSpan, hook: TransactionHook | None, error: Exception) -> None:
    """Report to the hook and the caller that a span cannot be stored."""
    if hook is not None and pending.hook_context is not None:
        hook.on_dropped(pending.hook_context)
    if pending.future is not None:
        invalid = InvalidInput(f"span {pending.span.id} cannot be stored: {error}", "fix the span")
        resolve(pending.future, error if isinstance(error, VongError) else invalid)
