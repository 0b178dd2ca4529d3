"""Recording of model calls: price, export, span, ledger row, and the record for the case of a crash."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

import msgspec

from vong.app.call_prices import CallPrices
from vong.app.otlp_exports import enqueue_export
from vong.app.platform import Platform
from vong.gateway.accounting.call_record import CallRecord, decode_head, decode_record, encode_call, encode_compact_call
from vong.gateway.accounting.ledger_writer import LedgerContext
from vong.gateway.fastpath.record import CompactCallRecord, ledger_row, restore_span
from vong.gateway.limits.quota import Reservation
from vong.records import Span
from vong.records.record import replace_trusted
from vong.records.span import ATTEMPT_KIND
from vong.store.spans.disk_buffer import FinalizedSpan

RestoredCall = tuple[UUID, Span, LedgerContext]

log = logging.getLogger(__name__)


class CallRecorder:
    """Recorder of the calls of one server process.

    `find_address` returns the address of a provider of a project. `count_cost` counts the cost of a call.
    """

    def __init__(
        self,
        platform: Platform,
        prices: CallPrices,
        server_id: UUID,
        find_address: Callable[[UUID, str], str | None],
        count_cost: Callable[[str | None, str, int], None],
    ) -> None:
        self._platform = platform
        self._prices = prices
        self._server_id = server_id
        self._find_address = find_address
        self._count_cost = count_cost

    def record(self, project_id: UUID, span: Span, tags: tuple[str, ...], reservation: Reservation | None) -> None:
        """Queue a span; the span writer adds its cost and ledger row. A child span (an attempt) has no ledger row."""
        writer = self._platform.span_writer
        if span.kind == ATTEMPT_KIND:
            writer.append_durable(project_id, enqueue_export(self._platform, span))
            return
        context = LedgerContext(tags, reservation)
        record = encode_call(project_id, span, context, self._server_id)
        writer.enqueue(project_id, span, partial(self._price_span, project_id), context, record)
        writer.crash_log.finish(span.id)

    def record_compact(self, record: CompactCallRecord) -> None:
        """Queue the compact record of a fast-path call."""
        plan = record.plan
        self._platform.span_writer.enqueue(
            plan.principal.project_id,
            record,
            self._finalize,
            LedgerContext(plan.subjects.tags, record.reservation),
            encode_compact_call(plan.call_head, record.fields(), record.reservation, self._server_id),
        )

    def record_start(
        self, project_id: UUID, span: Span, tags: tuple[str, ...], reservation: Reservation | None
    ) -> None:
        """Record a call that is still running, with its span up to now, for the case that the server is killed."""
        record = encode_call(project_id, span, LedgerContext(tags, reservation), self._server_id, started=True)
        if record is not None:
            self._platform.span_writer.crash_log.start(span.id, record)

    def restore(self, records: Sequence[bytes]) -> None:
        """Queue the spans of the calls of a server that was killed. Spans that are stored already stay as they are."""
        complete, started = dict[UUID, RestoredCall](), dict[UUID, RestoredCall]()
        for data in records:
            try:
                record = decode_record(data)
                project_id, span, context = restore_call(record)
            except (msgspec.MsgspecError, ValueError, TypeError) as error:  # the machine crashed during a write
                log.warning("a record of a call of the server that was killed cannot be read: %s", error)
            else:
                (started if record.started else complete)[span.id] = project_id, span, context
        for project_id, span, context in ({**started, **complete}).values():
            self._platform.span_writer.enqueue(
                project_id,
                span,
                partial(self._price_span, project_id),
                context,
                encode_call(project_id, span, context, context.server_id or self._server_id),
            )
        log.warning("recovered %d calls that were answered shortly before a server was killed", len(complete))

    def _finalize(self, record: CompactCallRecord) -> Span | FinalizedSpan:
        """Build the span of a compact record, with its cost, for the span writer."""
        plan, usage = record.plan, record.billed_usage()
        if usage.cost:
            self._count_cost(plan.target.versions.route, plan.target.provider_name, usage.cost)
        row = None if self._platform.exporters else record.build_row(usage)
        if row is None:
            return enqueue_export(self._platform, replace_trusted(record.span(), usage=usage))
        return FinalizedSpan(row, ledger_row(record, usage, row.id, self._server_id))

    def _price_span(self, project_id: UUID, span: Span) -> Span:
        """Return the span with its cost, queued for export."""
        name = str(span.attributes.get("gen_ai.provider.name"))
        priced = self._prices.price_span(project_id, span, self._find_address(project_id, name))
        if priced.usage.cost:
            self._count_cost(priced.versions.route, name, priced.usage.cost)
        return enqueue_export(self._platform, priced)


def restore_call(record: CallRecord) -> RestoredCall:
    """Return the call of a record. Raises ValueError, TypeError or MsgspecError if the record is damaged."""
    head = decode_head(record.head)
    span = head.restore_span()
    if record.compact is not None:
        span = restore_span(span, bytes(head.attributes), record.compact)
    return head.project_id, span, LedgerContext(head.tags, None, record.reserved, record.server_id)
