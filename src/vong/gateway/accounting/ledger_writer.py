"""The ledger: one line for each call, written in the transaction that writes its span, and its budgets settled with it.

So the sum of the ledger is the sum over the spans, and what a budget counts is what stands in the ledger: after a crash
all three are there or none.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from vong.gateway.limits.leases import CounterKey
from vong.gateway.limits.limiter import Limiter
from vong.gateway.limits.quota import Reservation
from vong.records import Span
from vong.store.spans import copy_format

COPY = """
    COPY gateway_ledger
        (project_id, id, at, key, "user", model, route, tags, input_tokens, output_tokens, cached_tokens, cost,
         failed)
    FROM STDIN (FORMAT BINARY)
"""
WRITE = """
    INSERT INTO gateway_ledger
        (project_id, id, at, key, "user", model, route, tags, input_tokens, output_tokens, cached_tokens, cost,
         failed)
    SELECT p, i, t, k, u, m, r, string_to_array(g, chr(31)), n, o, c, s, f
    FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                %s::int8[], %s::int8[], %s::int8[], %s::int8[], %s::bool[])
         AS line (p, i, t, k, u, m, r, g, n, o, c, s, f)
    ON CONFLICT DO NOTHING RETURNING id
"""
FIELDS = copy_format.count(13)
SPEND = """
    WITH counted AS (
        UPDATE gateway_counters SET used = used + %s WHERE limit_id = %s AND subject = %s AND begins = %s
        RETURNING limit_id, subject, begins
    )
    UPDATE gateway_leases AS held SET amount = greatest(amount - %s, 0) FROM counted
    WHERE held.limit_id = counted.limit_id AND held.subject = counted.subject AND held.begins = counted.begins
        AND held.worker = %s
"""
"""The counter's row is locked first, as whoever grants locks it first."""


class LedgerContext(msgspec.Struct):
    """What comes with the span of a call."""

    tags: tuple[str, ...]
    ticket: Reservation | None


class BudgetCharge(msgspec.Struct, array_like=True):
    """So much was reserved of a budget, and so much counts."""

    place: CounterKey
    reserved: int
    cost: int


class LedgerRow(msgspec.Struct, array_like=True):
    """A line of the ledger, with the budgets that it settles and the server that reserved them."""

    project_id: UUID
    id: UUID
    at: datetime
    key: str | None
    user: str | None
    model: str | None
    route: str | None
    tags: tuple[str, ...]
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    cost: int | None
    failed: bool
    budgets: list[BudgetCharge]
    worker: UUID

    def packed(self) -> bytes:
        """As binary COPY takes it."""
        fields = [
            FIELDS,
            copy_format.uuid(self.project_id),
            copy_format.uuid(self.id),
            copy_format.timestamptz(self.at),
            copy_format.common(self.key),
            copy_format.NULL if self.user is None else copy_format.text(self.user),
            copy_format.common(self.model),
            copy_format.common(self.route),
            copy_format.texts(self.tags) if self.tags else copy_format.NO_TEXTS,
            copy_format.int8(self.input_tokens),
            copy_format.int8(self.output_tokens),
            copy_format.int8(self.cached_tokens),
            copy_format.int8(self.cost),
            copy_format.boolean(self.failed),
        ]
        return b"".join(fields)


_read = msgspec.msgpack.Decoder(LedgerRow).decode


class LedgerWriter:
    """Goes along with the journal of spans: each call's span is added with an `Entry`."""

    def __init__(self, admission: Limiter) -> None:
        self._admission = admission

    def line(self, project_id: UUID, span: Span, along: LedgerContext) -> LedgerRow:
        """The line of a span."""
        usage = span.usage
        budgets = [
            BudgetCharge(share.place, amount, cost_of(span, amount))
            for share, amount in (along.ticket.holds if along.ticket else ())
            if share.limit.what == "cost"
        ]
        return LedgerRow(
            project_id,
            span.id,
            span.started_at,
            span.key,
            span.user,
            span.model,
            span.versions.route,
            along.tags,
            usage.input_tokens,
            usage.output_tokens,
            usage.cached_tokens,
            usage.cost,
            span.status == "error",
            budgets,
            self._admission.worker,
        )

    def read(self, packed: bytes) -> LedgerRow:
        """A line that was kept on disk, perhaps by a server that is gone."""
        return _read(packed)

    def within(self, connection: psycopg.Connection[Any], lines: Sequence[LedgerRow], *, fresh: bool) -> None:
        """Write lines, and settle their budgets, in the transaction that writes their spans."""
        new = self._copied(connection, lines) if fresh else self._merged(connection, lines)
        for place, worker, _, cost in sorted(_spent(new)):  # in one order everywhere: no two wait for each other
            connection.execute(SPEND, (cost, *place, cost, worker))

    def kept(self, lines: Sequence[LedgerRow]) -> None:
        """They are safe on disk: what they cost is known, and is owed until it is written."""
        for place, _, reserved, cost in _spent(lines):
            self._admission.owed(place, reserved, cost)

    def after(self, lines: Sequence[LedgerRow], *, kept: bool) -> None:
        """They are written."""
        for place, worker, reserved, cost in _spent(lines):
            if worker != self._admission.worker:
                continue  # what another server reserved goes with it
            if kept:
                self._admission.paid(place, cost)
            else:
                self._admission.settled(place, reserved, cost)

    def lost(self, along: LedgerContext) -> None:
        """A span will never be written: what it reserved counts as used, for its cost is not known."""
        for share, amount in along.ticket.holds if along.ticket else ():
            if share.limit.what == "cost":
                self._admission.settled(share.place, amount, amount)

    def _copied(self, connection: psycopg.Connection[Any], lines: Sequence[LedgerRow]) -> Sequence[LedgerRow]:
        with connection.cursor() as cursor, cursor.copy(COPY) as copy:
            copy.write(b"".join([copy_format.HEAD, *[line.packed() for line in lines], copy_format.TAIL]))
        return lines

    def _merged(self, connection: psycopg.Connection[Any], lines: Sequence[LedgerRow]) -> Sequence[LedgerRow]:
        """Write what is not there yet, and give that."""
        fields = [list(column) for column in zip(*[msgspec.structs.astuple(line)[:13] for line in lines], strict=True)]
        fields[7] = [chr(31).join(tags) for tags in fields[7]]
        new = {found[0] for found in connection.execute(WRITE, fields).fetchall()}
        return [line for line in lines if line.id in new]


def _spent(lines: Sequence[LedgerRow]) -> list[tuple[CounterKey, UUID, int, int]]:
    """What lines reserved and spent of each budget, by the server that reserved it. Lines that were made here have the
    same places, and are added up by that first: to compare places takes longer than all the rest.
    """
    sums: dict[tuple[int, int], list[Any]] = {}
    for line in lines:
        for budget in line.budgets:
            key = id(budget.place), id(line.worker)
            found = sums.get(key)
            if found is None:
                sums[key] = [budget.place, line.worker, budget.reserved, budget.cost]
            else:
                found[2] += budget.reserved
                found[3] += budget.cost
    found = dict[tuple[CounterKey, UUID], tuple[int, int]]()
    for place, worker, reserved, cost in sums.values():
        before = found.get((place, worker), (0, 0))
        found[place, worker] = before[0] + reserved, before[1] + cost
    return [(*whose, *amounts) for whose, amounts in found.items()]


def cost_of(span: Span, reserved: int) -> int:
    """What a budget counts: the cost; nothing for a failure that nobody counted tokens of, the worst case for an
    answer whose price or tokens are not known.
    """
    if span.usage.cost is not None:
        return span.usage.cost
    failed = span.status == "error" and span.usage.output_tokens is None
    return 0 if failed else reserved
