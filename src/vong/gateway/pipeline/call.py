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

from vong.errors import GuardFailed, InvalidInput, NotFound, Unavailable, Unsupported, UpstreamFailed, VongError
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.auth.scopes import check
from vong.gateway.endpoints.continuation import PartialAnswer
from vong.gateway.endpoints.json_depth import shallow
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.endpoints.stream import whole
from vong.gateway.guards.request_texts import GuardedRequest
from vong.gateway.limits.quota import Reservation
from vong.gateway.limits.subjects import tags_of
from vong.gateway.pipeline.attempt_spans import steps
from vong.gateway.pipeline.cache_lookup import CacheLookup
from vong.gateway.pipeline.context import CallContext, message_of
from vong.gateway.pipeline.exchange import UpstreamExchange, decode_response
from vong.gateway.pipeline.follow_up import follow_up
from vong.gateway.pipeline.guarding import GuardSession, withheld
from vong.gateway.pipeline.planning import plan_targets, reserve_capacity, reserve_limits
from vong.gateway.pipeline.services import CALLERS, CallOptions, CallServices
from vong.gateway.providers import ProviderRequest, ProviderResponse, Shape
from vong.gateway.routing.catalog import ModelCatalog, ResolvedTarget, RoutePlan
from vong.gateway.routing.load import TargetLoad
from vong.gateway.routing.retry import AttemptRunner
from vong.gateway.upstream.response import ResponseLimits
from vong.gateway.upstream.timeouts import timely, within
from vong.records import RoutePolicy, Timeouts

TIMES = Timeouts()
RESEND = "send the request again"


class ModelCall:
    """Model call of one principal: `open` it, stream the response with `events`, always `close` it."""

    def __init__(
        self,
        services: CallServices,
        principal: GatewayPrincipal,
        endpoint: Shape,
        body: bytes,
        trace: TraceContext,
        options: CallOptions = CALLERS,
    ) -> None:
        self.id = trace.id
        self.trace = trace
        self.shape: Shape = endpoint
        self._means = services
        self._body = body
        self._course = CallContext(principal, endpoint, b"", trace)
        self._timeouts = TIMES
        self._ends: float | None = None
        self._held = b""
        self._closed = False
        self._ticket: Reservation | None = None
        self._manner = options
        self._directory: ModelCatalog | None = None
        self._behind: TargetLoad | None = None
        """Load that counts the low-priority calls of the target. None for calls of normal priority."""

    @property
    def route(self) -> str | None:
        """Return the name of the route that resolved the call, or None if the model is not a route."""
        return self._course.choice.versions.route if self._course.choice else None

    @property
    def answer(self) -> dict[str, Any] | None:
        """Return the response as a chat completion or embeddings."""
        return self._course.output

    @property
    def told(self) -> dict[str, str]:
        """Return the response headers: remaining limits and the result of the cache lookup."""
        headers = self._ticket.headers() if self._ticket else {}
        return headers | self._course.recall.headers() if self._course.recall else headers

    async def open(self) -> ProviderResponse:
        """Run the call up to the start of its response and return the response.

        Retries and fallbacks follow the policy of the route. If a VongError is raised, no part of a response was
        produced.
        """
        shallow(self._body)
        self._directory = catalog = await self._means.directory(self._course.principal)
        await self._guard(catalog)
        exchange = await self._parse(catalog)
        self._label(exchange)
        plan = await plan_targets(self._means, self._course, catalog, exchange, self._manner.lot)
        if self._course.principal.deputy:
            self._behind = await reserve_capacity(self._means, self._course.principal.project_id, plan)
        if (cached := await self._again(catalog, plan, exchange)) is not None:
            return cached
        if catalog.limits and self._manner.limited:
            self._ticket = await reserve_limits(self._means, self._course, catalog, plan, exchange)
        return await self._send(plan, exchange)

    async def events(self, reply: ProviderResponse) -> AsyncGenerator[bytes]:
        """Yield the events for the caller as they arrive.

        Raises UpstreamFailed if the stream breaks and no other target continues it.
        """
        if self._held:
            yield self._held
        current: ProviderResponse | None = reply
        while current is not None:
            try:
                async with aclosing(self._passed(current)) as events:
                    async for chunk in events:
                        yield chunk
                current = None
            except VongError as error:
                if self._course.attempts:
                    self._course.attempts.broke_off(error.code)
                current = None if isinstance(error, GuardFailed) else await self._onward()
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
        self._course.status = status or self._course.status
        if self._course.attempts:
            self._course.attempts.done()
        if self._behind is not None:
            self._behind.leave()
        span = self._course.span(error)
        self._means.account(self._course.principal, span, self._course.tags, self._ticket)
        if self._course.attempts:
            for attempt_span in steps(self._course, span):
                self._means.account(self._course.principal, attempt_span, (), None)
        if span.status == "ok" and self._course.route and self._course.route.policy and self._course.captured:
            follow_up(self._course, span, self._means.mirror)

    async def _guard(self, catalog: ModelCatalog) -> None:
        """Let the guards check the request before it is parsed.

        No other code reads the body before the guards have masked it. If a guard blocks the request, the span contains
        the request with all texts redacted.
        """
        guard_set, principal = catalog.guards, self._course.principal
        if guard_set is None or not self._manner.guarded:
            self._course.body = self._body
            return
        ask_model = partial(self._means.ask, principal, self.trace)
        request = GuardedRequest(self.shape, self._body)
        check(principal, self.shape, request.model)
        self._course.watch = watch = GuardSession(
            guard_set.of(self._manner.route or request.model), ask_model, guard_set.version
        )
        try:
            await watch.request(request)
        except VongError:
            with suppress(InvalidInput):  # an invalid request is reported as blocked, not as invalid
                self._course.passage = UpstreamExchange(self.shape, withheld(self.shape, self._body), self.id.hex)
            raise
        self._course.body = request.body() if watch.reads else self._body

    async def _parse(self, catalog: ModelCatalog) -> UpstreamExchange:
        """Parse the request, check the scope of the key and load the history that the request continues."""
        principal = self._course.principal
        self._course.passage = exchange = UpstreamExchange(self.shape, self._course.body, self.id.hex)
        check(principal, self.shape, exchange.asked.model)
        self._course.route = route = catalog.routes.get(exchange.asked.model)
        if exchange.asked.previous:
            history = await self._means.earlier(principal.project_id, exchange.asked.previous)
            if self._course.watch:
                await self._course.watch.earlier(history)
            exchange.follow(history)
        if route is not None and route.policy is not None:
            exchange.natively = not (route.policy.continue_streams and exchange.stream)
        return exchange

    def _label(self, exchange: UpstreamExchange) -> None:
        """Apply the tags of the request and the labels of the key, which decide how the call is accounted for."""
        self._course.tags, labels = tags_of(self.trace.tags, exchange.asked.metadata), self._course.principal.labels
        if labels is not None:
            self._course.tags = tuple(dict.fromkeys((*labels.tags, *self._course.tags)))
            exchange.asked.user = exchange.asked.user or labels.user

    async def _again(
        self, catalog: ModelCatalog, plan: RoutePlan, exchange: UpstreamExchange
    ) -> ProviderResponse | None:
        """Return a cached response, or None if there is none or the route has no cache."""
        policy = plan.route.policy.cache if plan.route and plan.route.policy else None
        if policy is None:
            return None
        try:
            resolved = catalog.resolve(plan.targets[0], plan.route)
            context, services = self._course, self._means
            guards = catalog.guards.version if catalog.guards else None
            lookup = CacheLookup(services.answers, policy, context.principal, resolved, exchange, guards)
            lookup.wish(self.trace.cache)
            cached = await lookup.find()
        except (NotFound, Unavailable, Unsupported):
            return None  # the attempt that follows raises the same error
        context.recall = lookup
        if cached is None:
            return None
        context.choice, reply = resolved, exchange.recalled(cached.body)
        if reply.events is None:
            self._read(exchange, reply)
        else:
            context.transcript = exchange.transcript()
        return reply

    async def _send(self, plan: RoutePlan, exchange: UpstreamExchange) -> ProviderResponse:
        """Send the request to the first target, or to the targets in turn if the route has a policy or a tree."""
        policy = plan.route.policy if plan.route else None
        if policy is None and (plan.route is None or plan.route.tree is None):
            return await self._asked(plan.targets[0])
        policy, project_id = policy or RoutePolicy(), self._course.principal.project_id
        self._timeouts = policy.timeout
        circuit, load = partial(self._means.circuit, project_id), partial(self._means.load, project_id)
        self._course.attempts = AttemptRunner(plan, policy, circuit, load, exchange.stream)
        return await self._course.attempts.answer(self._try)

    async def _try(self, target: str) -> ProviderResponse:
        """Make one attempt, up to its first token. Until then another attempt can replace it."""
        times = self._timeouts
        total = times.total or inf
        self._ends = None if times.total is None else asyncio.get_running_loop().time() + times.total
        is_stream = self._course.passage is not None and self._course.passage.stream
        seconds = min(total, times.first_token) if is_stream else times.total
        async with within(seconds, "did not begin to answer" if is_stream else "did not answer"):
            reply = await self._asked(target, ResponseLimits(connect=times.connect, first_byte=inf, total=total))
            if reply.events is not None:
                await self._first_token(cast(AsyncGenerator[bytes], reply.events))
        return reply

    async def _first_token(self, events: AsyncGenerator[bytes]) -> None:
        """Buffer the stream up to its first token.

        The buffered events, with the first token, are sent as soon as the token arrives.
        """
        accumulator, buffered = self._course.transcript, list[bytes]()
        assert accumulator is not None
        try:
            while accumulator.first_token is None and not accumulator.ended:
                chunks = await anext(events, None)
                if chunks is None:
                    raise UpstreamFailed("the upstream ended its stream before its first token", RESEND)
                buffered.append(accumulator.take(chunks))
                if accumulator.failure is not None and accumulator.first_token is None:
                    raise accumulator.failure
            if accumulator.first_token is None and accumulator.error is not None:
                raise UpstreamFailed(f"the upstream interrupted its stream: {message_of(accumulator.error)}", RESEND)
        except BaseException:
            await events.aclose()
            raise
        self._held = b"".join(buffered)

    async def _asked(self, target: str, limits: ResponseLimits | None = None) -> ProviderResponse:
        assert self._directory is not None
        return await self._answered(self._directory.resolve(target, self._course.route), limits)

    async def _answered(self, resolved: ResolvedTarget, limits: ResponseLimits | None = None) -> ProviderResponse:
        """Send the request to a resolved target and apply the guards to its response."""
        exchange = self._course.passage
        assert exchange is not None
        self._course.choice = self._course.asked[resolved.target] = resolved
        self._course.reply = self._course.transcript = None
        endpoint, body = exchange.to(resolved)
        request = ProviderRequest(endpoint, resolved.model, body, exchange.stream, limits, self.trace.passed)

        async def send() -> ProviderResponse:
            return exchange.sewn(await resolved.provider.call(request))

        reply = await send()
        if self._course.watch:
            reply = await self._course.watch.reply(exchange, reply, send)
        return self._told_of(exchange, reply)

    def _told_of(self, exchange: UpstreamExchange, reply: ProviderResponse) -> ProviderResponse:
        """Parse the response, or start to accumulate its stream."""
        self._course.status = reply.status
        if reply.events is None:
            self._read(exchange, reply)
        else:
            self._course.transcript = exchange.transcript()
        return reply

    def _read(self, exchange: UpstreamExchange, reply: ProviderResponse) -> None:
        """Decode the response body and store it as a chat completion or embeddings."""
        target = self._course.choice.target if self._course.choice else "the upstream"
        self._course.reply = exchange.answered(reply, decode_response(reply, target))

    async def _passed(self, reply: ProviderResponse) -> AsyncGenerator[bytes]:
        """Yield the events of one target. Raises UpstreamFailed if the stream breaks."""
        accumulator = self._course.transcript
        assert accumulator is not None and reply.events is not None
        can_continue = self._continues
        async with aclosing(cast(AsyncGenerator[bytes], reply.events)) as events:
            if accumulator.failure is not None:
                raise accumulator.failure
            source = timely(events, self._timeouts.between_tokens, self._ends) if self._course.attempts else events
            async with aclosing(source) as batches:
                async for chunks in batches:
                    for part in whole(chunks) if can_continue else (chunks,):
                        chunk = accumulator.take(part)
                        if can_continue and accumulator.error is not None:
                            raise UpstreamFailed(
                                f"the upstream interrupted its stream: {message_of(accumulator.error)}"
                            )
                        if chunk:
                            yield chunk
                        if accumulator.failure is not None:
                            raise accumulator.failure
        if not accumulator.ended:
            raise UpstreamFailed("the upstream ended its stream before the response was complete", RESEND)
        if tail := accumulator.tail():
            yield tail
        if self._course.attempts and accumulator.error is not None:
            self._course.attempts.broke_off("upstream_failed")

    @property
    def _continues(self) -> bool:
        """Return True if another target may continue a broken stream."""
        return self._course.passage is not None and not self._course.passage.natively

    async def _onward(self) -> ProviderResponse | None:
        """Return the continuation of a broken stream from the next target that starts one.

        Returns None if the stream cannot be continued.
        """
        context = self._course
        accumulator, exchange, attempts = context.transcript, context.passage, context.attempts
        text = accumulator.text if accumulator else None
        if not self._continues or not text or accumulator is None or exchange is None or attempts is None:
            return None
        chunks = accumulator.go_on()
        exchange.so_far = PartialAnswer(text, chunks, accumulator.id, accumulator.model)
        try:
            reply = await attempts.onward(self._begin)
        finally:
            context.transcript = accumulator
        if reply is None or reply.events is None:
            return None
        context.broken.append(chunks)
        return reply

    async def _begin(self, target: str) -> ProviderResponse:
        """Request the rest of a broken response from one target."""
        times = self._timeouts
        async with within(times.first_token, "did not begin to answer"):
            return await self._asked(
                target, ResponseLimits(connect=times.connect, first_byte=inf, total=times.total or inf)
            )
