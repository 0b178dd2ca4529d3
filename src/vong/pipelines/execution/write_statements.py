"""SQL statements of the result writer: many rows in one statement, and only for runs whose lease the process holds."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg

from vong.pipelines.execution.rows import NewRun, RunUpdate, StepRow

INSERT_DEFINITIONS = """
INSERT INTO pipelines_definitions (project_id, hash, definition, created_at)
SELECT DISTINCT ON (project_id, hash) project_id, hash, definition::json, now()
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS d (project_id, hash, definition)
ON CONFLICT DO NOTHING"""
INSERT_RUNS = """
INSERT INTO pipelines_runs (project_id, id, pipeline, version, state, inputs, trace_id, limits, caller, started_by,
  conversation_id, replay_of, options, idempotency_key, created_at, cost, tokens, started_at, lease_owner,
  lease_expires_at)
SELECT project_id, id, pipeline, version, state, inputs::json, trace_id, limits::json, caller::json, started_by,
  conversation_id, replay_of, options::json, idempotency_key, created_at, 0, 0,
  CASE state WHEN 'running' THEN created_at END, CASE state WHEN 'running' THEN %s END,
  CASE state WHEN 'running' THEN now() + %s * interval '1 second' END
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
  %s::text[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::timestamptz[])
  AS r (project_id, id, pipeline, version, state, inputs, trace_id, limits, caller, started_by, conversation_id,
  replay_of, options, idempotency_key, created_at)"""
UPSERT_STEPS = """
INSERT INTO pipelines_run_steps AS old (project_id, run_id, path, kind, attempt, state, port, inputs, outputs, error,
  cost, tokens, span_id, started_at, ended_at, decide_by)
SELECT s.project_id, s.run_id, s.path, s.kind, s.attempt, s.state, s.port, s.inputs::json, s.outputs::json,
  s.error::json, s.cost, s.tokens, s.span_id, s.started_at, s.ended_at, now() + s.wait_seconds * interval '1 second'
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[],
  %s::text[], %s::bigint[], %s::bigint[], %s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::float8[])
  AS s (project_id, run_id, path, kind, attempt, state, port, inputs, outputs, error, cost, tokens, span_id, started_at,
  ended_at, wait_seconds)
JOIN pipelines_runs r ON r.id = s.run_id AND r.lease_owner = %s
ON CONFLICT (run_id, path) DO UPDATE SET attempt = excluded.attempt, state = excluded.state, port = excluded.port,
  inputs = coalesce(excluded.inputs, old.inputs), outputs = excluded.outputs, error = excluded.error,
  cost = old.cost + excluded.cost, tokens = old.tokens + excluded.tokens, span_id = excluded.span_id,
  started_at = coalesce(old.started_at, excluded.started_at), ended_at = excluded.ended_at,
  decide_by = CASE WHEN old.state = 'waiting' AND excluded.state = 'waiting' THEN old.decide_by
    ELSE excluded.decide_by END
RETURNING run_id"""
UPDATE_RUNS = """
UPDATE pipelines_runs r SET outputs = u.outputs::json, error = u.error::json, cost = u.cost, tokens = u.tokens,
  state = u.state, lease_owner = NULL, lease_expires_at = NULL,
  ended_at = CASE WHEN u.state IN ('succeeded', 'failed', 'cancelled') THEN now() END,
  wake_at = CASE WHEN u.state = 'waiting' THEN least(r.wake_at, now() + u.wait_seconds * interval '1 second') END
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::float8[])
  AS u (id, state, outputs, error, cost, tokens, wait_seconds)
WHERE r.id = u.id AND r.lease_owner = %s
RETURNING r.id"""


def insert_runs(
    connection: "psycopg.Connection[Any]", rows: "Sequence[NewRun]", owner: str, lease_seconds: float
) -> None:
    """Insert runs and the definitions that they execute."""
    new = [(row.project_id, row.version, encode(row.definition)) for row in rows if row.definition is not None]
    if new:
        connection.execute(INSERT_DEFINITIONS, [list(column) for column in zip(*new, strict=True)])
    encoded = [
        row._replace(
            inputs=encode(row.inputs),
            limits=encode(row.limits),
            caller=encode(row.caller),
            options=encode(row.options),
        )[:-1]
        for row in rows
    ]
    columns: list[Any] = [list(column) for column in zip(*encoded, strict=True)]
    connection.execute(INSERT_RUNS, [owner, lease_seconds, *columns])


def upsert_steps(connection: "psycopg.Connection[Any]", rows: "Sequence[StepRow]", owner: str) -> "psycopg.Cursor[Any]":
    """Store results of steps, of which the last one of each step counts. The cursor returns the ids of their runs."""
    latest: dict[tuple[Any, str], StepRow] = {}
    for row in rows:
        former = latest.get((row.run_id, row.path))
        if former is not None:
            row = row._replace(cost=row.cost + former.cost, tokens=row.tokens + former.tokens)
        latest[row.run_id, row.path] = row
    encoded = [
        row._replace(inputs=encode(row.inputs), outputs=encode(row.outputs), error=encode(row.error))
        for row in latest.values()
    ]
    columns: list[Any] = [list(column) for column in zip(*encoded, strict=True)]
    return connection.execute(UPSERT_STEPS, [*columns, owner])


def update_runs(
    connection: "psycopg.Connection[Any]", rows: "Sequence[RunUpdate]", owner: str
) -> "psycopg.Cursor[Any]":
    """End runs, or let them wait. The cursor returns their ids."""
    encoded = [row._replace(outputs=encode(row.outputs), error=encode(row.error)) for row in rows]
    columns: list[Any] = [list(column) for column in zip(*encoded, strict=True)]
    return connection.execute(UPDATE_RUNS, [*columns, owner])


def encode(value: Any) -> Any:
    """Return a value as JSON, or None. Halves of surrogate pairs, which are no valid text, are escaped."""
    if value is None:
        return None
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return json.dumps(value)
