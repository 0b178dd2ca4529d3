"""One step of one answer, with the versions that made it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from vong.records.record import Record, changed
from vong.records.usage import Usage


class SpanVersions(Record):
    """The exact configuration behind an answer. Each field is a ref or a hash; null where it played no part."""

    route: str | None = None
    route_version: str | None = None
    deployment: str | None = None
    model_version: str | None = None
    dataset_version: str | None = None
    prompt_version: str | None = None
    index_version: str | None = None
    config_hash: str | None = None


class Span(Record):
    """A timed step. `id` is Vong's (UUIDv7 at the start time); `trace_id` (32 hex digits), `span_id` and
    `parent_span_id` (16) are OpenTelemetry's. `attributes` follow OpenTelemetry's GenAI conventions.
    `input` and `output` are the bodies, stored compressed; null where they were not captured. An `attempt` is a step
    below a call's span: lists leave it out where nobody asks for it, and it counts in no usage.
    """

    id: UUID
    trace_id: str
    span_id: str
    parent_span_id: str | None = None
    name: str
    kind: Literal["chat", "embeddings", "retrieval", "tool", "pipeline", "job", "attempt", "other"] = "other"
    status: Literal["ok", "error"] = "ok"
    error: str | None = None
    started_at: datetime
    duration_ms: float
    first_token_ms: float | None = None
    model: str | None = None
    user: str | None = None
    session: str | None = None
    key: str | None = None
    usage: Usage = Usage()
    versions: SpanVersions = SpanVersions()
    attributes: dict[str, Any] = {}
    input: Any = None
    output: Any = None


def read(span: Span) -> Span:
    """The span with bodies that anybody can walk through: an input that was kept as it came is read now."""
    if not isinstance(span.input, msgspec.Raw):
        return span
    return changed(span, input=msgspec.json.decode(span.input))
