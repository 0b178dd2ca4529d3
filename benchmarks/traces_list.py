"""Latency of the span lists of the console with a million spans: all filters, facets and usage; medians of five."""

import os
import statistics
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Connection, text

from benchmarks.scratch_database import database
from vong import traces
from vong.records import now
from vong.store.database import Database, libpq_url
from vong.store.partitions import create_day_partitions

SPANS = int(os.environ.get("VONG_BENCH_SPANS", "1000000"))
DAYS = 7
REPETITIONS = 5
FILL = """
  INSERT INTO traces_spans (project_id, id, started_at, trace_id, span_id, name, kind, status, error, duration_ms,
    first_token_ms, model, "user", session, key, input_tokens, output_tokens, cost, route, route_version, deployment,
    model_version, attributes, input_text, output_text, body)
  SELECT :project, uuidv7(at - clock_timestamp()), at, md5(n::text || :day), left(md5(n::text), 16), 'chat ' || route,
    CASE WHEN n % 997 = 0 THEN 'tool' WHEN n % 10 = 0 THEN 'embeddings' ELSE 'chat' END,
    CASE WHEN n % 211 = 0 THEN 'error' ELSE 'ok' END, CASE WHEN n % 211 = 0 THEN 'the upstream failed' END,
    exp(5 + 1.2 * random_normal(0, 1)),
    CASE WHEN n % 2 = 0 THEN exp(4 + random_normal(0, 1)) END, model, 'user-' || n % 5003,
    'session-' || n % 20011, 'key-' || n % 20, 100 + n % 400, 20 + n % 100, 10 + n % 90, route, 'abcdefabcdef',
    CASE WHEN n % 4 = 0 THEN 'triage' END, CASE WHEN n % 4 = 0 THEN 'triage@' || n % 3 END,
    '{"gen_ai.operation.name": "chat", "http.response.status_code": 200}'::jsonb, content || ' ticket ' || n, content,
    decode(repeat(md5(n::text), 20), 'hex')
  FROM (
    SELECT n, CAST(:begin AS timestamptz) + n * CAST(:step AS interval) AS at,
      'route-' || (n % 8) * (n % 3) AS route, 'provider/model-' || n % 12 AS model,
      (SELECT string_agg(word, ' ') FROM (SELECT (ARRAY['printer', 'terminal', 'refund', 'parcel', 'invoice', 'shift',
        'label', 'stock', 'price', 'van', 'the', 'a', 'is', 'please', 'customer', 'order'])[
        1 + (n * 7 + i * i * (n % 13)) % 16] AS word FROM generate_series(1, 40) AS i) AS words)
        || CASE WHEN n % 50021 = 0 THEN ' zanzibar' ELSE '' END AS content
    FROM generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS n
  ) AS made
"""


def fill(db: Database, project: UUID, spans: int = SPANS) -> None:
    """Insert spans of the last seven days, with realistic values and the same indexes as those of the span writer."""
    begin = now() - timedelta(days=DAYS)
    step = timedelta(days=DAYS) / spans
    with psycopg.connect(libpq_url(db.url), autocommit=True) as connection:
        create_day_partitions(connection, [f"{begin + timedelta(days=day):%Y%m%d}" for day in range(DAYS + 2)])
    size = 20_000
    for first in range(0, spans, size):
        with db.owner() as connection:
            values = {"project": project, "begin": begin, "step": step, "day": str(first), "first": first}
            connection.execute(text(FILL), values | {"last": min(first + size, spans) - 1})
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE traces_spans"))
        connection.execute(text("VACUUM ANALYZE traces_hourly"))


def filters() -> dict[str, dict[str, Any]]:
    """Return typical filters: common values, rare values and values without spans."""
    return {
        "no filter": {},
        "status=error (1 of 211)": {"status": "error"},
        "kind=tool (1 of 997)": {"kind": "tool"},
        "kind=job (none)": {"kind": "job"},
        "route, common": {"route": "route-0"},
        "route, none": {"route": "unused"},
        "model": {"model": "provider/model-3"},
        "model and status and key": {"model": "provider/model-3", "status": "error", "key": "key-7"},
        "model_version": {"model_version": "triage@2"},
        "deployment": {"deployment": "triage"},
        "key": {"key": "key-7"},
        "user": {"user": "user-4711"},
        "session": {"session": "session-4711"},
        "duration 1 s or more": {"min_duration_ms": 1000.0},
        "duration 20 s or more (few)": {"min_duration_ms": 20_000.0},
        "duration 10 min or more (none)": {"min_duration_ms": 600_000.0},
        "words, common": {"text": "printer"},
        "words, rare (20)": {"text": "zanzibar"},
        "words, none": {"text": "xylophone"},
        "words and status": {"text": "printer", "status": "error"},
        "one hour four days ago": {"since": now() - timedelta(days=4), "until": now() - timedelta(days=4, hours=-1)},
    }


def measure_queries(db: Database, project: UUID) -> Iterator[tuple[str, float]]:
    """Yield each query with its median in milliseconds; the first of six executions is not counted."""
    with db.scope(project) as connection:
        first = traces.search_spans(connection, limit=500)
        cursor = first[-1].id
    queries: dict[str, Callable[[Connection], object]] = {
        f"list: {name}": lambda connection, fields=fields: traces.search_spans(connection, traces.SpanFilter(**fields))
        for name, fields in filters().items()
    }
    queries |= {
        "list: page after 500": lambda connection: traces.search_spans(connection, after=cursor),
        "facets": traces.get_facets,
        "usage by hour and model, 7 days": lambda connection: traces.get_usage(
            connection, since=datetime.now(UTC) - timedelta(days=7), by="model"
        ),
        "usage by hour and key, 7 days": lambda connection: traces.get_usage(
            connection, since=datetime.now(UTC) - timedelta(days=7), by="key"
        ),
        "usage by minute, 6 hours": lambda connection: traces.get_usage(
            connection, since=datetime.now(UTC) - timedelta(hours=5, minutes=59), bucket="minute", by="model"
        ),
    }
    for name, query in queries.items():
        durations_ms: list[float] = []
        for _ in range(REPETITIONS + 1):
            with db.scope(project) as connection:
                start = time.perf_counter()
                query(connection)
                durations_ms.append((time.perf_counter() - start) * 1000)
        yield name, statistics.median(durations_ms[1:])


def run(_: Namespace) -> Iterator[tuple[str, str]]:
    """Fill a temporary database (many minutes for a million spans) and time the queries."""
    with database() as (db, project):
        start = time.perf_counter()
        fill(db, project)
        yield f"{SPANS:,} spans stored, s", f"{time.perf_counter() - start:,.0f}"
        slowest = ("", 0.0)
        for name, milliseconds in measure_queries(db, project):
            yield f"{name}, ms", f"{milliseconds:.1f}"
            slowest = max(slowest, (name, milliseconds), key=lambda found: found[1])
        yield "slowest", f"{slowest[0]}, {slowest[1]:.0f} ms"
