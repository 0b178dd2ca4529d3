"""The client's `traces` namespace."""

import time
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import httpx

from vong.client.transport import Transport
from vong.errors import Unavailable
from vong.records import Span
from vong.records.trace import SpanBatch, SpanSummary, Trace


class Traces:
    """What was asked and answered.

    `filters` are those of `GET /api/v1/traces/spans`: text, since, until, model, route, deployment, model_version,
    status, user, session, kind, key, trace_id, min_duration_ms; for lists also has (score or correction).
    """

    def __init__(self, transport: Transport) -> None:
        self._send = transport

    def list(self, *, after: UUID | None = None, limit: int = 50, **filters: Any) -> list[SpanSummary]:
        """The spans that match, newest first, without their bodies; `after` is the last id of the page before."""
        return self._send.get("/api/v1/traces/spans", list[SpanSummary], after=after, limit=limit, **filters)

    def count(self, **filters: Any) -> int:
        """How many spans match."""
        return self._send.get("/api/v1/traces/spans/count", dict[str, Any], **filters)["count"]

    def follow(self, **filters: Any) -> Iterator[SpanBatch]:
        """Spans as they are stored from now on, without end. A stream that breaks goes on where it was."""
        after = ""
        lost: float | None = None
        while True:
            try:
                for seen, arrived in self._arrivals(after, filters):
                    after, lost = seen, None
                    yield arrived
            except (httpx.TransportError, Unavailable) as error:
                lost = lost or time.monotonic()
                if time.monotonic() - lost > self._send.patience:
                    message = f"the server at {self._send.url} does not answer any more"
                    raise Unavailable(message, "start it with: vong up; look at it with: vong status") from error
            time.sleep(0.5)

    def _arrivals(self, after: str, filters: dict[str, Any]) -> Iterator[tuple[str, SpanBatch]]:
        """The events of one stream, each with its id."""
        given = {name: value for name, value in filters.items() if value is not None}
        fields: dict[str, str] = {}
        for line in self._send.lines("/api/v1/traces/spans/events", after=after, **given):
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
                continue
            if "data" in fields:
                yield fields["id"], SpanBatch.model_validate_json(fields["data"])
            fields = {}

    def facets(self) -> dict[str, Any]:
        """What the spans of the last seven days can be filtered by, with counts."""
        return self._send.get("/api/v1/traces/facets", dict[str, Any])

    def get(self, id: UUID | str) -> Span:
        """One span with its input and output."""
        return self._send.get(f"/api/v1/traces/spans/{id}", Span)

    def tree(self, trace_id: str) -> Trace:
        """All spans of a trace as trees."""
        return self._send.get(f"/api/v1/traces/traces/{trace_id}", Trace)

    def ingest(self, spans: Sequence[Span]) -> int:
        """Store spans that you measured yourself, at most 1,000; committed when this returns. Gives their number."""
        body = [span.model_dump(mode="json") for span in spans]
        return self._send.post("/api/v1/traces/spans", dict[str, int], body=body)["stored"]
