"""Run one model call: from the request body to the span and its ledger entry.

`ModelCall.open` is the table of contents: guards, parsing and scope, targets, cache, limits, attempts.
`ModelCall.events` streams the response, `ModelCall.close` records the span.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from functools import partial
from math import inf
from typing import Any, cast

from vong.errors import (
    GuardFailed,
    InvalidInput,
    NotFound,
    Unavailable,
    Unsupported,
    UpstreamFailed,
    VongError,
    error_message,
)
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.auth.scopes import check_scope
from vong.gateway.endpoints.continuation import PartialAnswer
from vong.gateway.endpoints.json_depth import check_max_depth
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.guards.request_texts import GuardedRequest
from vong.gateway.limits.quota import Reservation
from vong.gateway.limits.subjects import parse_tags
from vong.gateway.pipeline.attempt_spans import build_attempt_spans
from vong.gateway.pipeline.cache_lookup import CacheLookup
from vong.gateway.pipeline.context import CallContext
from vong.gateway.pipeline.exchange import UpstreamExchange, decode_response
from vong.gateway.pipeline.follow_up import follow_up
from vong.gateway.pipeline.guarding import GuardSession, redacted_body
from vong.gateway.pipeline.planning import plan_targets, reserve_capacity, reserve_limits
from vong.gateway.pipeline.services import DEFAULT_OPTIONS, CallOptions, CallServices
from vong.gateway.providers import Endpoint, ProviderRequest, ProviderResponse
from vong.gateway.routing.catalog import ModelCatalog, ResolvedTarget, RoutePlan
from vong.gateway.routing.load import TargetLoad
from vong.gateway.routing.retry import AttemptRunner
from vong.gateway.upstream.response import ResponseLimits
from vong.gateway.upstream.sse import split_events
from vong.gateway.upstream.timeouts import deadline, with_idle_timeout
from vong.records import RoutePolicy, Timeouts

DEFAULT_TIMEOUTS = Timeouts()
RESEND_HINT = "send the request again"


class ModelCall:
    """Model call of one principal: `open` it, stream the response with `events`, always `close` it."""

    def __init__(
        self,
        services: CallServices,
        principal: GatewayPrincipal,
        endpoint: Endpoint,
        body: bytes,
        trace: TraceContext,
        options: CallOptions = DEFAULT_OPTIONS,
    ) -> None:
        self.id = trace.id
        self.trace = trace
        self.endpoint: Endpoint = endpoint
        self._services = services
        self._body = body
        self._context = CallContext(principal, endpoint, b"", trace)
        self._timeouts = DEFAULT_TIMEOUTS
        self._deadline_at: float | None = None
        self._buffered = b""
        self._closed = False
        self._reservation: Reservation | None = None
        self._options = options
        self._catalog: ModelCatalog | None = None
        self._low_priority_load: TargetLoad | None = None
        """Load that counts the low-priority calls of the target. None for calls of normal priority."""

    @property
    def route(self) -> str | None:
        """Return the name of the route that resolved the call, or None if the model is not a route."""
        return self._context.resolved.versions.route if self._context.resolved else None

    @property
    def output(self) -> dict[str, Any] | None:
        """Return the response as a chat completion or embeddings."""
        return self._context.output

    @property
    def response_headers(self) -> dict[str, str]:
        """Return the response headers: remaining limits and the result of the cache lookup."""
        headers = self._reservation.headers() if self._reservation else {}
        return headers | self._context.cache_lookup.headers() if self._context.cache_lookup else headers

    async def open(self) -> ProviderResponse:
        """Run the call up to the start of its response and return the response.

        Retries and fallbacks follow the policy of the route. If a VongError is raised, no part of a response was
        produced.
        """
        check_max_depth(self._body)
        self._catalog = catalog = await self._services.load_catalog(self._context.principal)
        await self._check_request(catalog)
        exchange = await self._parse(catalog)
        self._apply_labels(exchange)
        plan = plan_targets(self._services, self._context, catalog, exchange, self._options.random_draw)
        if self._context.principal.is_delegated:
            self._low_priority_load = await reserve_capacity(self._services, self._context.principal.project_id, plan)
        if (cached := await self._find_cached(catalog, plan, exchange)) is not None:
            return cached
        if catalog.limits and self._options.apply_limits:
            self._reservation = await reserve_limits(self._services, self._context, catalog, plan, exchange)
        return await self._send_to_targets(plan, exchange)

    async def events(self, reply: ProviderResponse) -> AsyncGenerator[bytes]:
        """Yield the events for the caller as they arrive.

        Raises UpstreamFailed if the stream breaks and no other target continues it.
        """
        if self._buffered:
            yield self._buffered
        current: ProviderResponse | None = reply
        while current is not None:
            try:
                async with aclosing(self._stream_target(current)) as events:
                    async for chunk in events:
                        yield chunk
                current = None
            except VongError as error:
                if self._context.attempts:
                    self._context.attempts.record_broken_stream(error.code)
                current = None if isinstance(error, GuardFailed) else await self._continue_stream()
                if current is None:
                    raise

    def close(self, error: BaseException | None = None, status: int | None = None) -> None:
        """Record the span, once.

        `error` is the failure, asyncio.CancelledError if the caller disconnected. `status` is the HTTP status that the
        caller received if it differs from the upstream's.
        """
        if self._closed:
            return
        self._closed = True
        self._context.status = status or self._context.status
        if self._context.attempts:
            self._context.attempts.finish()
        if self._low_priority_load is not None:
            self._low_priority_load.release()
        span = self._context.build_span(error)
        self._services.record_span(self._context.principal, span, self._context.tags, self._reservation)
        if self._context.attempts:
            for attempt_span in build_attempt_spans(self._context, span):
                self._services.record_span(self._context.principal, attempt_span, (), None)
        if span.status == "ok" and self._context.route and self._context.route.policy and self._context.captures_bodies:
            follow_up(self._context, span, self._services.enqueue_shadow)

    async def _check_request(self, catalog: ModelCatalog) -> None:
        """Let the guards check the request before it is parsed.

        No other code reads the body before the guards have masked it. If a guard blocks the request, the span contains
        the request with all texts redacted.
        """
        guard_set, principal = catalog.guards, self._context.principal
        if guard_set is None or not self._options.apply_guards:
            self._context.body = self._body
            return
        ask_model = partial(self._services.ask_model, principal, self.trace)
        request = GuardedRequest(self.endpoint, self._body)
        check_scope(principal, self.endpoint, request.model)
        self._context.guard_session = watch = GuardSession(
            guard_set.guards_for(self._options.guards_route or request.model), ask_model, guard_set.version
        )
        try:
            await watch.check_request(request)
        except VongError:
            with suppress(InvalidInput):  # an invalid request is reported as blocked, not as invalid
                self._context.exchange = UpstreamExchange(
                    self.endpoint, redacted_body(self.endpoint, self._body), self.id.hex
                )
            raise
        self._context.body = request.encode() if watch.checks_requests else self._body

    async def _parse(self, catalog: ModelCatalog) -> UpstreamExchange:
        """Parse the request, check the scope of the key and load the history that the request continues."""
        principal = self._context.principal
        self._context.exchange = exchange = UpstreamExchange(self.endpoint, self._context.body, self.id.hex)
        check_scope(principal, self.endpoint, exchange.request.model)
        self._context.route = route = catalog.routes.get(exchange.request.model)
        if exchange.request.previous:
            history = await self._services.load_history(principal.project_id, exchange.request.previous)
            if self._context.guard_session:
                await self._context.guard_session.check_history(history)
            exchange.prepend_history(history)
        if route is not None and route.policy is not None:
            exchange.allow_native = not (route.policy.continue_streams and exchange.stream)
        return exchange

    def _apply_labels(self, exchange: UpstreamExchange) -> None:
        """Apply the tags of the request and the labels of the key, which decide how the call is accounted for."""
        self._context.tags, labels = (
            parse_tags(self.trace.tags, exchange.request.metadata),
            self._context.principal.labels,
        )
        if labels is not None:
            self._context.tags = tuple(dict.fromkeys((*labels.tags, *self._context.tags)))
            exchange.request.user = exchange.request.user or labels.user

    async def _find_cached(
        self, catalog: ModelCatalog, plan: RoutePlan, exchange: UpstreamExchange
    ) -> ProviderResponse | None:
        """Return a cached response, or None if there is none or the route has no cache."""
        policy = plan.route.policy.cache if plan.route and plan.route.policy else None
        if policy is None:
            return None
        try:
            resolved = catalog.resolve(plan.targets[0], plan.route)
            context, services = self._context, self._services
            guards = catalog.guards.version if catalog.guards else None
            lookup = CacheLookup(services.response_cache, policy, context.principal, resolved, exchange, guards)
            lookup.apply_cache_header(self.trace.cache)
            cached = await lookup.find()
        except (NotFound, Unavailable, Unsupported):
            return None  # the attempt that follows raises the same error
        context.cache_lookup = lookup
        if cached is None:
            return None
        context.resolved, reply = resolved, exchange.replay_cached(cached.body)
        if reply.events is None:
            self._store_response(exchange, reply)
        else:
            context.accumulator = exchange.open_stream()
        return reply

    async def _send_to_targets(self, plan: RoutePlan, exchange: UpstreamExchange) -> ProviderResponse:
        """Send the request to the first target, or to the targets in turn if the route has a policy or a tree."""
        policy = plan.route.policy if plan.route else None
        if policy is None and (plan.route is None or plan.route.tree is None):
            return await self._send_to_target(plan.targets[0])
        policy, project_id = policy or RoutePolicy(), self._context.principal.project_id
        self._timeouts = policy.timeout
        circuit, load = (
            partial(self._services.circuit_breaker, project_id),
            partial(self._services.target_load, project_id),
        )
        self._context.attempts = AttemptRunner(plan, policy, circuit, load, exchange.stream)
        return await self._context.attempts.run(self._attempt)

    async def _attempt(self, target: str) -> ProviderResponse:
        """Make one attempt, up to its first token. Until then another attempt can replace it."""
        times = self._timeouts
        total = times.total or inf
        self._deadline_at = None if times.total is None else asyncio.get_running_loop().time() + times.total
        is_stream = self._context.exchange is not None and self._context.exchange.stream
        seconds = min(total, times.first_token) if is_stream else times.total
        async with deadline(seconds, "did not begin to answer" if is_stream else "did not answer"):
            reply = await self._send_to_target(
                target, ResponseLimits(connect=times.connect, first_byte=inf, total=total)
            )
            if reply.events is not None:
                await self._wait_for_first_token(cast(AsyncGenerator[bytes], reply.events))
        return reply

    async def _wait_for_first_token(self, events: AsyncGenerator[bytes]) -> None:
        """Buffer the stream up to its first token.

        The buffered events, with the first token, are sent as soon as the token arrives.
        """
        accumulator, buffered = self._context.accumulator, list[bytes]()
        assert accumulator is not None
        try:
            while accumulator.first_token is None and not accumulator.ended:
                chunks = await anext(events, None)
                if chunks is None:
                    raise UpstreamFailed("the upstream ended its stream before its first token", RESEND_HINT)
                buffered.append(accumulator.feed(chunks))
                if accumulator.failure is not None and accumulator.first_token is None:
                    raise accumulator.failure
            if accumulator.first_token is None and accumulator.error is not None:
                raise UpstreamFailed(
                    f"the upstream interrupted its stream: {error_message(accumulator.error)}", RESEND_HINT
                )
        except BaseException:
            await events.aclose()
            raise
        self._buffered = b"".join(buffered)

    async def _send_to_target(self, target: str, limits: ResponseLimits | None = None) -> ProviderResponse:
        assert self._catalog is not None
        return await self._send_to_resolved(self._catalog.resolve(target, self._context.route), limits)

    async def _send_to_resolved(
        self, resolved: ResolvedTarget, limits: ResponseLimits | None = None
    ) -> ProviderResponse:
        """Send the request to a resolved target and apply the guards to its response."""
        exchange = self._context.exchange
        assert exchange is not None
        self._context.resolved = self._context.targets_tried[resolved.target] = resolved
        self._context.response = self._context.accumulator = None
        endpoint, body = exchange.prepare_for(resolved)
        request = ProviderRequest(endpoint, resolved.model, body, exchange.stream, limits, self.trace.forwarded_headers)

        async def send() -> ProviderResponse:
            return exchange.merge_partial(await resolved.provider.call(request))

        reply = await send()
        if self._context.guard_session:
            reply = await self._context.guard_session.check_response(exchange, reply, send)
        return self._accept_response(exchange, reply)

    def _accept_response(self, exchange: UpstreamExchange, reply: ProviderResponse) -> ProviderResponse:
        """Parse the response, or start to accumulate its stream."""
        self._context.status = reply.status
        if reply.events is None:
            self._store_response(exchange, reply)
        else:
            self._context.accumulator = exchange.open_stream()
        return reply

    def _store_response(self, exchange: UpstreamExchange, reply: ProviderResponse) -> None:
        """Decode the response body and store it as a chat completion or embeddings."""
        target = self._context.resolved.target if self._context.resolved else "the upstream"
        self._context.response = exchange.parse_response(reply, decode_response(reply, target))

    async def _stream_target(self, reply: ProviderResponse) -> AsyncGenerator[bytes]:
        """Yield the events of one target. Raises UpstreamFailed if the stream breaks."""
        accumulator = self._context.accumulator
        assert accumulator is not None and reply.events is not None
        can_continue = self._can_continue_stream
        async with aclosing(cast(AsyncGenerator[bytes], reply.events)) as events:
            if accumulator.failure is not None:
                raise accumulator.failure
            source = (
                with_idle_timeout(events, self._timeouts.between_tokens, self._deadline_at)
                if self._context.attempts
                else events
            )
            async with aclosing(source) as batches:
                async for chunks in batches:
                    for part in split_events(chunks) if can_continue else (chunks,):
                        chunk = accumulator.feed(part)
                        if can_continue and accumulator.error is not None:
                            raise UpstreamFailed(
                                f"the upstream interrupted its stream: {error_message(accumulator.error)}"
                            )
                        if chunk:
                            yield chunk
                        if accumulator.failure is not None:
                            raise accumulator.failure
        if not accumulator.ended:
            raise UpstreamFailed("the upstream ended its stream before the response was complete", RESEND_HINT)
        if tail := accumulator.finish():
            yield tail
        if self._context.attempts and accumulator.error is not None:
            self._context.attempts.record_broken_stream("upstream_failed")

    @property
    def _can_continue_stream(self) -> bool:
        """Return True if another target may continue a broken stream."""
        return self._context.exchange is not None and not self._context.exchange.allow_native

    async def _continue_stream(self) -> ProviderResponse | None:
        """Return the continuation of a broken stream from the next target that starts one.

        Returns None if the stream cannot be continued.
        """
        context = self._context
        accumulator, exchange, attempts = context.accumulator, context.exchange, context.attempts
        text = accumulator.text if accumulator else None
        if not self._can_continue_stream or not text or accumulator is None or exchange is None or attempts is None:
            return None
        chunks = accumulator.resume()
        exchange.partial = PartialAnswer(text, chunks, accumulator.id, accumulator.model)
        try:
            reply = await attempts.next_stream(self._start_continuation)
        finally:
            context.accumulator = accumulator
        if reply is None or reply.events is None:
            return None
        context.resume_points.append(chunks)
        return reply

    async def _start_continuation(self, target: str) -> ProviderResponse:
        """Request the rest of a broken response from one target."""
        times = self._timeouts
        async with deadline(times.first_token, "did not begin to answer"):
            return await self._send_to_target(
                target, ResponseLimits(connect=times.connect, first_byte=inf, total=times.total or inf)
            )
