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
    UpstreamFailed,
    VongError,
    error_message,
)
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.auth.scopes import check_scope
from vong.gateway.endpoints.continuation import PartialAnswer
from vong.gateway.endpoints.file_sources import resolve_files
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.endpoints.stream import StreamAccumulator
from vong.gateway.guards.request_texts import GuardedRequest, read_model
from vong.gateway.limits.quota import Reservation
from vong.gateway.limits.subjects import parse_tags
from vong.gateway.pipeline.attempt_spans import build_attempt_spans
from vong.gateway.pipeline.context import CallContext
from vong.gateway.pipeline.exchange import UpstreamExchange, decode_response
from vong.gateway.pipeline.follow_up import follow_up
from vong.gateway.pipeline.guarding import GuardSession, redacted_body
from vong.gateway.pipeline.planning import find_cached, plan_targets, reserve_capacity, reserve_limits
from vong.gateway.pipeline.prompts import may_have_prompt, normalize_ref, render_request
from vong.gateway.pipeline.running_calls import recorded_while_running
from vong.gateway.pipeline.services import DEFAULT_OPTIONS, CallOptions, CallServices
from vong.gateway.pipeline.stream_start import RESEND_HINT, buffer_first_event, buffer_first_token
from vong.gateway.providers import Endpoint, ProviderRequest, ProviderResponse
from vong.gateway.providers.response_check import to_error
from vong.gateway.routing.catalog import ModelCatalog, ResolvedTarget, RoutePlan
from vong.gateway.routing.load import TargetLoad
from vong.gateway.routing.retry import AttemptRunner
from vong.gateway.upstream.bounded_events import bounded_events
from vong.gateway.upstream.response import ResponseLimits
from vong.gateway.upstream.sse import split_events
from vong.gateway.upstream.surrogates import repair_surrogates
from vong.gateway.upstream.timeouts import deadline
from vong.records import RoutePolicy, Span, Timeouts

DEFAULT_TIMEOUTS = Timeouts()


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
        self.span: Span | None = None
        self.resolved: ResolvedTarget | None = None
        self._services = services
        self._body = repair_surrogates(body)
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
        self._catalog = catalog = await self._services.load_catalog(self._context.principal)
        await self._render_prompt(catalog)
        load_file = partial(self._services.load_file, self._context.principal)
        self._body = await resolve_files(self.endpoint, self._body, load_file)
        await self._check_request(catalog)
        exchange = await self._parse(catalog)
        self._apply_labels(exchange)
        plan = plan_targets(self._services, self._context, catalog, exchange, self._options.random_draw)
        if self._context.principal.is_delegated:
            self._low_priority_load = await reserve_capacity(self._services, self._context.principal.project_id, plan)
        if (cached := await find_cached(self._services, self._context, catalog, plan, exchange)) is not None:
            return self._replay(exchange, cached)
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
        with recorded_while_running(self._services.record_start, self._context, self._reservation):
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
        self.span = span = self._context.build_span(error)
        self.resolved = self._context.resolved
        self._services.record_span(self._context.principal, span, self._context.tags, self._reservation)
        if self._context.attempts:
            for attempt_span in build_attempt_spans(self._context, span):
                self._services.record_span(self._context.principal, attempt_span, (), None)
        if span.status == "ok" and self._context.route and self._context.route.policy and self._context.captures_bodies:
            follow_up(self._context, span, self._services.enqueue_shadow)

    async def _render_prompt(self, catalog: ModelCatalog) -> None:
        """Put the stored prompt that the request or the target of its route names into the request."""
        if self._options.prompt is not None:
            self._context.prompt = self._options.prompt
        elif may_have_prompt(self.endpoint, self._body, catalog):
            self._body, self._options = await render_request(
                self._services.prompts, self._context, self._body, catalog, self._options
            )

    async def _check_request(self, catalog: ModelCatalog) -> None:
        """Let the guards of the called model or route check the request before it is parsed.

        No other code reads the body before the guards have masked it. If a guard blocks the request, the span contains
        the request with all texts redacted.
        """
        self._context.body = self._body
        guard_set, principal = catalog.guards, self._context.principal
        if guard_set is None or not self._options.apply_guards:
            return
        model = read_model(self._body)
        check_scope(principal, self.endpoint, model)
        guards = guard_set.guards_for(self._options.guards_route or model)
        if not guards:
            return
        ask_model = partial(self._services.ask_model, principal, self.trace)
        self._context.guard_session = watch = GuardSession(guards, ask_model, guard_set.version)
        if not watch.checks_requests:
            return
        request = GuardedRequest(self.endpoint, self._body)
        try:
            await watch.check_request(request)
        except VongError:
            with suppress(InvalidInput):  # an invalid request is reported as blocked, not as invalid
                self._context.exchange = UpstreamExchange(
                    self.endpoint, redacted_body(self.endpoint, self._body), self.id.hex
                )
            raise
        self._context.body = request.encode()

    async def _parse(self, catalog: ModelCatalog) -> UpstreamExchange:
        """Parse the request, check the scope of the key and load the history that the request continues."""
        principal = self._context.principal
        self._context.exchange = exchange = UpstreamExchange(self.endpoint, self._context.body, self.id.hex)
        exchange.prompt = self._context.prompt.reference if self._context.prompt else None
        check_scope(principal, self.endpoint, exchange.request.model)
        self._context.route = route = catalog.routes.get(exchange.request.model)
        if exchange.request.previous:
            history = await self._services.load_history(principal.project_id, exchange.request.previous)
            if self._context.guard_session:
                await self._context.guard_session.check_history(history)
            exchange.prepend_history(history)
        named = self.trace.prompt or (exchange.request.metadata or {}).get("prompt_version")
        if isinstance(named, str):
            self._context.prompt_ref = await normalize_ref(self._services.prompts, principal.project_id, named)
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

    def _replay(self, exchange: UpstreamExchange, cached: bytes) -> ProviderResponse:
        """Return a cached response as a target would return it."""
        reply = exchange.replay_cached(cached)
        if reply.events is None:
            self._store_response(exchange, reply)
        else:
            self._context.accumulator = exchange.open_stream()
        return reply

    async def _send_to_targets(self, plan: RoutePlan, exchange: UpstreamExchange) -> ProviderResponse:
        """Send the request to the first target, or to the targets in turn if the route has a policy or a tree."""
        policy = plan.route.policy if plan.route else None
        if policy is None and (plan.route is None or plan.route.tree is None):
            return await self._begin_stream(await self._send_to_target(plan.targets[0]))
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
            limits = ResponseLimits(connect=times.connect, first_byte=inf, total=total)
            return await self._begin_stream(await self._send_to_target(target, limits), until_first_token=True)

    async def _begin_stream(self, reply: ProviderResponse, *, until_first_token: bool = False) -> ProviderResponse:
        """Return a response once its stream has begun. A stream that begins with an error becomes that error."""
        context, exchange = self._context, self._context.exchange
        if reply.events is None or context.accumulator is None or exchange is None:
            return reply
        begin = buffer_first_token if until_first_token else buffer_first_event
        self._buffered = await begin(cast(AsyncGenerator[bytes], reply.events), context.accumulator)
        if context.accumulator.first_token is None and context.accumulator.error is not None:
            error, self._buffered, context.accumulator = to_error(context.accumulator.error), b"", None
            context.response = exchange.parse_response(reply, exchange.replace_by_error(reply, error))
            context.status = reply.status
        return reply

    async def _send_to_target(self, target: str, limits: ResponseLimits | None = None) -> ProviderResponse:
        assert self._catalog is not None
        resolve, context = self._services.resolve_target, self._context
        resolved = await resolve(context.principal, self._catalog, target, context.route)
        return await self._send_to_resolved(resolved, limits)

    async def _send_to_resolved(
        self, resolved: ResolvedTarget, limits: ResponseLimits | None = None
    ) -> ProviderResponse:
        """Send the request to a resolved target and apply the guards to its response."""
        exchange = self._context.exchange
        assert exchange is not None
        self._context.resolved = self._context.targets_tried[resolved.target] = resolved
        self._context.response = self._context.accumulator = None
        endpoint, body = exchange.prepare_for(resolved)
        headers, low_priority = self.trace.forwarded_headers, self._context.is_low_priority
        request = ProviderRequest(
            endpoint, resolved.model, body, exchange.stream, limits, headers, low_priority, self._context.caller
        )
        session = self._context.guard_session
        checks_responses = session is not None and session.checks_responses and exchange.kind == "chat"

        async def send() -> ProviderResponse:
            sent = await exchange.send(resolved.provider, request)
            if checks_responses and sent.events is None:
                exchange.reject_error(sent, decode_response(sent, resolved.target))  # guards read answers only
            return sent

        if session is None:
            return self._accept_response(exchange, await send())
        masked_send = partial(session.mask_failure, send)
        reply = await session.check_response(exchange, await masked_send(), masked_send)
        return self._accept_response(exchange, reply)

    def _accept_response(self, exchange: UpstreamExchange, reply: ProviderResponse) -> ProviderResponse:
        """Parse the response, or start to accumulate its stream."""
        self._context.record_queue(reply.headers)
        if reply.events is None:
            self._store_response(exchange, reply)
        else:
            self._context.accumulator = exchange.open_stream()
        self._context.status = reply.status
        return reply

    def _store_response(self, exchange: UpstreamExchange, reply: ProviderResponse) -> None:
        """Decode the response body and store it as a chat completion or embeddings, or as an error."""
        target = self._context.resolved.target if self._context.resolved else "the upstream"
        fields = exchange.reject_error(reply, decode_response(reply, target))
        self._context.response = exchange.parse_response(reply, fields)
        self._context.status = reply.status

    async def _stream_target(self, reply: ProviderResponse) -> AsyncGenerator[bytes]:
        """Yield the events of one target. Raises UpstreamFailed if the stream breaks."""
        accumulator = self._context.accumulator
        assert accumulator is not None and reply.events is not None
        can_continue = self._can_continue_stream
        async with aclosing(cast(AsyncGenerator[bytes], reply.events)) as events:
            if accumulator.failure is not None:
                raise accumulator.failure
            async with aclosing(self._bounded(events, accumulator)) as batches:
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

    def _bounded(self, events: AsyncGenerator[bytes], accumulator: StreamAccumulator) -> AsyncGenerator[bytes]:
        """Return the events up to the end that the stream says, within the timeouts of the route."""
        choices = int(self._context.exchange.request.n or 1) if self._context.exchange else 1
        idle = self._timeouts.between_tokens if self._context.attempts else inf
        deadline_at = self._deadline_at if self._context.attempts else None
        return bounded_events(
            events, lambda: accumulator.end_grace(choices), idle_seconds=idle, deadline_at=deadline_at
        )

    @property
    def _can_continue_stream(self) -> bool:
        """Return True if another target may continue a broken stream."""
        return self._context.exchange is not None and not self._context.exchange.allow_native

    async def _continue_stream(self) -> ProviderResponse | None:
        """Return the continuation of a broken stream from the next target that starts one, or None."""
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
