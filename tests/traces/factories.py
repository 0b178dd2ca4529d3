"""Spans for tests."""

from datetime import datetime
from typing import Any
from uuid import UUID

from vong.records import Span, new_id, now
from vong.store.spans.writer import SpanWriter


def span(started_at: datetime | None = None, **fields: Any) -> Span:
    """Return the span of a finished chat call with the given fields."""
    at = started_at or now()
    id = new_id(at)
    values: dict[str, Any] = {
        "id": id,
        "trace_id": id.hex,
        "span_id": id.hex[16:],
        "name": "chat",
        "kind": "chat",
        "started_at": at,
        "duration_ms": 12.5,
        **fields,
    }
    return Span(**values)


def write_spans(writer: SpanWriter, project_id: UUID, *spans: Span) -> None:
    """Append spans to the writer and wait until they are committed."""
    for future in [writer.append_durable(project_id, one) for one in spans]:
        future.result(20)
