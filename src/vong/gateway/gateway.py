"""The gateway of one process: who calls, what they can call, whom it asks, where its spans go."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from random import random
from types import EllipsisType
from typing import Any, Literal, NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec

from vong.errors import Unavailable, Unsupported, UpstreamFailed, VongError
from vong.gateway.auth.principals import GatewayPrincipal, PrincipalCache
from vong.gateway.auth.scopes import check, may_call
from vong.gateway.cache.response_cache import ResponseCache
from vong.gateway.endpoints import response_store
from vong.gateway.endpoints.json_depth import shallow
from vong.gateway.endpoints.messages import counted
from vong.gateway.endpoints.parsing import TraceContext, named
from vong.gateway.fastpath.call import FastCall, FastPath, FastStreamCall
from vong.gateway.fastpath.plan import CallCounter, FastPathPlanner
from vong.gateway.fastpath.record import CompactCallRecord
from vong.gateway.limits.limiter import Limiter
from vong.gateway.limits.quota import Reservation
from vong.gateway.pipeline.attempt_spans import STEP
from vong.gateway.pipeline.call import ModelCall
from vong.gateway.pipeline.moderation import ModerationRequest, trial
from vong.gateway.pipeline.services import CALLERS, CallOptions, CallServices
from vong.gateway.pipeline.shadow import ShadowRequest, ShadowRunner
from vong.gateway.pricing.prices import ModelPrice
from vong.gateway.providers import Provider, Shape
from vong.gateway.providers.base import SupportsTokenCount
from vong.gateway.refreshing_cache import RefreshingCache
from vong.gateway.routing.catalog import ModelCatalog, ResolvedTarget
from vong.gateway.routing.circuit_breaker import CircuitBreaker
from vong.gateway.routing.load import TargetLoad
from vong.gateway.routing.status import standing, targets_of
from vong.gateway.upstream.client import UpstreamClient
from vong.records import Route, Span, new_id
from vong.records.guard import GuardConfig, GuardTestResult
from vong.records.target_state import TargetState

AGE = 1.0
"""Seconds after which a changed route or deployment is seen at the latest, where announcements are not heard."""
LISTED = 60.0
"""Seconds that a provider's list of models is kept."""


class Repositories(NamedTuple):
    """What is looked up in threads: the principal of a key, a project's directory, and a span that was written, whose
    bodies `forget` removes.
    """

    principal: Callable[[str], GatewayPrincipal]
    directory: Callable[[UUID], ModelCatalog]
    span: Callable[[UUID, UUID], Span]
    forget: Callable[[UUID, UUID], object]


class CallSinks(NamedTuple):
    """Who takes note of calls, without waiting. `record` takes a span with its tags and what it reserved (a step within
    a call too, which counts nowhere), `told` one that is told in brief; `observe` counts a call, and `tally` gives what
    counts plain ones; `price` is what a choice costs, `...` where that must be looked up.
    """

    record: Callable[[UUID, Span, tuple[str, ...], Reservation | None], object]
    told: Callable[[CompactCallRecord], object]
    observe: Callable[[Span], None]
    tally: Callable[[str, str | None, str, int], CallCounter]
    price: Callable[[ResolvedTarget], ModelPrice | EllipsisType | None]


class Gateway:
    """Everything the request path needs, given as callables, so that it knows no database and no other stage.

    `admission` holds the limits, `answers` the cache.
    """

    def __init__(
        self,
        upstream: UpstreamClient,
        providers: Mapping[str, Provider],
        *,
        looks: Repositories,
        accounts: CallSinks,
        admission: Limiter,
        answers: ResponseCache,
    ) -> None:
        self.hears = False
        """Whether every change is heard of at once."""
        self.keys = PrincipalCache(looks.principal, lambda: self.hears)
        self.providers = providers
        self._upstream = upstream
        self._directories: RefreshingCache[UUID, ModelCatalog] = RefreshingCache(
            looks.directory, age=AGE, hears=lambda: self.hears
        )
        self.full: Callable[[], bool] = lambda: False
        """Whether calls are refused because their spans would find no room."""
        self.changed: Callable[[UUID | None], None] = self.forget
        """From any thread: something changed in that project, or nobody knows where."""
        self._accounts = accounts
        self._admission = admission
        self.looks = looks
        self._circuits: dict[tuple[UUID, str], CircuitBreaker] = {}
        self._loads: dict[tuple[UUID, str], TargetLoad] = {}
        self._answers = answers
        self._shadows = ShadowRunner(self._mirrored, answers)
        self._means = CallServices(
            self.directory,
            self._account,
            self._circuit,
            self._load,
            admission,
            self._earlier,
            answers,
            self._shadows.make,
            self._ask,
        )
        self._lanes = FastPathPlanner(self.keys, self._directories, admission, accounts.price, accounts.tally)
        self._plain = FastPath(self._means, self._lanes, self._told)
        self._listed: WeakKeyDictionary[Provider, tuple[float, list[str]]] = WeakKeyDictionary()

    def call(
        self, principal: GatewayPrincipal, shape: Shape, body: bytes, trace: TraceContext, manner: CallOptions = CALLERS
    ) -> ModelCall:
        """A call, not sent yet. Unavailable while no more calls can be accounted for."""
        if self.full():
            message = "PostgreSQL is away or too slow, and no more calls can be kept for it"
            raise Unavailable(message, "look with: vong status; the bound is journal_size, the policy journal_full")
        return ModelCall(self._means, principal, shape, body, trace, manner)

    def plain(
        self, secret: str, body: bytes, lot: float, arrived: Callable[[], object]
    ) -> FastCall | FastStreamCall | None:
        """A chat that was sent already, where it is plain and everything is at hand for it, or one that is to be
        streamed; None for all others. `arrived` is called when the answer of the one is there. One that is sent in
        another way has the same `lot` (`Manner`).
        """
        return None if self.full() else self._plain.send(secret, body, lot, arrived)

    async def directory(self, principal: GatewayPrincipal) -> ModelCatalog:
        """What the principal's project can call."""
        return await self._directories.get(principal.project_id, principal.project_id)

    def forget(self, project_id: UUID | None = None) -> None:
        """Something changed in that project, or nobody knows where: look again at the next call."""
        if project_id is None:
            self.keys.forget()
        self._directories.forget(project_id)
        self._lanes.forget()
        self._answers.forget(project_id)

    def forget_callers(self) -> None:
        """A key, a session, a person or a membership has changed or ended."""
        self.keys.forget()
        self._lanes.forget()

    async def offered(self, principal: GatewayPrincipal) -> list[str]:
        """All names that the principal can call. A provider that does not answer is left out."""
        directory = await self.directory(principal)
        providers = {**directory.providers, **self.providers}
        listed = await asyncio.gather(*(self._list(provider) for provider in providers.values()))
        names = [f"{name}/{model}" for name, models in zip(providers, listed, strict=True) for model in models]
        return [name for name in (*directory.names(), *names) if may_call(principal.scope, name)]

    async def count(self, principal: GatewayPrincipal, body: bytes) -> int:
        """The tokens of a messages request, counted by its target. Unsupported where that cannot count."""
        shallow(body)
        directory, model = await self.directory(principal), counted(body).model
        check(principal, "messages", model)
        choice = directory.choose(model, random)
        if not isinstance(choice.provider, SupportsTokenCount):
            hint = "Anthropic's models and deployments of Vong's can: name one of them"
            raise Unsupported(f"{choice.target!r} does not count tokens", hint)
        return await choice.provider.count(named(body, choice.model))

    async def moderate(self, principal: GatewayPrincipal, body: bytes, trace: TraceContext) -> dict[str, Any]:
        """What guards find in texts, in OpenAI's form."""
        shallow(body)
        asked = ModerationRequest(body)
        posts = asked.posts(await self.directory(principal))
        return await asked.answer(posts, partial(self._ask, principal, trace))

    async def hold(
        self,
        principal: GatewayPrincipal,
        text: str,
        uses: Sequence[GuardConfig],
        model: str,
        on: Literal["input", "output"],
    ) -> GuardTestResult:
        """What becomes of a text under these guards, or, without any, under those of calls to that model or route."""
        directory = await self.directory(principal)
        posts = [directory.makers.sound(use) for use in uses] if uses else directory.posts(model)
        return await trial(posts, partial(self._ask, principal, TraceContext.of({})), text, on)

    def standing(self, project_id: UUID, routes: Iterable[Route]) -> list[TargetState]:
        """How the targets of these routes stand in this process; from any thread."""

        def circuit(target: str) -> CircuitBreaker:
            return self._circuits.get((project_id, target)) or CircuitBreaker()

        def load(target: str) -> TargetLoad:
            return self._loads.get((project_id, target)) or TargetLoad()

        return list(standing(routes, circuit, load))

    def forget_others(self, project_id: UUID, routes: Iterable[Route]) -> None:
        """Forget the circuits of a project's targets that no route names any more; from any thread."""
        named = {target for route in routes for target in targets_of(route)}
        for owner, target in list(self._circuits):
            if owner == project_id and target not in named:
                self._circuits.pop((owner, target), None)

    def resting(self) -> Iterator[tuple[str, bool]]:
        """Every target that a route with a policy or a tree has asked, and whether its circuit is open or half-open."""
        for (_, target), circuit in list(self._circuits.items()):
            yield target, not circuit.closed

    def close(self) -> None:
        """Close the connections to all upstreams."""
        self._upstream.close()

    async def _list(self, provider: Provider) -> list[str]:
        now = asyncio.get_running_loop().time()
        at, models = self._listed.get(provider, (-LISTED, []))
        if now - at >= LISTED:
            try:
                models = await provider.models()
            except VongError:
                models = []
            self._listed[provider] = (now, models)
        return models

    async def _mirrored(
        self, principal: GatewayPrincipal, second: ShadowRequest, trace: TraceContext
    ) -> dict[str, Any]:
        """The answer to a call that no limit holds for, as a chat completion. UpstreamFailed where it is an error."""
        call = ModelCall(
            self._means, principal, second.shape, second.body, trace, CallOptions(limited=False, route=second.route)
        )
        try:
            await call.open()
        except BaseException as error:
            call.close(error, error.status if isinstance(error, VongError) else None)
            raise
        call.close()
        answer = call.answer
        if answer is None or answer.get("error") is not None:
            raise UpstreamFailed("the second answer is an error", "its span says which")
        return answer

    def _circuit(self, project_id: UUID, target: str) -> CircuitBreaker:
        """The circuit of a target. Only targets of routes have one, so there are as many as somebody wrote down."""
        circuit = self._circuits.get((project_id, target))
        if circuit is None:
            circuit = self._circuits[project_id, target] = CircuitBreaker()
        return circuit

    def _load(self, project_id: UUID, target: str) -> TargetLoad:
        """The load of a target of a route."""
        load = self._loads.get((project_id, target))
        if load is None:
            load = self._loads[project_id, target] = TargetLoad()
        return load

    async def response(self, principal: GatewayPrincipal, response: str) -> Span:
        """The span of a response of the principal's project."""
        return await response_store.found(self.looks.span, principal.project_id, response)

    async def _earlier(self, project_id: UUID, response: str) -> list[dict[str, Any]]:
        """The conversation up to and with a response."""
        return response_store.conversation(await response_store.found(self.looks.span, project_id, response))

    async def _ask(
        self, principal: GatewayPrincipal, parent: TraceContext, model: str, messages: list[dict[str, Any]]
    ) -> str:
        """What a model says to a guard: a call of its own below the one that is guarded, accounted like any, and not
        guarded itself. UpstreamFailed where it does not answer.
        """
        id = new_id()
        trace = TraceContext(id, parent.trace_id, id.hex[16:], parent.span_id, parent.session, parent.tags)
        call = ModelCall(
            self._means,
            principal,
            "chat",
            msgspec.json.encode({"model": model, "messages": messages}),
            trace,
            CallOptions(guarded=False),
        )
        try:
            reply = await call.open()
        except BaseException as error:
            call.close(error)
            raise
        call.close()
        try:
            return str(msgspec.json.decode(reply.body)["choices"][0]["message"]["content"])
        except (msgspec.DecodeError, KeyError, IndexError, TypeError):
            message = f"{model!r} answered {reply.status} when a guard asked it"
            raise UpstreamFailed(message, "try it with: vong gateway try") from None

    def _told(self, brief: CompactCallRecord) -> None:
        if brief.ticket is not None and brief.lane.counted:
            self._admission.ended(brief.ticket, brief.usage, failed=False)
        self._accounts.told(brief)

    def _account(
        self, principal: GatewayPrincipal, span: Span, tags: tuple[str, ...], ticket: Reservation | None
    ) -> None:
        if ticket is not None:
            self._admission.ended(ticket, span.usage, failed=span.status == "error")
        self._accounts.record(principal.project_id, span, tags, ticket)
        if span.kind != STEP:
            self._accounts.observe(span)
