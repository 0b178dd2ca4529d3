"""Spans and scores for tests of feedback."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from vong.records import Score, Span, SpanVersions, new_id

START = datetime(2026, 11, 1, tzinfo=UTC)


def span(
    question: str = "where is my parcel",
    answer: str | None = "on its way",
    *,
    route: str = "support",
    model_version: str = "triage@aaaaaaaaaaaa",
    started_at: datetime | None = None,
    **fields: Any,
) -> Span:
    """Return the span of a chat call as the gateway records it."""
    message = {"role": "assistant", "content": answer, "refusal": None}
    values: dict[str, Any] = {
        "id": new_id(started_at),
        "trace_id": "0" * 31 + "1",
        "span_id": "0" * 15 + "1",
        "name": "chat support",
        "kind": "chat",
        "started_at": started_at or datetime.now(UTC),
        "duration_ms": 12.0,
        "model": "deployment/base",
        "versions": SpanVersions(route=route, model_version=model_version),
        "input": {"model": route, "messages": [{"role": "user", "content": question}], "temperature": 0},
        "output": {"choices": [{"index": 0, "message": message}]} if answer is not None else None,
    }
    return Span.model_validate(values | fields)


def score(of: Span | UUID, value: float | None = None, minute: int = 0, **fields: Any) -> Score:
    """Return a score created `minute` minutes after START."""
    id = of if isinstance(of, UUID) else of.id
    created_at = START + timedelta(minutes=minute)
    values = {"id": new_id(), "span_id": id, "value": value, "created_at": created_at, "author": "ann"}
    return Score.model_validate(values | fields)
