"""One model call, from the request's body to the span that accounts for it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from functools import partial
from math import inf
from random import random
from typing import Any, cast
from uuid import UUID

import msgspec

from vong.errors import GuardFailed, InvalidInput, NotFound, Unavailable, Unsupported, UpstreamFailed, VongError
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.auth.scopes import check
from vong.gateway.endpoints.continuation import PartialAnswer
from vong.gateway.endpoints.json_depth import DEPTH, deep, shallow
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.endpoints.stream import whole
from vong.gateway.guards.registry import GuardSet
from vong.gateway.guards.request_texts import GuardedRequest
from vong.gateway.limits.estimate import worst
from vong.gateway.limits.limiter import LimitSubjects, tags_of
from vong.gateway.limits.quota import Reservation
from vong.gateway.pipeline.attempt_spans import steps
from vong.gateway.pipeline.cache_lookup import CacheLookup
from vong.gateway.pipeline.context import CallContext, message_of
from vong.gateway.pipeline.exchange import UpstreamExchange
from vong.gateway.pipeline.follow_up import follow_up
from vong.gateway.pipeline.guarding import GuardSession, withheld
from vong.gateway.pipeline.services import CALLERS, CallOptions, CallServices
from vong.gateway.providers import ProviderRequest, ProviderResponse, Shape
from vong.gateway.routing.catalog import ModelCatalog, ResolvedTarget, RoutePlan
from vong.gateway.routing.load import TargetLoad
from vong.gateway.routing.low_priority import room, shelf
from vong.gateway.routing.retry import AttemptRunner
from vong.gateway.routing.strategies import order
from vong.gateway.upstream.response import ResponseLimits
from vong.gateway.upstream.timeouts import timely, within
from vong.records import RoutePolicy, Timeouts, Usage
from vong.records.cache import CachePolicy

TIMES = Timeouts()
EXPECTED = 500
"""Tokens of an answer that nobody said the length of, when targets are compared by what they cost."""


class ModelCall:
    """A call of one principal. `open` it, pass its reply on (a stream through `events`), and always `close` it."""

    def __init__(
        self,
        means: CallServices,
        principal: GatewayPrincipal,
        shape: Shape,
        body: bytes,
        trace: TraceContext,
        manner: CallOptions = CALLERS,
    ) -> None:
        self.id = trace.id
        self.trace = trace
        self.shape: Shape = shape
        self._means = means
        self._body = body
        self._course = CallContext(principal, shape, b"", trace)
        self._timeouts = TIMES
        self._ends: float | None = None
        self._held = b""
        self._closed = False
        self._ticket: Reservation | None = None
        self._manner = manner
        self._directory: ModelCatalog | None = None
        self._behind: TargetLoad | None = None
        """Where the call is counted that gives way to others."""

    @property
    def route(self) -> str | None:
        """The name of the route that was taken, if one was."""
        return self._course.choice.versions.route if self._course.choice else None

    async def open(self) -> ProviderResponse:
        """Ask the chosen provider; where the route says so, again and others too. Every VongError means that nothing
        was answered yet.
        """
        shallow(self._body)
        principal = self._course.principal
        self._directory = directory = await self._means.directory(principal)
        if directory.guards is None or not self._manner.guarded:
            self._course.body = self._body
        else:
            await self._guard(directory.guards)
        self._course.passage = passage = UpstreamExchange(self.shape, self._course.body, self.id.hex)
        check(principal, self.shape, passage.asked.model)
        self._course.route = directory.routes.get(passage.asked.model)
        if passage.asked.previous:
            earlier = await self._means.earlier(principal.project_id, passage.asked.previous)
            if self._course.watch:
                await self._course.watch.earlier(earlier)
            passage.follow(earlier)
        self._label(passage)
        way = await self._way(directory, passage)
        if principal.deputy:
            await self._give_way(way, principal.project_id)
        policy = way.route.policy if way.route else None
        if policy is not None:
            passage.natively = not (policy.continue_streams and passage.stream)
            if policy.cache is not None and (again := await self._again(directory, way, policy.cache, passage)):
                return again
        if directory.limits and self._manner.limited:
            await self._admit(directory, way, passage)
        if policy is None and (way.route is None or way.route.tree is None):
            return await self._asked(way.targets[0])
        policy, project_id = policy or RoutePolicy(), principal.project_id
        self._timeouts = policy.timeout
        circuit, load = partial(self._means.circuit, project_id), partial(self._means.load, project_id)
        self._course.attempts = AttemptRunner(way, policy, circuit, load, passage.stream)
        return await self._course.attempts.answer(self._try)

    def _label(self, passage: UpstreamExchange) -> None:
        """Note how the call is accounted for."""
        self._course.tags, labels = tags_of(self.trace.tags, passage.asked.metadata), self._course.principal.labels
        if labels is not None:
            self._course.tags = tuple(dict.fromkeys((*labels.tags, *self._course.tags)))
            passage.asked.user = passage.asked.user or labels.user

    async def _again(
        self, directory: ModelCatalog, way: RoutePlan, rule: CachePolicy, passage: UpstreamExchange
    ) -> ProviderResponse | None:
        """An answer that was given before, if there is one."""
        try:
            choice = directory.resolve(way.targets[0], way.route)
            course, means = self._course, self._means
            guards = directory.guards.version if directory.guards else None
            recall = CacheLookup(means.answers, rule, course.principal, choice, passage, guards)
            recall.wish(self.trace.cache)
            kept = await recall.find()
        except (NotFound, Unavailable, Unsupported):
            return None  # whoever is asked says so
        course.recall = recall
        if kept is None:
            return None
        course.choice, reply = choice, passage.recalled(kept.body)
        if reply.events is None:
            self._read(passage, reply)
        else:
            course.transcript = passage.transcript()
        return reply

    async def _guard(self, posts: GuardSet) -> None:
        """Let guards read the request before anything else does: nothing is known of it until they have."""
        principal = self._course.principal
        ask = partial(self._means.ask, principal, self.trace)
        request = GuardedRequest(self.shape, self._body)
        check(principal, self.shape, request.model)
        self._course.watch = watch = GuardSession(posts.of(self._manner.route or request.model), ask, posts.version)
        try:
            await watch.request(request)
        except VongError:
            with suppress(InvalidInput):  # what is wrong with it beside that is not told now
                self._course.passage = UpstreamExchange(self.shape, withheld(self.shape, self._body), self.id.hex)
            raise
        self._course.body = request.body() if watch.reads else self._body

    async def _way(self, directory: ModelCatalog, passage: UpstreamExchange) -> RoutePlan:
        """The targets in the order in which they are asked."""
        route = directory.routes.get(passage.asked.model)
        if route is None or route.tree is None:
            lot = self._manner.lot
            return directory.way(passage.asked.model, random if lot is None else lambda: lot)
        usage = Usage(input_tokens=len(self._course.body) // 4, output_tokens=passage.asked.max_tokens or EXPECTED)
        costs = dict[str, int | None]()
        if "cheapest" in route.tree.picks():
            for model in route.tree.models():
                with suppress(NotFound, Unavailable):  # it says so itself when it is asked
                    costs[model] = await self._means.admission.expected(directory.resolve(model, route), usage)
        load = partial(self._means.load, self._course.principal.project_id)
        facts = passage.facts(self._course.principal.actor, self.trace.session, self._course.tags, load, costs)
        return directory.along(route, order(route.tree, facts))

    async def _give_way(self, way: RoutePlan, project_id: UUID) -> None:
        """Nobody waits for this call: let those go first that somebody waits for."""
        behind = self._means.load(project_id, shelf(way))
        await room(way, behind, self._means.load(project_id, way.targets[0]) if way.route else None)
        self._behind = behind

    @property
    def answer(self) -> dict[str, Any] | None:
        """What came, as a chat completion or embeddings."""
        return self._course.output

    @property
    def told(self) -> dict[str, str]:
        """Headers that say what is left of the limits that hold, and what the cache did."""
        told = self._ticket.headers() if self._ticket else {}
        return told | self._course.recall.headers() if self._course.recall else told

    def _subjects(self, way: RoutePlan, passage: UpstreamExchange) -> LimitSubjects:
        route = way.route.name if way.route else None
        return LimitSubjects(self._course.principal.actor, passage.asked.user, route, self._course.tags)

    async def _admit(self, directory: ModelCatalog, way: RoutePlan, passage: UpstreamExchange) -> None:
        most = worst(self.shape, passage.asked, passage.size, self._course.body)
        if not passage.natively:  # what breaks off may be asked anew from where it was
            most = most._replace(read=2 * most.read + most.made, made=2 * most.made)
        principal, admission = self._course.principal, self._means.admission
        self._ticket = ticket = await admission.admit(principal, directory, way, self._subjects(way, passage), most)
        passage.cap = ticket.cap

    async def events(self, reply: ProviderResponse) -> AsyncGenerator[bytes]:
        """The events for the caller, each as soon as it came. UpstreamFailed where the stream breaks off and nobody
        goes on with it.
        """
        if self._held:
            yield self._held
        rest: ProviderResponse | None = reply
        while rest is not None:
            try:
                async with aclosing(self._passed(rest)) as events:
                    async for passed in events:
                        yield passed
                rest = None
            except VongError as error:
                if self._course.attempts:
                    self._course.attempts.broke_off(error.code)
                rest = None if isinstance(error, GuardFailed) else await self._onward()
                if rest is None:
                    raise

    async def _passed(self, reply: ProviderResponse) -> AsyncGenerator[bytes]:
        """The events of one target. UpstreamFailed where they break off."""
        transcript = self._course.transcript
        assert transcript is not None and reply.events is not None
        continues = self._continues
        async with aclosing(cast(AsyncGenerator[bytes], reply.events)) as events:
            if transcript.failure is not None:
                raise transcript.failure
            source = timely(events, self._timeouts.between_tokens, self._ends) if self._course.attempts else events
            async with aclosing(source) as batches:
                async for batch in batches:
                    for part in whole(batch) if continues else (batch,):
                        passed = transcript.take(part)
                        if continues and transcript.error is not None:
                            raise UpstreamFailed(f"the upstream broke off: {message_of(transcript.error)}")
                        if passed:
                            yield passed
                        if transcript.failure is not None:
                            raise transcript.failure
        if not transcript.ended:
            raise UpstreamFailed("the upstream ended its stream before the answer was complete", "send it again")
        if tail := transcript.tail():
            yield tail
        if self._course.attempts and transcript.error is not None:
            self._course.attempts.broke_off("upstream_failed")

    @property
    def _continues(self) -> bool:
        """Whether a stream that breaks off is gone on with."""
        return self._course.passage is not None and not self._course.passage.natively

    async def _onward(self) -> ProviderResponse | None:
        """The rest of a stream that broke off, from the next target that begins one; None where it cannot be had."""
        course = self._course
        transcript, passage, attempts = course.transcript, course.passage, course.attempts
        text = transcript.text if transcript else None
        if not self._continues or not text or transcript is None or passage is None or attempts is None:
            return None
        made = transcript.go_on()
        passage.so_far = PartialAnswer(text, made, transcript.id, transcript.model)
        try:
            reply = await attempts.onward(self._begin)
        finally:
            course.transcript = transcript
        if reply is None or reply.events is None:
            return None
        course.broken.append(made)
        return reply

    async def _begin(self, target: str) -> ProviderResponse:
        """The head of the rest of an answer."""
        times = self._timeouts
        async with within(times.first_token, "did not begin to answer"):
            return await self._asked(
                target, ResponseLimits(connect=times.connect, first_byte=inf, total=times.total or inf)
            )

    async def _asked(self, target: str, limits: ResponseLimits | None = None) -> ProviderResponse:
        assert self._directory is not None
        return await self._answered(self._directory.resolve(target, self._course.route), limits)

    async def _answered(self, choice: ResolvedTarget, limits: ResponseLimits | None = None) -> ProviderResponse:
        passage = self._course.passage
        assert passage is not None
        self._course.choice = self._course.asked[choice.target] = choice
        self._course.reply = self._course.transcript = None
        shape, body = passage.to(choice)
        asked = ProviderRequest(shape, choice.model, body, passage.stream, limits, self.trace.passed)

        async def send() -> ProviderResponse:
            return passage.sewn(await choice.provider.call(asked))

        reply = await send()
        if self._course.watch:
            reply = await self._course.watch.reply(passage, reply, send)
        return self._told_of(passage, reply)

    def _told_of(self, passage: UpstreamExchange, reply: ProviderResponse) -> ProviderResponse:
        self._course.status = reply.status
        if reply.events is None:
            self._read(passage, reply)
        else:
            self._course.transcript = passage.transcript()
        return reply

    async def _try(self, target: str) -> ProviderResponse:
        """One attempt, up to its first token: until then another one can take its place."""
        times = self._timeouts
        total = times.total or inf
        self._ends = None if times.total is None else asyncio.get_running_loop().time() + times.total
        streamed = self._course.passage is not None and self._course.passage.stream
        patience = min(total, times.first_token) if streamed else times.total
        async with within(patience, "did not begin to answer" if streamed else "did not answer"):
            reply = await self._asked(target, ResponseLimits(connect=times.connect, first_byte=inf, total=total))
            if reply.events is not None:
                await self._first_token(cast(AsyncGenerator[bytes], reply.events))
        return reply

    async def _first_token(self, events: AsyncGenerator[bytes]) -> None:
        """Hold back what a stream says before its first token, and the token with it, which is passed on at once."""
        transcript, held = self._course.transcript, list[bytes]()
        assert transcript is not None
        try:
            while transcript.first_token is None and not transcript.ended:
                batch = await anext(events, None)
                if batch is None:
                    raise UpstreamFailed("the upstream ended its stream before its first token", "send it again")
                held.append(transcript.take(batch))
                if transcript.failure is not None and transcript.first_token is None:
                    raise transcript.failure
            if transcript.first_token is None and transcript.error is not None:
                raise UpstreamFailed(f"the upstream broke off: {message_of(transcript.error)}", "send it again")
        except BaseException:
            await events.aclose()
            raise
        self._held = b"".join(held)

    def close(self, error: BaseException | None = None, status: int | None = None) -> None:
        """Write the span, once. `error` is what went wrong, asyncio.CancelledError where the caller left; `status`
        what the caller was answered, where that was not the upstream's own.
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
            for step in steps(self._course, span):
                self._means.account(self._course.principal, step, (), None)
        if span.status == "ok" and self._course.route and self._course.route.policy and self._course.captured:
            follow_up(self._course, span, self._means.mirror)

    def _read(self, passage: UpstreamExchange, reply: ProviderResponse) -> None:
        if deep(reply.body):
            raise UpstreamFailed(f"the answer is nested more than {DEPTH} deep", "check the base_url of the provider")
        try:
            found = msgspec.json.decode(reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if reply.status < 400:
                choice = self._course.choice
                message = f"{choice.target if choice else 'the upstream'!r} did not answer in JSON: {error}"
                raise UpstreamFailed(message, "check the base_url of the provider") from error
            found = {"error": {"message": reply.body[:2000].decode("utf-8", "replace")}}
        told = cast(dict[str, Any], found) if isinstance(found, dict) else {"answer": found}
        self._course.reply = passage.answered(reply, told)
