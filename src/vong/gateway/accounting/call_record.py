"""Records of calls in the crash log, from which spans and ledger rows are restored after a kill of the server."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from vong.gateway.accounting.ledger_writer import LedgerContext
from vong.gateway.limits.leases import CounterKey
from vong.gateway.limits.quota import Reservation
from vong.records import Span

CompactFields = tuple[bytes, int, float, bytes, bytes]
"""Fields of a call of the fast path: the number of its span, the time of arrival in microseconds since 2000, the
duration in milliseconds, and the bodies of request and response."""


class CallHead(msgspec.Struct, array_like=True):
    """What the calls of a plan, or one call, share: the project, the tags and the fields of the span."""

    project_id: UUID
    tags: tuple[str, ...]
    span: msgspec.Raw
    attributes: msgspec.Raw = msgspec.Raw(b"{}")

    def restore_span(self) -> Span:
        """Return the span. Raises ValueError if it is invalid."""
        return Span.model_validate(msgspec.json.decode(self.span))


class CallRecord(msgspec.Struct, array_like=True):
    """Record of a call. `reserved` are the amounts reserved of budgets by the server `server_id`.

    `head` is JSON of a CallHead. `compact` is set for a call of the fast path. `started` marks a call that was still
    running.
    """

    head: bytes
    server_id: UUID
    reserved: tuple[tuple[CounterKey, int], ...] = ()
    started: bool = False
    compact: CompactFields | None = None


_encode_record = msgspec.msgpack.Encoder().encode
decode_record = msgspec.msgpack.Decoder(CallRecord).decode
decode_head = msgspec.json.Decoder(CallHead).decode


def encode_head(project_id: UUID, tags: Sequence[str], span: Span, attributes: bytes = b"{}") -> bytes:
    """Return the JSON of a CallHead. Raises TypeError or ValueError if a value of the span is not JSON."""
    fields = msgspec.Raw(msgspec.json.encode(span.__dict__, enc_hook=_record_fields))
    return msgspec.json.encode(CallHead(project_id, tuple(tags), fields, msgspec.Raw(attributes)))


def encode_call(
    project_id: UUID, span: Span, context: LedgerContext, server_id: UUID, *, started: bool = False
) -> bytes | None:
    """Return the record of a call, or None if a value of its span is not JSON."""
    try:
        head = encode_head(project_id, context.tags, span)
    except (TypeError, ValueError, RecursionError):
        return None
    return _encode_record(CallRecord(head, server_id, reserved_budgets(context.reservation), started))


def encode_compact_call(head: bytes, fields: CompactFields, reservation: Reservation | None, server_id: UUID) -> bytes:
    """Return the record of a call of the fast path. `head` is that of its plan."""
    return _encode_record(CallRecord(head, server_id, reserved_budgets(reservation), compact=fields))


def reserved_budgets(reservation: Reservation | None) -> tuple[tuple[CounterKey, int], ...]:
    """Return the amounts that a call has reserved of budgets."""
    if reservation is None:
        return ()
    return tuple([(quota.counter_key, amount) for quota, amount in reservation.amounts if quota.limit.metric == "cost"])


def _record_fields(value: Any) -> Any:
    return value.__dict__
