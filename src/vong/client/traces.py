"""Traces namespace of the client."""

import time
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import httpx

from vong.client.transport import Transport, segment
from vong.errors import Unavailable
from vong.records import Span
from vong.records.trace import SpanBatch, SpanSummary, Trace


class TracesClient:
    """Spans and traces.

    `filters` are those of `GET /api/v1/traces/spans`: text, since, until, model, route, deployment, model_version,
    prompt (NAME, NAME@NUMBER, NAME@HASH or NAME:LABEL), status, user, session, kind, key, trace_id, min_duration_ms;
    for lists also has (score or correction).
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, after: UUID | None = None, limit: int = 50, **filters: Any) -> list[SpanSummary]:
        """Return the matching spans, newest first, without bodies; `after` is the last id of the previous page."""
        return self._transport.get("/api/v1/traces/spans", list[SpanSummary], after=after, limit=limit, **filters)

    def count(self, **filters: Any) -> int:
        """Return the number of matching spans."""
        return self._transport.get("/api/v1/traces/spans/count", dict[str, Any], **filters)["count"]

    def tail(self, **filters: Any) -> Iterator[SpanBatch]:
        """Yield new spans as they are stored, without end. An interrupted stream resumes at its last event."""
        after = ""
        unreachable_since: float | None = None
        while True:
            try:
                for event_id, arrived in self._stream_batches(after, filters):
                    after, unreachable_since = event_id, None
                    yield arrived
            except (httpx.TransportError, Unavailable) as error:
                unreachable_since = unreachable_since or time.monotonic()
                if time.monotonic() - unreachable_since > self._transport.retry_seconds:
                    message = f"the server at {self._transport.url} is unreachable"
                    raise Unavailable(message, "check it with: vong status; start it with: vong up") from error
            time.sleep(0.5)

    def _stream_batches(self, after: str, filters: dict[str, Any]) -> Iterator[tuple[str, SpanBatch]]:
        """Yield the events of one stream, each with its id."""
        params = {name: value for name, value in filters.items() if value is not None}
        for event in self._transport.events("/api/v1/traces/spans/events", after=after, **params):
            yield event.id, SpanBatch.model_validate_json(event.data)

    def facets(self) -> dict[str, Any]:
        """Return the filter values of the last seven days' spans, with counts."""
        return self._transport.get("/api/v1/traces/facets", dict[str, Any])

    def get(self, id: UUID | str) -> Span:
        """Return one span with its input and output."""
        return self._transport.get(f"/api/v1/traces/spans/{segment(id)}", Span)

    def tree(self, trace_id: str) -> Trace:
        """Return all spans of a trace as trees."""
        return self._transport.get(f"/api/v1/traces/{segment(trace_id)}", Trace)

    def ingest(self, spans: Sequence[Span]) -> int:
        """Store your own spans, at most 1,000, and return their number. They are committed when this returns."""
        body = [span.model_dump(mode="json") for span in spans]
        return self._transport.post("/api/v1/traces/spans", dict[str, int], body=body)["stored"]
