"""How long the lists of the console take at a million spans: every filter, facets, usage; medians of five."""

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

from benchmarks.place import database
from vong import traces
from vong.records import now
from vong.store.database import Database, libpq_url
from vong.store.partitions import make_days

SPANS = int(os.environ.get("VONG_BENCH_SPANS", "1000000"))
DAYS = 7
TIMES = 5
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
    '{"gen_ai.operation.name": "chat", "http.response.status_code": 200}'::jsonb, said || ' ticket ' || n, said,
    decode(repeat(md5(n::text), 20), 'hex')
  FROM (
    SELECT n, CAST(:begin AS timestamptz) + n * CAST(:step AS interval) AS at,
      'route-' || (n % 8) * (n % 3) AS route, 'provider/model-' || n % 12 AS model,
      (SELECT string_agg(word, ' ') FROM (SELECT (ARRAY['printer', 'terminal', 'refund', 'parcel', 'invoice', 'shift',
        'label', 'stock', 'price', 'van', 'the', 'a', 'is', 'please', 'customer', 'order'])[
        1 + (n * 7 + i * i * (n % 13)) % 16] AS word FROM generate_series(1, 40) AS i) AS words)
        || CASE WHEN n % 50021 = 0 THEN ' zanzibar' ELSE '' END AS said
    FROM generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS n
  ) AS made
"""


def fill(opened: Database, project: UUID, spans: int = SPANS) -> None:
    """That many spans in the last seven days, as the console would meet them; indexed as the journal's are."""
    begin = now() - timedelta(days=DAYS)
    step = timedelta(days=DAYS) / spans
    with psycopg.connect(libpq_url(opened.url), autocommit=True) as connection:
        make_days(connection, [f"{begin + timedelta(days=day):%Y%m%d}" for day in range(DAYS + 2)])
    size = 20_000
    for first in range(0, spans, size):
        with opened.owner() as connection:
            values = {"project": project, "begin": begin, "step": step, "day": str(first), "first": first}
            connection.execute(text(FILL), values | {"last": min(first + size, spans) - 1})
    with opened.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE traces_spans"))
        connection.execute(text("VACUUM ANALYZE traces_hours"))


def filters() -> dict[str, dict[str, Any]]:
    """What a person filters by: common values, rare ones, and ones that nothing has."""
    return {
        "no filter": {},
        "status=error (1 of 211)": {"status": "error"},
        "kind=tool (1 of 997)": {"kind": "tool"},
        "kind=job (none)": {"kind": "job"},
        "route, common": {"route": "route-0"},
        "route, none": {"route": "nobody"},
        "model": {"model": "provider/model-3"},
        "model and status and key": {"model": "provider/model-3", "status": "error", "key": "key-7"},
        "model_version": {"model_version": "triage@2"},
        "deployment": {"deployment": "triage"},
        "key": {"key": "key-7"},
        "user": {"user": "user-4711"},
        "session": {"session": "session-4711"},
        "lasted 1 s and more": {"min_duration_ms": 1000.0},
        "lasted 20 s and more (few)": {"min_duration_ms": 20_000.0},
        "lasted 10 min and more (none)": {"min_duration_ms": 600_000.0},
        "words, common": {"text": "printer"},
        "words, rare (20)": {"text": "zanzibar"},
        "words, none": {"text": "xylophone"},
        "words and status": {"text": "printer", "status": "error"},
        "an hour four days ago": {"since": now() - timedelta(days=4), "until": now() - timedelta(days=4, hours=-1)},
    }


def measured(opened: Database, project: UUID) -> Iterator[tuple[str, float]]:
    """Each query with its median in milliseconds; the first of six is not counted."""
    with opened.scope(project) as connection:
        first = traces.search(connection, limit=500)
        place = first[-1].id
    asked: dict[str, Callable[[Connection], object]] = {
        f"list: {name}": lambda connection, given=given: traces.search(connection, traces.Filter(**given))
        for name, given in filters().items()
    }
    asked |= {
        "list: page after 500": lambda connection: traces.search(connection, after=place),
        "facets": traces.facets,
        "usage by hour and model, 7 days": lambda connection: traces.usage(
            connection, since=datetime.now(UTC) - timedelta(days=7), by="model"
        ),
        "usage by hour and key, 7 days": lambda connection: traces.usage(
            connection, since=datetime.now(UTC) - timedelta(days=7), by="key"
        ),
        "usage by minute, 6 hours": lambda connection: traces.usage(
            connection, since=datetime.now(UTC) - timedelta(hours=5, minutes=59), bucket="minute", by="model"
        ),
    }
    for name, ask in asked.items():
        taken: list[float] = []
        for _ in range(TIMES + 1):
            with opened.scope(project) as connection:
                start = time.perf_counter()
                ask(connection)
                taken.append((time.perf_counter() - start) * 1000)
        yield name, statistics.median(taken[1:])


def run(_: Namespace) -> Iterator[tuple[str, str]]:
    """Fill a database of its own (many minutes at a million), then ask."""
    with database() as (opened, project):
        start = time.perf_counter()
        fill(opened, project)
        yield f"{SPANS:,} spans stored, s", f"{time.perf_counter() - start:,.0f}"
        slowest = ("", 0.0)
        for name, milliseconds in measured(opened, project):
            yield f"{name}, ms", f"{milliseconds:.1f}"
            slowest = max(slowest, (name, milliseconds), key=lambda found: found[1])
        yield "slowest", f"{slowest[0]}, {slowest[1]:.0f} ms"
