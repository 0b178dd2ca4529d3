"""A plain call told in brief: what its span has of its own, beside the lane that says the rest. Nothing is packed or
put together on the event loop; the writer of spans does that, most often by the lane's template.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from vong.gateway.accounting.ledger_writer import BudgetCharge, LedgerRow
from vong.gateway.endpoints.stream import usage_of
from vong.gateway.fastpath.plan import UNKNOWN, FastPathPlan
from vong.gateway.limits.quota import Reservation
from vong.gateway.pricing.token_types import ATTRIBUTE, counted
from vong.records import Span, Usage
from vong.records.record import changed, known, uuid_of
from vong.records.usage import MOST_TOKENS
from vong.store.spans.copy_format import EPOCH
from vong.store.spans.preview import PREVIEW, UNSPOKEN, preview_of_chat
from vong.store.spans.row_template import SpanFields
from vong.store.spans.schema import PartialRow, unfit

_encode = msgspec.json.encode


class _Message(msgspec.Struct):
    role: str | None = None
    content: str | None = None
    tool_calls: list[msgspec.Raw] | None = None
    text: None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Used(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: dict[str, Any] | None = None
    completion_tokens_details: dict[str, Any] | None = None


class ParsedCompletion(msgspec.Struct):
    """What is read of a plain answer: one choice of text, and no error."""

    choices: list[_Choice]
    id: str | None = None
    model: str | None = None
    usage: _Used | None = None
    error: None = None
    messages: None = None

    @property
    def said(self) -> str | None:
        """Its text; None where it is not a plain one."""
        if len(self.choices) != 1:
            return None
        message = self.choices[0].message
        return message.content if not message.tool_calls and message.role not in UNSPOKEN else None


_answered = msgspec.json.Decoder(ParsedCompletion).decode


def answered(body: bytes) -> ParsedCompletion | None:
    """The answer in a body; None where it is not a plain one, whatever it is."""
    try:
        if not body.isascii():
            body.decode()
        found = _answered(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    used = found.usage
    counts = (used.prompt_tokens or 0, used.completion_tokens or 0) if used is not None else (0, 0)
    return found if found.said and min(counts) >= 0 and max(counts) <= MOST_TOKENS else None


class CompactCallRecord(msgspec.Struct):
    """A call that was answered as asked. `number` is that of its span's UUID, `at` microseconds since 2000; `body` what
    was asked, `reply` what was answered, `answer` what was read of it.
    """

    lane: FastPathPlan
    number: int
    at: int
    duration_ms: float
    body: bytes
    reply: bytes
    answer: ParsedCompletion
    usage: Usage
    kinds: Mapping[str, int]
    ticket: Reservation | None

    @property
    def started_at(self) -> datetime:
        """When the call came."""
        return EPOCH + timedelta(microseconds=self.at)

    @property
    def id(self) -> UUID:
        """The span's."""
        return uuid_of(self.number)

    def billed(self) -> Usage:
        """The usage with what it cost, where the price is known."""
        price = self.lane.price
        cost = price.billed(self.usage, self.kinds) if price is not None else None
        return self.usage if cost is None else changed(self.usage, cost=cost)

    def draft(self, usage: Usage) -> PartialRow | None:
        """The row of the span with that usage; None where it cannot be packed so."""
        lane, answer, body = self.lane, self.answer, self.body
        attributes = self._attributes()
        if unfit(attributes):
            return None
        asked, said = preview_of_chat(body), (answer.said or "")[:PREVIEW]
        bodies = b'{"input":%b,"output":%b}' % (body, self.reply)
        return lane.template.draft(
            SpanFields(self.number, self.at, self.duration_ms, usage, attributes, asked, said, bodies)
        )

    def span(self) -> Span:
        """The whole span, without its cost."""
        digits = f"{self.number:032x}"
        return changed(
            self.lane.span,
            id=self.id,
            trace_id=digits,
            span_id=digits[16:],
            started_at=self.started_at,
            duration_ms=self.duration_ms,
            usage=self.usage,
            attributes=msgspec.json.decode(self._attributes()),
            input=msgspec.Raw(self.body),
            output=msgspec.json.decode(self.reply),
        )

    def _attributes(self) -> bytes:
        answer = self.answer
        parts = [self.lane.attributes]
        if answer.model is not None:
            parts.append(b',"gen_ai.response.model":%b' % _encode(answer.model))
        if answer.id is not None:
            parts.append(b',"gen_ai.response.id":%b' % _encode(answer.id))
        parts.append(b',"gen_ai.response.finish_reasons":[%b]' % _encode(answer.choices[0].finish_reason))
        if self.kinds:
            parts.append(b',"%b":%b' % (ATTRIBUTE.encode(), _encode(self.kinds)))
        parts.append(b"}")
        return b"".join(parts)


def ledger_row(brief: CompactCallRecord, usage: Usage, id: UUID, worker: UUID) -> LedgerRow:
    """Return the ledger row of a compact record with the usage that is billed."""
    lane, cost, budgets = brief.lane, usage.cost, list[BudgetCharge]()
    if brief.ticket is not None:
        for share, amount in brief.ticket.holds:
            if share.limit.what == "cost":
                budgets.append(BudgetCharge(share.place, amount, amount if cost is None else cost))
    subjects, choice = lane.subjects, lane.choice
    return LedgerRow(
        lane.principal.project_id,
        id,
        brief.started_at,
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


def used(answer: ParsedCompletion) -> tuple[Usage, Mapping[str, int]]:
    """The tokens that an answer counts, and of which kinds with a price of their own."""
    found = answer.usage
    if found is None:
        return UNKNOWN, {}
    if found.prompt_tokens_details or found.completion_tokens_details:
        said = msgspec.structs.asdict(found)
        return usage_of(said), counted(said)
    values = {
        "input_tokens": found.prompt_tokens,
        "output_tokens": found.completion_tokens,
        "cached_tokens": None,
        "cost": None,
    }
    return known(Usage, values), {}
