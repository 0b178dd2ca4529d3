"""The client's `traces` namespace."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from vong.client.transport import Transport
from vong.records import Span
from vong.records.trace import SpanSummary, Trace


class Traces:
    """What was asked and answered.

    `filters` are those of `GET /api/v1/traces/spans`: text, since, until, model, route, deployment, model_version,
    status, user, session, kind, key, trace_id, min_duration_ms.
    """

    def __init__(self, transport: Transport) -> None:
        self._send = transport

    def list(self, *, after: UUID | None = None, limit: int = 50, **filters: Any) -> list[SpanSummary]:
        """The spans that match, newest first, without their bodies; `after` is the last id of the page before."""
        return self._send.get("/api/v1/traces/spans", list[SpanSummary], after=after, limit=limit, **filters)

    def count(self, **filters: Any) -> int:
        """How many spans match."""
        return self._send.get("/api/v1/traces/spans/count", dict[str, int], **filters)["count"]

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
