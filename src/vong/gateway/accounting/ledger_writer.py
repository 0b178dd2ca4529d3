"""Ledger writer: one row per call, written in the transaction of its span, which also settles budgets.

The sum of the ledger therefore equals the sum over the spans and the usage of the budgets. After a crash all three are
stored, or none.
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
"""Settles a budget. Locks the counter first, in the same order as grants."""


class LedgerContext(msgspec.Struct):
    """Context of a span for its ledger row."""

    tags: tuple[str, ...]
    ticket: Reservation | None


class BudgetCharge(msgspec.Struct, array_like=True):
    """Amount reserved of a budget, and the cost that counts."""

    place: CounterKey
    reserved: int
    cost: int


class LedgerRow(msgspec.Struct, array_like=True):
    """Row of the ledger, with the budgets that it settles and the server that reserved them."""

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
        """Encode the row for binary COPY."""
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
    """Transaction hook of the span writer: writes the ledger row of each call."""

    def __init__(self, limiter: Limiter) -> None:
        self._admission = limiter

    def line(self, project_id: UUID, span: Span, along: LedgerContext) -> LedgerRow:
        """Build the ledger row of a span."""
        usage = span.usage
        budgets = [
            BudgetCharge(quota.place, amount, cost_of(span, amount))
            for quota, amount in (along.ticket.holds if along.ticket else ())
            if quota.limit.what == "cost"
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
        """Decode a row from the disk buffer, perhaps of a server that is gone."""
        return _read(packed)

    def within(self, connection: psycopg.Connection[Any], lines: Sequence[LedgerRow], *, fresh: bool) -> None:
        """Write rows and settle their budgets in the transaction that writes the spans."""
        new_rows = self._copied(connection, lines) if fresh else self._merged(connection, lines)
        for counter_key, server_id, _, cost in sorted(_spent(new_rows)):  # a fixed order prevents deadlocks
            connection.execute(SPEND, (cost, *counter_key, cost, server_id))

    def kept(self, lines: Sequence[LedgerRow]) -> None:
        """Hold the cost of rows that are in the disk buffer until they are in the database."""
        for counter_key, _, reserved, cost in _spent(lines):
            self._admission.owed(counter_key, reserved, cost)

    def after(self, lines: Sequence[LedgerRow], *, kept: bool) -> None:
        """Settle the cost of rows that are committed. `spooled` marks rows that came from the disk buffer."""
        for counter_key, server_id, reserved, cost in _spent(lines):
            if server_id != self._admission.worker:
                continue  # the reservation of another server was released with its leases
            if kept:
                self._admission.paid(counter_key, cost)
            else:
                self._admission.settled(counter_key, reserved, cost)

    def lost(self, along: LedgerContext) -> None:
        """Settle a span that is never written. Its reserved amount counts as used, because its cost is unknown."""
        for quota, amount in along.ticket.holds if along.ticket else ():
            if quota.limit.what == "cost":
                self._admission.settled(quota.place, amount, amount)

    def _copied(self, connection: psycopg.Connection[Any], rows: Sequence[LedgerRow]) -> Sequence[LedgerRow]:
        with connection.cursor() as cursor, cursor.copy(COPY) as copy:
            copy.write(b"".join([copy_format.HEAD, *[row.packed() for row in rows], copy_format.TAIL]))
        return rows

    def _merged(self, connection: psycopg.Connection[Any], rows: Sequence[LedgerRow]) -> Sequence[LedgerRow]:
        """Write the rows that do not exist yet and return them."""
        fields = [list(column) for column in zip(*[msgspec.structs.astuple(row)[:13] for row in rows], strict=True)]
        fields[7] = [chr(31).join(tags) for tags in fields[7]]
        new_ids = {row_id[0] for row_id in connection.execute(WRITE, fields).fetchall()}
        return [row for row in rows if row.id in new_ids]


def _spent(rows: Sequence[LedgerRow]) -> list[tuple[CounterKey, UUID, int, int]]:
    """Sum reserved amounts and costs of rows by budget and server.

    Rows of this process share their key objects and are summed by object identity first, because comparing keys takes
    longer than the rest.
    """
    sums: dict[tuple[int, int], list[Any]] = {}
    for row in rows:
        for budget in row.budgets:
            key = id(budget.place), id(row.worker)
            total = sums.get(key)
            if total is None:
                sums[key] = [budget.place, row.worker, budget.reserved, budget.cost]
            else:
                total[2] += budget.reserved
                total[3] += budget.cost
    total = dict[tuple[CounterKey, UUID], tuple[int, int]]()
    for counter_key, server_id, reserved, cost in sums.values():
        previous = total.get((counter_key, server_id), (0, 0))
        total[counter_key, server_id] = previous[0] + reserved, previous[1] + cost
    return [(*owner, *totals) for owner, totals in total.items()]


def cost_of(span: Span, reserved: int) -> int:
    """Return the amount that a budget counts for a span.

    The amount is the cost if known, 0 for a failure without reported tokens, else the reserved amount.
    """
    if span.usage.cost is not None:
        return span.usage.cost
    failed = span.status == "error" and span.usage.output_tokens is None
    return 0 if failed else reserved
