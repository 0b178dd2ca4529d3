"""What PostgreSQL says at the end of a soak: spans, ledger, counters and what is still reserved."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

import httpx
from sqlalchemy import Connection, text

from tests.live import Live
from vong.store import postgres
from vong.store.database import Database

WRITTEN = 180.0
"""Seconds in which both servers are up again and every span is written."""
RELEASED = 180.0
"""Seconds in which nothing is reserved any more: what a dead server held is free after 60."""
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
    SELECT l."on" || ' ' || c.subject || ' ' || l.what || ' per ' || l.per AS name, c.used AS counted,
           (SELECT coalesce(sum(cost), 0) FROM gateway_ledger g
               WHERE CASE l."on" WHEN 'project' THEN true WHEN 'key' THEN g.key = c.subject
                                 ELSE g."user" = c.subject END) AS summed
    FROM gateway_counters c JOIN gateway_limits l ON l.id = c.limit_id
    WHERE l.what = 'cost' ORDER BY name
"""
RESERVED = """
    SELECT l."on" || ' ' || h.subject || ' ' || l.what || ' per ' || l.per AS name, sum(h.amount) AS amount
    FROM gateway_leases h JOIN gateway_limits l ON l.id = h.limit_id
    WHERE h.seen_at >= clock_timestamp() - interval '60 seconds' GROUP BY 1 HAVING sum(h.amount) > 0 ORDER BY 1
"""
IDS = "SELECT id FROM traces_spans WHERE kind <> 'attempt'"


class Books(NamedTuple):
    """Amounts in millionths of a dollar. `counters`: of each budget and subject its name, what is counted, and what
    stands in the ledger; `memory` in megabytes.
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
        """Budgets whose counter is not the sum of the ledger."""
        return [found for found in self.counters if found[1] != found[2]]


def resting(running: Live) -> float | None:
    """Wait until every span is written and nothing is reserved. The seconds after which it was so, if it was."""
    began = time.monotonic()
    while not _written(running):
        assert time.monotonic() - began < WRITTEN, f"the spans were not written{running.logs()}"
        time.sleep(0.2)
    with _reading(running) as connection:
        while _rows(connection, RESERVED):
            if time.monotonic() - began > RELEASED:
                return None
            time.sleep(0.2)
    return time.monotonic() - began


def books(running: Live) -> Books:
    """What is written."""
    with _reading(running) as connection:
        sums = {name: int(value) for name, value in _rows(connection, SUMS)[0].items()}
        counters = [(row["name"], int(row["counted"]), int(row["summed"])) for row in _rows(connection, COUNTERS)]
        reserved = [(row["name"], int(row["amount"])) for row in _rows(connection, RESERVED)]
        ids = {row["id"] for row in _rows(connection, IDS)}
    servers = running.children("supervisor", "vong.api.serve")
    memory = [server.memory_info().rss / 1e6 for server in servers]
    return Books(**sums, counters=counters, reserved=reserved, ids=ids, memory=memory)


@contextmanager
def _reading(running: Live) -> Generator[Connection]:
    """The owner's connection, which sees every project."""
    database = Database(postgres.start(running.home / "postgres"), pool=1)
    try:
        with database.owner() as connection:
            yield connection
    finally:
        database.close()


def _rows(connection: Connection, query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text(query)).mappings()]


def _written(running: Live) -> bool:
    try:
        found = httpx.get(f"{running.url}/health", trust_env=False, timeout=10).json()
    except (httpx.HTTPError, ValueError):
        return False
    return found["servers"] == 2 and not found["waiting_spans"] and not found["disk_spans"]
