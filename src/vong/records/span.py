"""Span: one recorded operation, with the versions that it used."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from vong.records.record import Record, replace_trusted
from vong.records.usage import Usage

ATTEMPT_KIND: Literal["attempt"] = "attempt"
"""Kind of a span that is an attempt within a call. Lists of calls omit it."""
TARGET_ATTRIBUTE = "vong.target"
"""Attribute with the key of the route target that answered, if targets of the route have prompts."""


class SpanVersions(Record):
    """Exact configuration behind a span. Each field is a ref or a hash; null if it was not used."""

    route: str | None = None
    route_version: str | None = None
    deployment: str | None = None
    model_version: str | None = None
    dataset_version: str | None = None
    prompt_version: str | None = None
    index_version: str | None = None
    config_hash: str | None = None


class Span(Record):
    """Recorded operation with a duration.

    `id` is assigned by Vong (UUIDv7 of the start time). `trace_id` (32 hex digits), `span_id` and `parent_span_id` (16)
    are OpenTelemetry ids. `attributes` follow OpenTelemetry's GenAI conventions. `input` and `output` are the bodies,
    stored compressed; null if they were not captured. A span of kind `attempt` is a child of the span of a call: lists
    omit it unless requested, and usage does not count it.
    """

    id: UUID
    trace_id: str
    span_id: str
    parent_span_id: str | None = None
    name: str
    kind: Literal["chat", "embeddings", "rerank", "retrieval", "tool", "pipeline", "job", "attempt", "other"] = "other"
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


def target_of(span: Span) -> str | None:
    """Return the key of the target that answered: the model, with its prompt if the route names one."""
    target = span.attributes.get(TARGET_ATTRIBUTE)
    return target if isinstance(target, str) else span.model


def with_decoded_input(span: Span) -> Span:
    """Return the span with a decoded input. An input may be stored as raw JSON until it is read."""
    if not isinstance(span.input, msgspec.Raw):
        return span
    return replace_trusted(span, input=msgspec.json.decode(span.input))
