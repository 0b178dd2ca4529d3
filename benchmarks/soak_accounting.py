"""Accounting data of a soak test in PostgreSQL: spans, ledger, budget counters and remaining reservations."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

import httpx
from sqlalchemy import Connection, text

from tests.running_vong import RunningVong
from vong.store.database import Database
from vong.store.postgres import server as postgres_server

WRITE_TIMEOUT_SECONDS = 180.0
"""Maximum time until both servers run again and every span is written."""
RELEASE_TIMEOUT_SECONDS = 180.0
"""Maximum time until nothing is reserved; the quota of a dead server is free after 60 seconds."""
SUMS = """
    SELECT (SELECT count(*) FROM traces_spans WHERE kind <> 'attempt') AS spans,
           (SELECT coalesce(sum(cost), 0) FROM traces_spans WHERE kind <> 'attempt') AS spans_sum,
           (SELECT count(*) FROM gateway_ledger) AS lines,
           (SELECT coalesce(sum(cost), 0) FROM gateway_ledger) AS ledger_sum,
           (SELECT count(*) FROM traces_spans s WHERE kind <> 'attempt'
               AND NOT EXISTS (SELECT FROM gateway_ledger l WHERE l.id = s.id)) AS without_line,
           (SELECT count(*) FROM gateway_ledger l
               WHERE NOT EXISTS (SELECT FROM traces_spans s WHERE s.id = l.id)) AS without_span
"""
COUNTERS = """
    SELECT l.subject_type || ' ' || c.subject || ' ' || l.metric || ' per ' || l."window" AS name, c.used AS counted,
           (SELECT coalesce(sum(cost), 0) FROM gateway_ledger g
               WHERE CASE l.subject_type WHEN 'project' THEN true WHEN 'key' THEN g.key = c.subject
                                 ELSE g."user" = c.subject END) AS summed
    FROM gateway_counters c JOIN gateway_limits l ON l.id = c.limit_id
    WHERE l.metric = 'cost' ORDER BY name
"""
RESERVED = """
    SELECT l.subject_type || ' ' || h.subject || ' ' || l.metric || ' per ' || l."window" AS name,
           sum(h.amount) AS amount
    FROM gateway_leases h JOIN gateway_limits l ON l.id = h.limit_id
    WHERE h.seen_at >= clock_timestamp() - interval '60 seconds' GROUP BY 1 HAVING sum(h.amount) > 0 ORDER BY 1
"""
IDS = "SELECT id FROM traces_spans WHERE kind <> 'attempt'"


class AccountingSnapshot(NamedTuple):
    """Accounting data at the end of a soak test, with amounts in millionths of a dollar.

    `counters` holds for each budget and subject the name, the counter and the sum of the ledger; `memory` is in
    megabytes per server.
    """

    spans: int
    spans_sum: int
    lines: int
    ledger_sum: int
    without_line: int
    without_span: int
    counters: list[tuple[str, int, int]]
    reserved: list[tuple[str, int]]
    ids: set[UUID]
    memory: list[float]

    @property
    def differing(self) -> list[tuple[str, int, int]]:
        """Return the budgets whose counter differs from the sum of the ledger."""
        return [counter for counter in self.counters if counter[1] != counter[2]]


def wait_until_settled(running: RunningVong) -> float | None:
    """Wait until every span is written and nothing is reserved; return the seconds, or None after the timeout."""
    started = time.monotonic()
    while not _all_spans_written(running):
        assert time.monotonic() - started < WRITE_TIMEOUT_SECONDS, (
            f"spans were not written within {WRITE_TIMEOUT_SECONDS:.0f} s{running.logs()}"
        )
        time.sleep(0.2)
    with _owner_connection(running) as connection:
        while _rows(connection, RESERVED):
            if time.monotonic() - started > RELEASE_TIMEOUT_SECONDS:
                return None
            time.sleep(0.2)
    return time.monotonic() - started


def read_accounting(running: RunningVong) -> AccountingSnapshot:
    """Read the accounting data."""
    with _owner_connection(running) as connection:
        sums = {name: int(value) for name, value in _rows(connection, SUMS)[0].items()}
        counters = [(row["name"], int(row["counted"]), int(row["summed"])) for row in _rows(connection, COUNTERS)]
        reserved = [(row["name"], int(row["amount"])) for row in _rows(connection, RESERVED)]
        ids = {row["id"] for row in _rows(connection, IDS)}
    servers = running.children("supervisor", "vong.api.main")
    memory = [server.memory_info().rss / 1e6 for server in servers]
    return AccountingSnapshot(**sums, counters=counters, reserved=reserved, ids=ids, memory=memory)


@contextmanager
def _owner_connection(running: RunningVong) -> Generator[Connection]:
    """Open the owner's connection, which sees all projects."""
    database = Database(postgres_server.start(running.home / "postgres"), pool=1)
    try:
        with database.owner() as connection:
            yield connection
    finally:
        database.close()


def _rows(connection: Connection, query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text(query)).mappings()]


def _all_spans_written(running: RunningVong) -> bool:
    try:
        health = httpx.get(f"{running.url}/health", trust_env=False, timeout=10).json()
    except (httpx.HTTPError, ValueError):
        return False
    return health["servers"] == 2 and not health["waiting_spans"] and not health["disk_spans"]
