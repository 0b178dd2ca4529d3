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

COPY_ROWS = """
    COPY gateway_ledger
        (project_id, id, started_at, key, "user", model, route, tags, input_tokens, output_tokens, cached_tokens, cost,
         failed)
    FROM STDIN (FORMAT BINARY)
"""
INSERT_MISSING_ROWS = """
    INSERT INTO gateway_ledger
        (project_id, id, started_at, key, "user", model, route, tags, input_tokens, output_tokens, cached_tokens, cost,
         failed)
    SELECT p, i, t, k, u, m, r, string_to_array(g, chr(31)), n, o, c, s, f
    FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                %s::int8[], %s::int8[], %s::int8[], %s::int8[], %s::bool[])
         AS line (p, i, t, k, u, m, r, g, n, o, c, s, f)
    ON CONFLICT DO NOTHING RETURNING id
"""
FIELD_COUNT = copy_format.pack_field_count(13)
SETTLE_BUDGET = """
    WITH counted AS (
        UPDATE gateway_counters SET used = used + %s WHERE limit_id = %s AND subject = %s AND window_start = %s
        RETURNING limit_id, subject, window_start
    )
    UPDATE gateway_leases AS held SET amount = greatest(amount - %s, 0) FROM counted
    WHERE held.limit_id = counted.limit_id AND held.subject = counted.subject
        AND held.window_start = counted.window_start AND held.server_id = %s
"""
"""Settles a budget. Locks the counter first, in the same order as grants."""


class LedgerContext(msgspec.Struct):
    """Context of a span for its ledger row.

    `reserved` are the amounts reserved of budgets by the server `server_id`, if that is not this server.
    """

    tags: tuple[str, ...]
    reservation: Reservation | None
    reserved: tuple[tuple[CounterKey, int], ...] = ()
    server_id: UUID | None = None


class BudgetCharge(msgspec.Struct, array_like=True):
    """Amount reserved of a budget, and the cost that counts."""

    counter_key: CounterKey
    reserved: int
    cost: int


class LedgerRow(msgspec.Struct, array_like=True):
    """Row of the ledger, with the budgets that it settles and the server that reserved them."""

    project_id: UUID
    id: UUID
    started_at: datetime
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
    server_id: UUID

    def encode_copy(self) -> bytes:
        """Encode the row for binary COPY."""
        fields = [
            FIELD_COUNT,
            copy_format.pack_uuid(self.project_id),
            copy_format.pack_uuid(self.id),
            copy_format.pack_timestamptz(self.started_at),
            copy_format.pack_cached_text(self.key),
            copy_format.NULL if self.user is None else copy_format.pack_text(self.user),
            copy_format.pack_cached_text(self.model),
            copy_format.pack_cached_text(self.route),
            copy_format.pack_text_array(self.tags) if self.tags else copy_format.EMPTY_TEXT_ARRAY,
            copy_format.pack_cached_int8(self.input_tokens),
            copy_format.pack_cached_int8(self.output_tokens),
            copy_format.pack_cached_int8(self.cached_tokens),
            copy_format.pack_cached_int8(self.cost),
            copy_format.pack_boolean(self.failed),
        ]
        return b"".join(fields)


_decode_row = msgspec.msgpack.Decoder(LedgerRow).decode


class LedgerWriter:
    """Transaction hook of the span writer: writes the ledger row of each call."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    def build_row(self, project_id: UUID, span: Span, hook_context: LedgerContext) -> LedgerRow:
        """Build the ledger row of a span."""
        usage = span.usage
        budgets = [
            BudgetCharge(quota.counter_key, amount, budget_cost(span, amount))
            for quota, amount in (hook_context.reservation.amounts if hook_context.reservation else ())
            if quota.limit.metric == "cost"
        ]
        budgets += [BudgetCharge(key, amount, budget_cost(span, amount)) for key, amount in hook_context.reserved]
        return LedgerRow(
            project_id,
            span.id,
            span.started_at,
            span.key,
            span.user,
            span.model,
            span.versions.route,
            hook_context.tags,
            usage.input_tokens,
            usage.output_tokens,
            usage.cached_tokens,
            usage.cost,
            span.status == "error",
            budgets,
            hook_context.server_id or self._limiter.server_id,
        )

    def decode_row(self, packed: bytes) -> LedgerRow:
        """Decode a row from the disk buffer, perhaps of a server that is gone."""
        return _decode_row(packed)

    def write(self, connection: psycopg.Connection[Any], rows: Sequence[LedgerRow], *, fresh: bool) -> None:
        """Write rows and settle their budgets in the transaction that writes the spans."""
        new_rows = self._copy_rows(connection, rows) if fresh else self._insert_missing(connection, rows)
        for counter_key, server_id, _, cost in sorted(_sum_charges(new_rows)):  # a fixed order prevents deadlocks
            connection.execute(SETTLE_BUDGET, (cost, *counter_key, cost, server_id))

    def on_spooled(self, rows: Sequence[LedgerRow]) -> None:
        """Hold the cost of rows that are in the disk buffer until they are in the database."""
        for counter_key, _, reserved, cost in _sum_charges(rows):
            self._limiter.hold_cost(counter_key, reserved, cost)

    def on_committed(self, rows: Sequence[LedgerRow], *, spooled: bool) -> None:
        """Settle the cost of rows that are committed. `spooled` marks rows that came from the disk buffer."""
        for counter_key, server_id, reserved, cost in _sum_charges(rows):
            if server_id != self._limiter.server_id:
                continue  # the reservation of another server was released with its leases
            if spooled:
                self._limiter.release_cost(counter_key, cost)
            else:
                self._limiter.settle_cost(counter_key, reserved, cost)

    def on_dropped(self, hook_context: LedgerContext) -> None:
        """Settle a span that is never written. Its reserved amount counts as used, because its cost is unknown."""
        for quota, amount in hook_context.reservation.amounts if hook_context.reservation else ():
            if quota.limit.metric == "cost":
                self._limiter.settle_cost(quota.counter_key, amount, amount)

    def _copy_rows(self, connection: psycopg.Connection[Any], rows: Sequence[LedgerRow]) -> Sequence[LedgerRow]:
        with connection.cursor() as cursor, cursor.copy(COPY_ROWS) as copy:
            copy.write(
                b"".join([copy_format.COPY_HEADER, *[row.encode_copy() for row in rows], copy_format.COPY_TRAILER])
            )
        return rows

    def _insert_missing(self, connection: psycopg.Connection[Any], rows: Sequence[LedgerRow]) -> Sequence[LedgerRow]:
        """Write the rows that do not exist yet and return them."""
        fields = [list(column) for column in zip(*[msgspec.structs.astuple(row)[:13] for row in rows], strict=True)]
        fields[7] = [chr(31).join(tags) for tags in fields[7]]
        new_ids = {row_id[0] for row_id in connection.execute(INSERT_MISSING_ROWS, fields).fetchall()}
        return [row for row in rows if row.id in new_ids]


def _sum_charges(rows: Sequence[LedgerRow]) -> list[tuple[CounterKey, UUID, int, int]]:
    """Sum reserved amounts and costs of rows by budget and server.

    Rows of this process share their key objects and are summed by object identity first, because comparing keys takes
    longer than the rest.
    """
    sums: dict[tuple[int, int], list[Any]] = {}
    for row in rows:
        for budget in row.budgets:
            key = id(budget.counter_key), id(row.server_id)
            total = sums.get(key)
            if total is None:
                sums[key] = [budget.counter_key, row.server_id, budget.reserved, budget.cost]
            else:
                total[2] += budget.reserved
                total[3] += budget.cost
    total = dict[tuple[CounterKey, UUID], tuple[int, int]]()
    for counter_key, server_id, reserved, cost in sums.values():
        previous = total.get((counter_key, server_id), (0, 0))
        total[counter_key, server_id] = previous[0] + reserved, previous[1] + cost
    return [(*owner, *totals) for owner, totals in total.items()]


def budget_cost(span: Span, reserved: int) -> int:
    """Return the amount that a budget counts for a span.

    The amount is the cost if known, 0 for a failure without reported tokens, else the reserved amount.
    """
    if span.usage.cost is not None:
        return span.usage.cost
    failed = span.status == "error" and span.usage.output_tokens is None
    return 0 if failed else reserved
