"""Conversion of spans to OTLP protobuf requests with OpenTelemetry's GenAI attribute names."""

import json
from collections.abc import Sequence
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Otel
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from vong import __version__
from vong.records import Span

CLIENT_KINDS = ("chat", "embeddings", "rerank")
"""Kinds that call a model over a network, exported with the OpenTelemetry span kind CLIENT."""
INT64_LIMIT = 2**63
"""Exclusive upper bound of an integer attribute."""


def encode_request(spans: Sequence[Span], *, bodies: bool) -> bytes:
    """Encode an export request with these spans. `bodies` adds the requests and responses."""
    export = ExportTraceServiceRequest()
    resource = export.resource_spans.add()
    resource.resource.attributes.append(KeyValue(key="service.name", value=AnyValue(string_value="vong")))
    scope = resource.scope_spans.add()
    scope.scope.name, scope.scope.version = "vong.gateway", __version__
    scope.spans.extend(to_otlp_span(span, bodies=bodies) for span in spans)
    return export.SerializeToString()


def to_otlp_span(span: Span, *, bodies: bool) -> Otel:
    """Convert a span. Attributes with unknown values are omitted."""
    start = round(span.started_at.timestamp() * 1e6) * 1000
    attributes = to_otlp_attributes(span, bodies=bodies)
    return Otel(
        trace_id=bytes.fromhex(span.trace_id),
        span_id=bytes.fromhex(span.span_id),
        parent_span_id=bytes.fromhex(span.parent_span_id or ""),
        name=span.name,
        kind=Otel.SPAN_KIND_CLIENT if span.kind in CLIENT_KINDS else Otel.SPAN_KIND_INTERNAL,
        start_time_unix_nano=start,
        end_time_unix_nano=start + round(span.duration_ms * 1e6),
        attributes=[KeyValue(key=name, value=to_otlp_value(value)) for name, value in attributes.items()],
        status=Status(
            code=Status.STATUS_CODE_ERROR if span.status == "error" else Status.STATUS_CODE_OK,
            message=span.error or "",
        ),
    )


def to_otlp_attributes(span: Span, *, bodies: bool) -> dict[str, Any]:
    """Return the attributes of a span and its fields under the names of the conventions or of Vong."""
    usage = span.usage
    fields: dict[str, Any] = {
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
        "gen_ai.conversation.id": span.session,
        "user.id": span.user,
        "vong.id": str(span.id),
        "vong.kind": span.kind,
        "vong.cost": usage.cost,
        "vong.key": span.key,
        "vong.model": span.model,
        "vong.session": span.session,
        "vong.first_token_ms": span.first_token_ms,
        **{f"vong.{name}": value for name, value in span.versions.model_dump(exclude_none=True).items()},
    }
    if bodies:
        fields |= {"vong.input": _json_text(span.input), "vong.output": _json_text(span.output)}
        messages, choices = _list_field(span.input, "messages"), _list_field(span.output, "choices")
        fields["gen_ai.input.messages"] = _json_text([to_otlp_message(one) for one in messages] or None)
        fields["gen_ai.output.messages"] = _json_text(
            [
                {**to_otlp_message(one.get("message") or {}), "finish_reason": one.get("finish_reason")}
                for one in choices
            ]
            or None
        )
    return {name: value for name, value in {**span.attributes, **fields}.items() if value is not None}


def to_otlp_value(value: Any) -> AnyValue:
    """Convert a value: texts, numbers, booleans and lists of them to their OTLP types, everything else to JSON text."""
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int) and -INT64_LIMIT <= value < INT64_LIMIT:
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return AnyValue(array_value=ArrayValue(values=[to_otlp_value(item) for item in value]))
    if value is None:
        return AnyValue()
    return AnyValue(string_value=value if isinstance(value, str) else str(_json_text(value)))


def to_otlp_message(message: dict[str, Any]) -> dict[str, Any]:
    """Convert a message to the format of the conventions: a role and parts."""
    content, parts = message.get("content"), list[dict[str, Any]]()
    for part in [{"type": "text", "text": content}] if isinstance(content, str) else content or []:
        text = part.get("text")
        parts.append({"type": "text", "content": text} if text is not None else part)
    if message.get("role") == "tool":
        parts = [{"type": "tool_call_response", "id": message.get("tool_call_id"), "response": content}]
    for call in message.get("tool_calls") or []:
        function = call.get("function") or {}
        arguments = {"name": function.get("name"), "arguments": function.get("arguments")}
        parts.append({"type": "tool_call", "id": call.get("id"), **arguments})
    return {"role": message.get("role", "assistant"), "parts": parts}


def _list_field(body: Any, name: str) -> list[dict[str, Any]]:
    items = body.get(name) if isinstance(body, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _json_text(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, default=str)
