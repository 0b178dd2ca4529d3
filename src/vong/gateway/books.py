"""The ledger: one line for each call, written in the transaction that writes its span, and its budgets settled with it.

So the sum of the ledger is the sum over the spans, and what a budget counts is what stands in the ledger: after a crash
all three are there or none.
"""

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from vong.gateway.admission import Admission, Ticket
from vong.gateway.leases import Place
from vong.records import Span
from vong.store.spans import COLUMNS, Encoded

AT = {name: COLUMNS.index(name) for name in COLUMNS}
COPIED = ("key", "user", "model", "route")
COUNTED = ("input_tokens", "output_tokens", "cached_tokens", "cost")
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
LOCK = """
    SELECT used FROM gateway_counters WHERE limit_id = %s AND subject = %s AND begins = %s FOR UPDATE
"""
SPEND = """
    UPDATE gateway_counters SET used = used + %s WHERE limit_id = %s AND subject = %s AND begins = %s
"""
FREE = """
    UPDATE gateway_leases SET amount = greatest(amount - %s, 0)
    WHERE limit_id = %s AND subject = %s AND begins = %s AND worker = %s
"""


@dataclass(slots=True)
class Entry:
    """A call whose span is on its way to the database."""

    tags: tuple[str, ...]
    ticket: Ticket | None


class Books:
    """Goes along with the journal of spans. `expect` each call's span before it is appended."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._expected: dict[UUID, Entry] = {}
        self._lock = threading.Lock()

    def expect(self, span: Span, tags: tuple[str, ...], ticket: Ticket | None) -> None:
        """A call's span comes next."""
        with self._lock:
            self._expected[span.id] = Entry(tags, ticket)

    def within(self, connection: psycopg.Connection[Any], batch: Sequence[Encoded]) -> None:
        """Write the lines of these spans, and settle their budgets, in the transaction that writes them."""
        lines = [(row.row, entry) for row in batch if (entry := self._expected.get(row.row[AT["id"]])) is not None]
        if not lines:
            return
        columns = [
            [row[AT["project_id"]] for row, _ in lines],
            [row[AT["id"]] for row, _ in lines],
            [row[AT["started_at"]] for row, _ in lines],
            *([row[AT[name]] for row, _ in lines] for name in COPIED),
            [chr(31).join(entry.tags) for _, entry in lines],
            *([row[AT[name]] for row, _ in lines] for name in COUNTED),
            [row[AT["status"]] == "error" for row, _ in lines],
        ]
        new = {found[0] for found in connection.execute(WRITE, columns).fetchall()}
        spent: defaultdict[Place, int] = defaultdict(int)
        for row, entry in lines:
            if row[AT["id"]] not in new or entry.ticket is None:
                continue
            for share, amount in entry.ticket.holds:
                if share.limit.what == "cost":
                    spent[share.place] += cost_of(row, amount)
        for place, amount in sorted(spent.items()):  # in one order everywhere, so that no two wait for each other
            connection.execute(LOCK, place)
            connection.execute(SPEND, (amount, *place))
            connection.execute(FREE, (amount, *place, self._admission.worker))

    def after(self, batch: Sequence[Encoded]) -> None:
        """The transaction is committed."""
        for encoded in batch:
            with self._lock:
                entry = self._expected.pop(encoded.row[AT["id"]], None)
            if entry is not None and entry.ticket is not None:
                for hold in entry.ticket.holds:
                    self._admission.settled(hold, cost_of(encoded.row, hold.amount))

    def lost(self, span: Span) -> None:
        """A span will never be written: what it reserved counts as used, for its cost is not known."""
        with self._lock:
            entry = self._expected.pop(span.id, None)
        if entry is not None and entry.ticket is not None:
            for hold in entry.ticket.holds:
                self._admission.settled(hold, hold.amount)


def cost_of(row: tuple[Any, ...], reserved: int) -> int:
    """What a budget counts: the cost; nothing for a failure that nobody counted tokens of, the worst case for an
    answer whose price or tokens are not known.
    """
    cost = row[AT["cost"]]
    if cost is not None:
        return int(cost)
    failed = row[AT["status"]] == "error" and row[AT["output_tokens"]] is None
    return 0 if failed else reserved
