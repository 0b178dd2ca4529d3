"""Compact record of a call on the fast path: what its span has beyond the plan.

Nothing is encoded on the event loop. The span writer encodes it, usually with the row template of the plan.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from vong.gateway.accounting.call_record import CompactFields
from vong.gateway.accounting.ledger_writer import BudgetCharge, LedgerRow
from vong.gateway.endpoints.stream import parse_usage
from vong.gateway.fastpath.plan import UNKNOWN_USAGE, FastPathPlan
from vong.gateway.limits.quota import Reservation
from vong.gateway.pricing.token_types import USAGE_ATTRIBUTE, used_types
from vong.records import Span, Usage
from vong.records.record import construct_trusted, replace_trusted, uuid_from_int
from vong.records.usage import MAX_TOKENS
from vong.store.spans.copy_format import POSTGRES_EPOCH
from vong.store.spans.preview import HIDDEN_ROLES, MAX_PREVIEW_CHARS, build_chat_preview
from vong.store.spans.row_template import SpanFields
from vong.store.spans.schema import PartialRow, has_unstorable_text

_encode = msgspec.json.encode


class _Message(msgspec.Struct):
    role: str | None = None
    content: str | None = None
    tool_calls: list[msgspec.Raw] | None = None
    text: None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None
    error: None = None


class _UsageFields(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: dict[str, Any] | None = None
    completion_tokens_details: dict[str, Any] | None = None
    prompt_cache_hit_tokens: int | None = None
    cached_tokens: int | None = None


class ParsedCompletion(msgspec.Struct):
    """Decoded plain completion: one choice with text, and no error."""

    choices: list[_Choice]
    id: str | None = None
    model: str | None = None
    usage: _UsageFields | None = None
    error: None = None
    errors: None = None
    messages: None = None

    @property
    def text(self) -> str | None:
        """Return the text of the completion, or None if it is not a plain one."""
        if len(self.choices) != 1:
            return None
        if self.choices[0].finish_reason == "error":
            return None
        message = self.choices[0].message
        return message.content if not message.tool_calls and message.role not in HIDDEN_ROLES else None


_decode_completion = msgspec.json.Decoder(ParsedCompletion).decode
_decode_any = msgspec.json.Decoder().decode


def parse_completion(body: bytes) -> ParsedCompletion | None:
    """Decode a response body, or return None if it is not a plain completion."""
    try:
        if not body.isascii():
            body.decode()
        found = _decode_completion(body)
        _decode_any(body)  # raises for a number out of range in a field that is not read, as the slow path does
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if found.text and (found.usage is None or _has_counts(found.usage)) else None


def _has_counts(usage: _UsageFields) -> bool:
    """Return True if both counts are valid. The slow path looks for a missing one elsewhere."""
    counts = usage.prompt_tokens, usage.completion_tokens
    return all(count is not None and 0 <= count <= MAX_TOKENS for count in counts)


class CompactCallRecord(msgspec.Struct):
    """Record of a call that was answered as requested.

    `span_number` is the number of the span's UUID, `arrived_at_us` is in microseconds since 2000. `request_body` and
    `response_body` are the bodies, `completion` is the decoded response.
    """

    plan: FastPathPlan
    span_number: int
    arrived_at_us: int
    duration_ms: float
    request_body: bytes
    response_body: bytes
    completion: ParsedCompletion
    usage: Usage
    token_counts: Mapping[str, int]
    reservation: Reservation | None

    @property
    def started_at(self) -> datetime:
        """Return the time of arrival."""
        return POSTGRES_EPOCH + timedelta(microseconds=self.arrived_at_us)

    @property
    def id(self) -> UUID:
        """Return the id of the span."""
        return uuid_from_int(self.span_number)

    def billed_usage(self) -> Usage:
        """Return the usage with its cost if the price is known."""
        price = self.plan.price
        cost = price.cost_of_usage(self.usage, self.token_counts) if price is not None else None
        return self.usage if cost is None else replace_trusted(self.usage, cost=cost)

    def build_row(self, usage: Usage) -> PartialRow | None:
        """Return the row of the span with the given usage, or None if the row template cannot encode it."""
        plan, answer, body = self.plan, self.completion, self.request_body
        attributes = self._encode_attributes()
        if has_unstorable_text(attributes):
            return None
        input_preview, output_preview = build_chat_preview(body), (answer.text or "")[:MAX_PREVIEW_CHARS]
        bodies = b'{"input":%b,"output":%b}' % (body, self.response_body)
        return plan.row_template.build_partial_row(
            SpanFields(
                self.span_number,
                self.arrived_at_us,
                self.duration_ms,
                usage,
                attributes,
                input_preview,
                output_preview,
                bodies,
            )
        )

    def span(self) -> Span:
        """Return the complete span, without its cost."""
        return _complete_span(self.plan.span, self.fields(), self.usage, self._encode_attributes())

    def fields(self) -> CompactFields:
        """Return the fields from which `restore_span` builds the span."""
        number = self.span_number.to_bytes(16, "big")
        return number, self.arrived_at_us, self.duration_ms, self.request_body, self.response_body

    def _encode_attributes(self) -> bytes:
        return _encode_attributes(self.plan.attributes, self.completion, self.token_counts)


def restore_span(shared: Span, attributes: bytes, fields: CompactFields) -> Span:
    """Return the span of a call from the fields of its record. `shared` and `attributes` are those of its plan.

    Raises: ValueError if the response is not a plain completion.
    """
    completion = parse_completion(fields[4])
    if completion is None:
        raise ValueError("the response is not a plain completion")
    usage, counts = token_usage(completion)
    return _complete_span(shared, fields, usage, _encode_attributes(attributes[:-1], completion, counts))


def _complete_span(shared: Span, fields: CompactFields, usage: Usage, attributes: bytes) -> Span:
    """Return the span of a call, without its cost."""
    number, arrived_at_us, duration_ms, request_body, response_body = fields
    digits = number.hex()
    return replace_trusted(
        shared,
        id=uuid_from_int(int.from_bytes(number, "big")),
        trace_id=digits,
        span_id=digits[16:],
        started_at=POSTGRES_EPOCH + timedelta(microseconds=arrived_at_us),
        duration_ms=duration_ms,
        usage=usage,
        attributes=msgspec.json.decode(attributes),
        input=msgspec.Raw(request_body),
        output=msgspec.json.decode(response_body),
    )


def _encode_attributes(shared: bytes, answer: ParsedCompletion, token_counts: Mapping[str, int]) -> bytes:
    """Return the JSON of the attributes. `shared` is the JSON of those of the plan, without its closing brace."""
    parts = [shared]
    if answer.model is not None:
        parts.append(b',"gen_ai.response.model":%b' % _encode(answer.model))
    if answer.id is not None:
        parts.append(b',"gen_ai.response.id":%b' % _encode(answer.id))
    parts.append(b',"gen_ai.response.finish_reasons":[%b]' % _encode(answer.choices[0].finish_reason))
    if token_counts:
        parts.append(b',"%b":%b' % (USAGE_ATTRIBUTE.encode(), _encode(token_counts)))
    parts.append(b"}")
    return b"".join(parts)


def ledger_row(record: CompactCallRecord, usage: Usage, id: UUID, worker: UUID) -> LedgerRow:
    """Return the ledger row of a compact record with the usage that is billed."""
    plan, cost, budgets = record.plan, usage.cost, list[BudgetCharge]()
    if record.reservation is not None:
        for share, amount in record.reservation.amounts:
            if share.limit.metric == "cost":
                budgets.append(BudgetCharge(share.counter_key, amount, amount if cost is None else cost))
    subjects, choice = plan.subjects, plan.target
    return LedgerRow(
        plan.principal.project_id,
        id,
        record.started_at,
        subjects.key,
        subjects.user,
        choice.target,
        subjects.route,
        subjects.tags,
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_tokens,
        cost,
        False,
        budgets,
        worker,
    )


def token_usage(answer: ParsedCompletion) -> tuple[Usage, Mapping[str, int]]:
    """Return the usage of a completion, and its token counts by types that have their own price."""
    found = answer.usage
    if found is None:
        return UNKNOWN_USAGE, {}
    details = found.prompt_tokens_details or found.completion_tokens_details
    if details or found.prompt_cache_hit_tokens is not None or found.cached_tokens is not None:
        fields = msgspec.structs.asdict(found)
        return parse_usage(fields), used_types(fields)
    values = {
        "input_tokens": found.prompt_tokens,
        "output_tokens": found.completion_tokens,
        "cached_tokens": None,
        "cost": None,
    }
    return construct_trusted(Usage, values), {}
