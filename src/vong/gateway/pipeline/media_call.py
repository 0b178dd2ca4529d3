"""Run one call with audio or images: from the parsed request to the span and its ledger entry.

The request is passed to the provider with its model name, and the body of the response is passed back in parts.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from random import random
from typing import Any, cast

import msgspec

from vong.errors import Unsupported, VongError, error_message
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.auth.scopes import check_scope
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.guards.request_texts import GuardedRequest
from vong.gateway.limits.estimate import UsageBound
from vong.gateway.limits.quota import Reservation
from vong.gateway.limits.subjects import LimitSubjects, parse_tags
from vong.gateway.pipeline.context import CLIENT_CLOSED_REQUEST
from vong.gateway.pipeline.guarding import REDACTED_TEXT, GuardSession
from vong.gateway.pipeline.media_request import MediaRequest, shorten_data
from vong.gateway.pipeline.media_usage import MediaBody, MediaUsage
from vong.gateway.pipeline.services import CallServices
from vong.gateway.pricing.token_types import TOKEN_TYPES, USAGE_ATTRIBUTE
from vong.gateway.providers import ProviderResponse
from vong.gateway.providers.base import MediaProviderRequest, SupportsMedia
from vong.gateway.providers.response_check import TEXT_OPERATIONS
from vong.gateway.routing.catalog import ModelCatalog, ResolvedTarget, RoutePlan
from vong.gateway.routing.retry import AttemptRunner
from vong.gateway.upstream.response import ResponseLimits
from vong.records import RoutePolicy, Span, Usage, now
from vong.records.capture import should_capture
from vong.records.record import construct_trusted
from vong.records.span import SpanVersions


class MediaCall:
    """Call of one principal: `open` it, pass on the body with `parts`, always `close` it."""

    def __init__(
        self, services: CallServices, principal: GatewayPrincipal, request: MediaRequest, trace: TraceContext
    ) -> None:
        self.id = trace.id
        self.trace = trace
        self._services = services
        self._principal = principal
        self._request = request
        self._catalog: ModelCatalog | None = None
        self._plan: RoutePlan | None = None
        self._resolved: ResolvedTarget | None = None
        self._attempts: AttemptRunner | None = None
        self._reservation: Reservation | None = None
        self._guards: GuardSession | None = None
        self._body = MediaBody("")
        self._status = 200
        self._started_at, self._start_seconds = now(), time.perf_counter()
        self._first_part: float | None = None
        self._closed = False
        labels = principal.labels
        tags = (*(labels.tags if labels else ()), *parse_tags(trace.tags, None))
        self._tags = tuple(dict.fromkeys(tags))
        user = request.fields.get("user")
        self._user = user if isinstance(user, str) and user else labels.user if labels else None

    @property
    def response_headers(self) -> dict[str, str]:
        """Return the response headers of the limits."""
        return self._reservation.headers() if self._reservation else {}

    async def open(self) -> ProviderResponse:
        """Run the call up to the start of its response and return the response.

        If a VongError is raised, no part of a response was produced.
        """
        self._catalog = catalog = await self._services.load_catalog(self._principal)
        model = self._request.model
        check_scope(self._principal, self._request.endpoint, model)
        await self._check_texts(catalog, model)
        self._plan = plan = catalog.plan_route(model, random)
        if catalog.limits:
            input_tokens, output_tokens = self._request.token_bound
            bound = UsageBound(input_tokens, output_tokens, None, frozenset(TOKEN_TYPES))
            route = plan.route.name if plan.route else None
            subjects = LimitSubjects(self._principal.actor, self._user, route, self._tags)
            self._reservation = await self._services.limiter.admit(self._principal, catalog, plan, subjects, bound)
        reply = await self._send_to_targets(plan)
        self._status = reply.status
        self._body = MediaBody(reply.headers.get("content-type", ""))
        if reply.events is None:
            self._body.feed(reply.body)
        return reply

    async def parts(self, reply: ProviderResponse) -> AsyncGenerator[bytes]:
        """Yield the body of the response as it arrives. Raises UpstreamFailed if it breaks."""
        if reply.events is None:
            yield reply.body
            return
        async with aclosing(cast(AsyncGenerator[bytes], reply.events)) as parts:
            async for part in parts:
                self._first_part = self._first_part or time.perf_counter()
                self._body.feed(part)
                yield part

    def close(self, error: BaseException | None = None, status: int | None = None) -> None:
        """Record the span, once. `error` is the failure, asyncio.CancelledError if the caller disconnected."""
        if self._closed:
            return
        self._closed = True
        self._status = status or self._status
        if self._attempts:
            self._attempts.finish()
        span = self._build_span(error, self._body.usage())
        self._services.record_span(self._principal, span, self._tags, self._reservation)

    async def _check_texts(self, catalog: ModelCatalog, model: str) -> None:
        """Let the guards check the texts of the request.

        Raises: Unsupported if guards check responses and the response is a transcript that they cannot read.
        """
        try:
            texts = self._request.texts
        except VongError:
            if catalog.guards is not None:
                self._request.redact_texts(REDACTED_TEXT)
            raise
        if catalog.guards is None:
            return
        ask = partial(self._services.ask_model, self._principal, self.trace)
        self._guards = GuardSession(catalog.guards.guards_for(model), ask, catalog.guards.version)
        if self._guards.checks_responses and self._request.operation in TEXT_OPERATIONS:
            message = "this call has guards that check responses, and they cannot read transcripts"
            raise Unsupported(message, "transcribe with a model or route without these guards")
        if not self._guards.checks_requests or not texts:
            return
        guarded = GuardedRequest(self._request.endpoint, msgspec.json.encode(texts))
        try:
            await self._guards.check_request(guarded)
        except VongError:
            self._request.redact_texts(REDACTED_TEXT)
            raise
        self._request.replace_texts(msgspec.json.decode(guarded.encode()))

    async def _send_to_targets(self, plan: RoutePlan) -> ProviderResponse:
        policy, project_id = plan.route.policy if plan.route else None, self._principal.project_id
        if policy is None and len(plan.targets) == 1:
            return await self._send(plan.targets[0])
        self._attempts = AttemptRunner(
            plan,
            policy or RoutePolicy(),
            partial(self._services.circuit_breaker, project_id),
            partial(self._services.target_load, project_id),
            stream=False,
        )
        return await self._attempts.run(self._send)

    async def _send(self, target: str) -> ProviderResponse:
        """Send the request to a target.

        Raises: Unsupported if its provider does not have the operation.
        """
        assert self._catalog is not None and self._plan is not None
        route, operation = self._plan.route, self._request.operation
        self._resolved = resolved = self._catalog.resolve(target, route)
        provider = resolved.provider
        if not isinstance(provider, SupportsMedia) or operation not in provider.media_operations:
            hint = "use a model of a provider that has it: see docs/guides/gateway.md"
            raise Unsupported(f"{resolved.target!r} does not support {operation}", hint)
        body, content_type = self._request.encode(resolved.model)
        limits = None
        if route is not None and route.policy is not None:
            times = route.policy.timeout
            limits = ResponseLimits(connect=times.connect, total=times.total or ResponseLimits().total)
        return await provider.send_media(
            MediaProviderRequest(operation, resolved.model, body, content_type, self._request.fields, limits)
        )

    def _build_span(self, error: BaseException | None, usage: MediaUsage) -> Span:
        operation, resolved = self._request.operation, self._resolved
        model = self._request.fields.get("model")
        policy = self._plan.route.policy if self._plan and self._plan.route else None
        captured = policy is None or should_capture(policy.capture, self.trace.trace_id)
        output, message = self._body.recorded(), self._describe_error(error)
        counts = (usage.input_tokens, usage.output_tokens, usage.cached_tokens)
        names = ("input_tokens", "output_tokens", "cached_tokens")
        values: dict[str, Any] = {
            "id": self.trace.id,
            "trace_id": self.trace.trace_id,
            "span_id": self.trace.span_id,
            "parent_span_id": self.trace.parent_span_id,
            "name": f"{operation} {model}" if isinstance(model, str) else operation,
            "kind": "other",
            "status": "error" if message else "ok",
            "error": message,
            "started_at": self._started_at,
            "duration_ms": (time.perf_counter() - self._start_seconds) * 1000,
            "first_token_ms": (self._first_part - self._start_seconds) * 1000 if self._first_part else None,
            "model": resolved.target if resolved else None,
            "user": self._user,
            "session": self.trace.session,
            "key": self._principal.actor,
            "usage": construct_trusted(Usage, {**dict(zip(names, counts, strict=True)), "cost": None}),
            "versions": resolved.versions if resolved else SpanVersions(),
            "attributes": self._attributes(error, usage, model, captured=captured),
            "input": self._request.recorded() if captured else None,
            "output": shorten_data(output) if captured else None,
        }
        return construct_trusted(Span, values)

    def _attributes(
        self, error: BaseException | None, usage: MediaUsage, model: Any, *, captured: bool
    ) -> dict[str, Any]:
        operation = self._request.operation
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": operation.partition("/")[2],
            "gen_ai.request.model": model,
            "vong.endpoint": operation,
            "http.response.status_code": self._status,
        }
        if self._resolved:
            attributes["gen_ai.provider.name"] = self._resolved.provider_name
        if usage.by_type:
            attributes[USAGE_ATTRIBUTE] = usage.by_type
        if self._attempts:
            attributes["vong.attempts"] = self._attempts.log
        if self._tags:
            attributes["vong.tags"] = list(self._tags)
        if self._guards:
            attributes |= self._guards.span_attributes()
        if isinstance(error, VongError):
            attributes["error.type"] = error.code
        return attributes if captured else {**attributes, "vong.capture": "metadata"}

    def _describe_error(self, error: BaseException | None) -> str | None:
        if isinstance(error, asyncio.CancelledError):
            self._status = CLIENT_CLOSED_REQUEST
            return "the caller disconnected and left the response incomplete"
        if error is not None:
            return str(error) if isinstance(error, VongError) else f"{type(error).__name__}: {error}"
        if self._status < 400:
            return self._body.error
        output = self._body.recorded()
        failure = output.get("error") if isinstance(output, dict) else None
        return error_message(failure) or f"the upstream returned status {self._status}"
