"""What one model call did, and the span that says so."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec

from vong.errors import BudgetExceeded, PriceUnknown, RateLimitExceeded, VongError
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.endpoints.stream import StreamAccumulator, usage_of
from vong.gateway.pipeline.cache_lookup import CacheLookup
from vong.gateway.pipeline.exchange import UpstreamExchange
from vong.gateway.pipeline.guarding import GuardSession
from vong.gateway.pricing.token_types import ATTRIBUTE, counted
from vong.gateway.providers import Shape
from vong.gateway.routing.catalog import ResolvedTarget
from vong.gateway.routing.retry import AttemptRunner
from vong.records import Route, Span, Usage, now
from vong.records.capture import captured
from vong.records.record import changed, known
from vong.records.span import SpanVersions

LEFT = 499
"""The status that is recorded for a caller who left before the end, as nginx does."""


@dataclass(slots=True)
class CallContext:
    """What is known of a call so far: the target that was asked last, what it said, how often others were asked."""

    principal: GatewayPrincipal
    shape: Shape
    body: bytes
    trace: TraceContext
    at: datetime = field(default_factory=now)
    started: float = field(default_factory=time.perf_counter)
    status: int = 200
    passage: UpstreamExchange | None = None
    route: Route | None = None
    choice: ResolvedTarget | None = None
    reply: dict[str, Any] | None = None
    transcript: StreamAccumulator | None = None
    attempts: AttemptRunner | None = None
    asked: dict[str, ResolvedTarget] = field(default_factory=dict[str, ResolvedTarget])
    """Those that were asked, by target."""
    recall: CacheLookup | None = None
    broken: list[int] = field(default_factory=list[int])
    """Chunks that had come when a stream broke off and was gone on with."""
    tags: tuple[str, ...] = ()
    watch: GuardSession | None = None

    @property
    def operation(self) -> Literal["chat", "embeddings"]:
        """OpenTelemetry's name for it."""
        return "embeddings" if self.shape == "embeddings" else "chat"

    @property
    def output(self) -> dict[str, Any] | None:
        """The answer as a chat completion, or as embeddings; an error has `error`."""
        return self.transcript.completion() if self.transcript else self.reply

    def span(self, error: BaseException | None) -> Span:
        """The span, `error` being what went wrong."""
        duration = (time.perf_counter() - self.started) * 1000
        transcript, choice, passage = self.transcript, self.choice, self.passage
        asked = passage.asked if passage else None
        output = transcript.completion() if transcript else self.reply
        captured = self.captured
        message = self._fault(error, output)
        first = transcript.first_token if transcript else None
        metadata = (asked.metadata if asked else None) or {}
        session = self.trace.session or metadata.get("session_id")
        operation = self.operation
        values: dict[str, Any] = {
            "id": self.trace.id,
            "trace_id": self.trace.trace_id,
            "span_id": self.trace.span_id,
            "parent_span_id": self.trace.parent_span_id,
            "name": f"{operation} {asked.model}" if asked else operation,
            "kind": operation,
            "status": "error" if message else "ok",
            "error": message,
            "started_at": self.at,
            "duration_ms": duration,
            "first_token_ms": (first - self.started) * 1000 if first else None,
            "model": choice.target if choice else None,
            "user": asked.user if asked else None,
            "session": str(session) if session is not None else None,
            "key": self.principal.actor,
            "usage": self._usage(output),
            "versions": self._versions(metadata),
            "attributes": self._attributes(operation, error, output) | self._told(metadata, captured=captured),
            "input": (passage.kept() if passage else _decoded(self.body)) if captured else None,
            "output": _without_vectors(output) if captured else None,
        }
        return known(Span, values)

    @property
    def captured(self) -> bool:
        """Whether the bodies of this call are kept."""
        policy = self.route.policy if self.route else None
        return policy is None or captured(policy.capture, self.trace.trace_id)

    def _fault(self, error: BaseException | None, output: dict[str, Any] | None) -> str | None:
        if isinstance(error, asyncio.CancelledError):
            self.status = LEFT
            return "the caller left before the answer was complete"
        if isinstance(error, VongError):
            return str(error)
        if error is not None:
            return f"{type(error).__name__}: {error}"
        said = output.get("error") if output else None
        if said is None and self.status < 400:
            return None
        return message_of(said) or f"the upstream answered {self.status}"

    def _usage(self, output: dict[str, Any] | None) -> Usage:
        if self.recall and self.recall.found:
            return Usage(input_tokens=0, output_tokens=0, cost=0)  # nobody was asked
        usage = usage_of(output.get("usage") if output else None)
        if usage.output_tokens is None and self.transcript and self.transcript.chunks:
            # No provider counts for a caller who left. A chunk is a token with most, and four bytes read are one.
            read = usage.input_tokens or max(1, len(self.body) // 4)
            usage = changed(usage, input_tokens=read, output_tokens=self.transcript.chunks)
        elif self.broken:  # each target that broke off read the request, and nobody says what it made
            read = (usage.input_tokens or 0) + len(self.broken) * max(1, len(self.body) // 4)
            made = (usage.output_tokens or 0) + self.broken[-1]
            usage = changed(usage, input_tokens=read, output_tokens=made)
        return usage

    def _versions(self, metadata: dict[str, Any]) -> SpanVersions:
        versions = self.choice.versions if self.choice else SpanVersions()
        if not metadata:
            return versions
        named = {
            name: metadata[name] for name in ("prompt_version", "index_version") if isinstance(metadata.get(name), str)
        }
        return versions.model_copy(update=named) if named else versions

    def _attributes(self, operation: str, error: BaseException | None, output: dict[str, Any] | None) -> dict[str, Any]:
        """OpenTelemetry's GenAI conventions, and Vong's own under `vong.`."""
        found: dict[str, Any] = {
            "gen_ai.operation.name": operation,
            "vong.shape": self.shape,
            "http.response.status_code": self.status,
        }
        if self.passage:
            found["gen_ai.request.model"] = self.passage.asked.model
        if self.choice:
            found["gen_ai.provider.name"] = self.choice.system
        if output:
            _answered(found, output)
            if kinds := counted(output.get("usage")):
                found[ATTRIBUTE] = kinds
        if self.transcript:
            found["vong.stream"] = True
            if self.broken or (self.transcript.usage is None and self.transcript.chunks):
                found["vong.usage_estimated"] = True
        if self.attempts:
            found["vong.attempts"] = self.attempts.made
        if error is not None:
            found |= _failed(error)
        if self.broken or self.recall or self.watch:
            found |= self._happened()
        return found

    def _happened(self) -> dict[str, Any]:
        """What stood between the caller and the model."""
        found: dict[str, Any] = {"vong.continued": len(self.broken)} if self.broken else {}
        if self.recall:
            found |= self.recall.attributes()
        if self.watch:
            found |= self.watch.attributes()
        return found

    def _told(self, metadata: dict[str, Any], *, captured: bool) -> dict[str, Any]:
        """What the caller said of the call."""
        found: dict[str, Any] = {} if captured else {"vong.capture": "metadata"}
        if metadata:
            found["vong.metadata"] = metadata
        if self.tags:
            found["vong.tags"] = list(self.tags)
        if self.passage and self.shape == "responses":
            fields = self.passage.fields()
            said = {
                "vong.instructions": bool(fields.get("instructions")),
                "vong.unstored": fields.get("store") is False,
            }
            found |= {name: True for name, holds in said.items() if holds}
            if self.passage.asked.previous:
                found["vong.previous_response"] = self.passage.asked.previous
        return found


def message_of(said: Any) -> str:
    """What an error in OpenAI's shape says."""
    text = said.get("message") if isinstance(said, dict) else said
    return str(text) if text else ""


def _failed(error: BaseException | None) -> dict[str, Any]:
    """What went wrong, and of which kind the limit was that refused the call."""
    found = {"error.type": error.code} if isinstance(error, VongError) else {}
    return (
        {**found, "vong.limit": error.limit}
        if isinstance(error, (RateLimitExceeded, BudgetExceeded, PriceUnknown))
        else found
    )


def _answered(found: dict[str, Any], output: dict[str, Any]) -> None:
    """Add what an answer says of itself."""
    model, id, choices = output.get("model"), output.get("id"), output.get("choices")
    if isinstance(model, str):
        found["gen_ai.response.model"] = model
    if isinstance(id, str):
        found["gen_ai.response.id"] = id
    if isinstance(choices, list):
        reasons = [choice.get("finish_reason") for choice in choices if isinstance(choice, dict)]
        found["gen_ai.response.finish_reasons"] = reasons


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _without_vectors(output: dict[str, Any] | None) -> dict[str, Any] | None:
    """An answer as it is kept: of embeddings only how many there were."""
    if output is None or output.get("object") != "list" or not isinstance(output.get("data"), list):
        return output
    return {**output, "data": [], "count": len(output["data"])}
