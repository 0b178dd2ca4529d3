"""State of one model call and the span that is built from it."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec

from vong.errors import BudgetExceeded, PriceUnknown, RateLimitExceeded, VongError, error_message
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.endpoints.responses import parse_response_id
from vong.gateway.endpoints.stream import StreamAccumulator, parse_usage
from vong.gateway.pipeline.cache_lookup import CacheLookup
from vong.gateway.pipeline.exchange import UpstreamExchange
from vong.gateway.pipeline.guarding import GuardSession
from vong.gateway.pricing.token_types import USAGE_ATTRIBUTE, used_types
from vong.gateway.providers import Endpoint
from vong.gateway.providers.base import CallOrigin, is_composite
from vong.gateway.routing.catalog import ResolvedTarget
from vong.gateway.routing.retry import AttemptRunner
from vong.gateway.upstream.connection import QUEUE_HEADER
from vong.records import Route, Span, Usage, now
from vong.records.capture import should_capture
from vong.records.record import construct_trusted, replace_trusted
from vong.records.route import TargetKey
from vong.records.span import TARGET_ATTRIBUTE, SpanVersions

NO_USAGE = Usage(input_tokens=0, output_tokens=0, cost=0)
CLIENT_CLOSED_REQUEST = 499
"""Status recorded if the caller disconnects before the end of the response, as nginx does."""


class AppliedPrompt(NamedTuple):
    """Stored prompt of a call: its ref, the target that has chosen it, and the field `prompt` of the response.

    `ref` is None if the chosen target of a route has no prompt.
    """

    ref: str | None
    target: str | None = None
    reference: dict[str, Any] | None = None

    def target_of(self, model: str | None) -> str | None:
        """Return the key of the target that was called: the chosen one, or a fallback, which is a model."""
        if self.target is None or model is None or TargetKey.parse(self.target).model == model:
            return self.target
        return model


@dataclass(slots=True)
class CallContext:
    """State of one model call: request, chosen target, response and attempts.

    Filled by the pipeline and turned into a span at the end.
    """

    principal: GatewayPrincipal
    endpoint: Endpoint
    body: bytes
    trace: TraceContext
    started_at: datetime = field(default_factory=now)
    start_seconds: float = field(default_factory=time.perf_counter)
    status: int = 200
    exchange: UpstreamExchange | None = None
    route: Route | None = None
    resolved: ResolvedTarget | None = None
    """Target of the latest attempt."""
    response: dict[str, Any] | None = None
    """Response body as a chat completion or embeddings; None for a stream."""
    accumulator: StreamAccumulator | None = None
    attempts: AttemptRunner | None = None
    targets_tried: dict[str, ResolvedTarget] = field(default_factory=dict[str, ResolvedTarget])
    """Resolved targets that were tried, by target."""
    cache_lookup: CacheLookup | None = None
    resume_points: list[int] = field(default_factory=list[int])
    """Number of chunks received at each point at which a broken stream was continued."""
    tags: tuple[str, ...] = ()
    guard_session: GuardSession | None = None
    prompt: AppliedPrompt | None = None
    unrendered_body: bytes | None = None
    """Request as the caller sent it, if it was rendered from a stored prompt."""
    prompt_ref: str | None = None
    """Ref of a prompt that the caller has rendered."""
    queue_ms: float | None = None
    """Time in the queue of an engine, if the target has one."""

    def record_queue(self, headers: Mapping[str, str]) -> None:
        """Record the time in the queue of an engine, from the headers of its response."""
        with suppress(KeyError, ValueError):
            self.queue_ms = float(headers[QUEUE_HEADER])

    @property
    def is_low_priority(self) -> bool:
        """Return True for a call of background work: of a job, a shadow call, or marked by the caller."""
        return self.principal.is_delegated or self.trace.is_low_priority

    @property
    def operation(self) -> Literal["chat", "embeddings", "rerank"]:
        """Return OpenTelemetry's operation name, and `rerank`, for which it has none."""
        return self.endpoint if self.endpoint in ("embeddings", "rerank") else "chat"

    @property
    def output(self) -> dict[str, Any] | None:
        """Return the response as a chat completion or embeddings. An error response has the field `error`."""
        return self.accumulator.completion() if self.accumulator else self.response

    def build_span(self, error: BaseException | None) -> Span:
        """Return the span of the call. `error` is the exception that ended the call, if any."""
        duration = (time.perf_counter() - self.start_seconds) * 1000
        accumulator, resolved, exchange = self.accumulator, self.resolved, self.exchange
        request = exchange.request if exchange else None
        output = accumulator.completion() if accumulator else self.response
        captured = self.captures_bodies
        message = self._describe_error(error, output)
        first_token = accumulator.first_token if accumulator else None
        metadata = (request.metadata if request else None) or {}
        session = self.trace.session or metadata.get("session_id")
        operation = self.operation
        values: dict[str, Any] = {
            "id": self.trace.id,
            "trace_id": self.trace.trace_id,
            "span_id": self.trace.span_id,
            "parent_span_id": self.trace.parent_span_id,
            "name": f"{operation} {request.model}" if request else operation,
            "kind": operation,
            "status": "error" if message else "ok",
            "error": message,
            "started_at": self.started_at,
            "duration_ms": duration,
            "first_token_ms": (first_token - self.start_seconds) * 1000 if first_token else None,
            "model": resolved.target if resolved else None,
            "user": request.user if request else None,
            "session": str(session) if session is not None else None,
            "key": self.principal.actor,
            "usage": self._usage(output),
            "versions": self._versions(metadata),
            "attributes": self._attributes(operation, error, output)
            | self._request_attributes(metadata, captured=captured),
            "input": (exchange.recorded_request() if exchange else _decode_json(self.body)) if captured else None,
            "output": self._recorded_output(output) if captured else None,
        }
        return construct_trusted(Span, values)

    @property
    def caller(self) -> CallOrigin:
        """Return the caller, for a provider that makes further calls on its behalf."""
        request = self.exchange.request if self.exchange else None
        fields: Mapping[str, Any] = {}
        if self.exchange and self.endpoint == "responses" and self.resolved and is_composite(self.resolved.provider):
            fields = self.exchange.request_fields()
        session = self.trace.session or ((request.metadata if request else None) or {}).get("session_id")
        return CallOrigin(
            self.principal,
            self.trace.id,
            self.trace.trace_id,
            self.trace.span_id,
            str(session) if session is not None else None,
            request.user if request else None,
            self.tags,
            fields,
            parse_response_id(request.previous) if request and request.previous else None,
        )

    @property
    def captures_bodies(self) -> bool:
        """Return True if the span stores the request and the response."""
        policy = self.route.policy if self.route else None
        return policy is None or should_capture(policy.capture, self.trace.trace_id)

    def _recorded_output(self, output: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return the output for the span. Embedding vectors are replaced by their number."""
        if self.endpoint != "embeddings" or output is None or not isinstance(output.get("data"), list):
            return output
        return {**output, "data": [], "count": len(output["data"])}

    def _describe_error(self, error: BaseException | None, output: dict[str, Any] | None) -> str | None:
        """Return the error message of the call, or None if the call succeeded."""
        if isinstance(error, asyncio.CancelledError):
            self.status = CLIENT_CLOSED_REQUEST
            return "the caller disconnected and left the response incomplete"
        if isinstance(error, VongError):
            return str(error)
        if error is not None:
            return f"{type(error).__name__}: {error}"
        failure = output.get("error") if output else None
        if failure is None and self.status < 400:
            return None
        return error_message(failure) or f"the upstream returned status {self.status}"

    def _usage(self, output: dict[str, Any] | None) -> Usage:
        """Return the reported usage, or an estimate if the stream was interrupted."""
        if self.cache_lookup and self.cache_lookup.response:
            return NO_USAGE  # no model was called
        if self.resolved and is_composite(self.resolved.provider):
            return NO_USAGE  # the calls of its steps have their own spans
        usage = parse_usage(output.get("usage") if output else None)
        if usage.output_tokens is None and self.accumulator and self.accumulator.chunks:
            # Providers report no usage if the caller disconnects. Most send one token per chunk; four bytes of input
            # are about one token.
            input_tokens = usage.input_tokens or max(1, len(self.body) // 4)
            usage = replace_trusted(usage, input_tokens=input_tokens, output_tokens=self.accumulator.chunks)
        elif self.resume_points:  # each target whose stream broke has read the request, and none reported its usage
            input_tokens = (usage.input_tokens or 0) + len(self.resume_points) * max(1, len(self.body) // 4)
            output_tokens = (usage.output_tokens or 0) + self.resume_points[-1]
            usage = replace_trusted(usage, input_tokens=input_tokens, output_tokens=output_tokens)
        return usage

    def _versions(self, metadata: dict[str, Any]) -> SpanVersions:
        """Return the versions of the target, overridden by those in the request's metadata."""
        versions = self.resolved.versions if self.resolved else SpanVersions()
        prompt = self.prompt_version
        if not metadata and prompt is None:
            return versions
        overrides = {
            name: metadata[name] for name in ("prompt_version", "index_version") if isinstance(metadata.get(name), str)
        }
        if prompt is not None:
            overrides["prompt_version"] = prompt
        return versions.model_copy(update=overrides) if overrides else versions

    @property
    def prompt_version(self) -> str | None:
        """Return the ref of the prompt that was rendered by the gateway or by the caller."""
        return self.prompt.ref if self.prompt and self.prompt.ref else self.prompt_ref

    def prompt_attributes(self, *, captured: bool) -> dict[str, Any]:
        """Return the attributes of the prompt. Variables are bodies, and contain what guards may have masked."""
        if self.prompt is None:
            return {}
        attributes: dict[str, Any] = {}
        if self.prompt.ref is not None:
            attributes["gen_ai.prompt.name"] = self.prompt.ref.partition("@")[0]
        if self.prompt.target is not None:
            attributes[TARGET_ATTRIBUTE] = self.prompt.target_of(self.resolved.target if self.resolved else None)
        if self.prompt.reference is not None:
            is_checked = self.guard_session is not None and self.guard_session.checks_requests
            hidden = () if captured and not is_checked else ("variables",)
            attributes["vong.prompt"] = {
                name: value for name, value in self.prompt.reference.items() if name not in hidden
            }
        return attributes

    def _attributes(self, operation: str, error: BaseException | None, output: dict[str, Any] | None) -> dict[str, Any]:
        """Return the span attributes: OpenTelemetry's GenAI conventions and Vong's own under `vong.`."""
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": operation,
            "vong.endpoint": self.endpoint,
            "http.response.status_code": self.status,
        }
        if self.exchange:
            attributes["gen_ai.request.model"] = self.exchange.request.model
        if self.resolved:
            attributes["gen_ai.provider.name"] = self.resolved.provider_name
            if self.resolved.start_wait_ms:
                attributes["vong.start_wait_ms"] = self.resolved.start_wait_ms
        if output:
            _add_response_attributes(attributes, output)
            if used_by_type := used_types(output.get("usage")):
                attributes[USAGE_ATTRIBUTE] = used_by_type
        if self.accumulator:
            attributes["vong.stream"] = True
            if self.resume_points or (self.accumulator.usage is None and self.accumulator.chunks):
                attributes["vong.usage_estimated"] = True
        attributes |= self._outcome_attributes(error)
        if self.resume_points or self.cache_lookup or self.guard_session:
            attributes |= self._pipeline_attributes()
        return attributes

    def _outcome_attributes(self, error: BaseException | None) -> dict[str, Any]:
        """Return the attributes of attempts, queue and error."""
        attributes: dict[str, Any] = {}
        if self.attempts:
            attributes["vong.attempts"] = self.attempts.log
        if self.queue_ms is not None:
            attributes["vong.queue_ms"] = self.queue_ms
        return attributes if error is None else attributes | _error_attributes(error)

    def _pipeline_attributes(self) -> dict[str, Any]:
        """Return the attributes of continuation, cache and guards."""
        attributes: dict[str, Any] = {"vong.continued": len(self.resume_points)} if self.resume_points else {}
        if self.cache_lookup:
            attributes |= self.cache_lookup.span_attributes()
        if self.guard_session:
            attributes |= self.guard_session.span_attributes()
        return attributes

    def _request_attributes(self, metadata: dict[str, Any], *, captured: bool) -> dict[str, Any]:
        """Return the attributes of the request: capture, metadata, tags, fields of a responses request."""
        attributes: dict[str, Any] = {} if captured else {"vong.capture": "metadata"}
        if metadata:
            attributes["vong.metadata"] = metadata
        if self.tags:
            attributes["vong.tags"] = list(self.tags)
        attributes |= self.prompt_attributes(captured=captured)
        if self.exchange and self.endpoint == "responses":
            fields = self.exchange.request_fields()
            flags = {
                "vong.instructions": bool(fields.get("instructions")),
                "vong.unstored": fields.get("store") is False,
            }
            attributes |= {name: True for name, is_set in flags.items() if is_set}
            if self.exchange.request.previous:
                attributes["vong.previous_response"] = self.exchange.request.previous
        return attributes


def _error_attributes(error: BaseException | None) -> dict[str, Any]:
    """Return the error code, and the limited metric if a limit rejected the call."""
    attributes = {"error.type": error.code} if isinstance(error, VongError) else {}
    return (
        {**attributes, "vong.limit": error.limit}
        if isinstance(error, (RateLimitExceeded, BudgetExceeded, PriceUnknown))
        else attributes
    )


def _add_response_attributes(attributes: dict[str, Any], output: dict[str, Any]) -> None:
    """Add model, id and finish reasons of the response."""
    model, id, choices = output.get("model"), output.get("id"), output.get("choices")
    if isinstance(model, str):
        attributes["gen_ai.response.model"] = model
    if isinstance(id, str):
        attributes["gen_ai.response.id"] = id
    if isinstance(choices, list):
        reasons = [choice.get("finish_reason") for choice in choices if isinstance(choice, dict)]
        attributes["gen_ai.response.finish_reasons"] = reasons


def _decode_json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
