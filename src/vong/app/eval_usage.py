"""Token counts of evaluated pipelines: the sums over the spans of their runs, which are written after the answers."""

import time
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from vong import evals, traces
from vong.app.platform import Platform
from vong.evals.runs import set_output_tokens
from vong.records import EvalResult, Usage
from vong.store.spans.schema import spans

SPAN_TIMEOUT_SECONDS = 10.0
"""Seconds to wait for the spans of the last runs. Outputs whose spans are still missing then have no token counts."""
POLL_SECONDS = 0.25


def store_token_counts(platform: Platform, project_id: UUID, result: EvalResult) -> EvalResult:
    """Store the token counts of a pipeline's outputs, and return the evaluation with their sums."""
    with platform.scope(project_id) as connection:
        outputs = evals.list_outputs(connection, result.id, limit=None)
    positions = {
        output.span_id: output.position
        for output in outputs
        if output.span_id is not None and output.input_tokens is None and output.samples is None
    }
    if not positions:
        return result
    counts: dict[int, Usage] = {}
    for span, trace in _find_traces(platform, project_id, list(positions)).items():
        with platform.scope(project_id) as connection:
            counts[positions[span]] = traces.get_trace(connection, trace).usage
    with platform.scope(project_id) as connection:
        set_output_tokens(connection, result.id, counts)
        return evals.get_run(connection, result.id)


def _find_traces(platform: Platform, project_id: UUID, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the traces of spans as soon as all spans are written, or those that are after the timeout."""
    deadline = time.monotonic() + SPAN_TIMEOUT_SECONDS
    while True:
        with platform.scope(project_id) as connection:
            rows = connection.execute(select(spans.c.id, spans.c.trace_id).where(spans.c.id.in_(ids)))
            found = {row.id: row.trace_id for row in rows}
        if len(found) == len(ids) or time.monotonic() >= deadline:
            return found
        time.sleep(POLL_SECONDS)
