"""Gateway of one process: the entry point of the request path."""

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
"""Maximum age of routes and deployments without change notifications."""
LISTED = 60.0
"""Time for which the list of models of a provider is cached."""


class Repositories(NamedTuple):
    """Database lookups, called in threads."""

    principal: Callable[[str], GatewayPrincipal]
    """Return the principal of a secret."""
    directory: Callable[[UUID], ModelCatalog]
    """Return the model catalog of a project."""
    span: Callable[[UUID, UUID], Span]
    """Return a stored span."""
    forget: Callable[[UUID, UUID], object]
    """Delete the stored request and response of a span."""


class CallSinks(NamedTuple):
    """Receivers of finished calls. None of them waits."""

    record: Callable[[UUID, Span, tuple[str, ...], Reservation | None], object]
    """Queue a span with its tags and its reservation. Child spans of attempts have neither and count nowhere."""
    told: Callable[[CompactCallRecord], object]
    """Queue the compact record of a fast-path call."""
    observe: Callable[[Span], None]
    """Count a call in the metrics."""
    tally: Callable[[str, str | None, str, int], CallCounter]
    """Return the counter of fast-path calls with these labels."""
    price: Callable[[ResolvedTarget], ModelPrice | EllipsisType | None]
    """Return the price of a target, None if there is none, `...` if it is not loaded yet."""


class Gateway:
    """Request path of one process. Its dependencies are callables, so it knows no database and no other stage.

    All of them are wired by the server at its start.
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
        """True while change notifications arrive, so that cached lookups may be trusted for longer."""
        self.keys = PrincipalCache(looks.principal, lambda: self.hears)
        self.providers = providers
        self._upstream = upstream
        self._directories: RefreshingCache[UUID, ModelCatalog] = RefreshingCache(
            looks.directory, age=AGE, hears=lambda: self.hears
        )
        self.full: Callable[[], bool] = lambda: False
        """Return True while calls are rejected because the span buffer is full."""
        self.changed: Callable[[UUID | None], None] = self.forget
        """Handle a change in a project, or in an unknown one. Called from any thread."""
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
        self,
        principal: GatewayPrincipal,
        endpoint: Shape,
        body: bytes,
        trace: TraceContext,
        options: CallOptions = CALLERS,
    ) -> ModelCall:
        """Create a model call. Raises Unavailable while the span buffer is full."""
        if self.full():
            message = "the span buffer is full, because PostgreSQL is unavailable or too slow"
            raise Unavailable(message, "check the server: vong status; raise journal_size or change journal_full")
        return ModelCall(self._means, principal, endpoint, body, trace, options)

    def plain(
        self, secret: str, body: bytes, random_draw: float, on_response: Callable[[], object]
    ) -> FastCall | FastStreamCall | None:
        """Send a chat request on the fast path, or return None if it does not qualify.

        A streaming request is returned unsent if no connection is free. `on_response` is called when the response of
        another request has arrived. A call that falls back to the full pipeline uses the same `random_draw`
        (`CallOptions`).
        """
        return None if self.full() else self._plain.send(secret, body, random_draw, on_response)

    async def directory(self, principal: GatewayPrincipal) -> ModelCatalog:
        """Return the model catalog of the principal's project."""
        return await self._directories.get(principal.project_id, principal.project_id)

    def forget(self, project_id: UUID | None = None) -> None:
        """Invalidate all that is cached of a project, or of all projects."""
        if project_id is None:
            self.keys.forget()
        self._directories.forget(project_id)
        self._lanes.forget()
        self._answers.forget(project_id)

    def forget_callers(self) -> None:
        """Invalidate all principals, after a key, session, user or membership has changed."""
        self.keys.forget()
        self._lanes.forget()

    async def offered(self, principal: GatewayPrincipal) -> list[str]:
        """Return all model names that the principal can call. Providers that do not answer are omitted."""
        catalog = await self.directory(principal)
        providers = {**catalog.providers, **self.providers}
        model_lists = await asyncio.gather(*(self._list(provider) for provider in providers.values()))
        names = [f"{name}/{model}" for name, models in zip(providers, model_lists, strict=True) for model in models]
        return [name for name in (*catalog.names(), *names) if may_call(principal.scope, name)]

    async def count(self, principal: GatewayPrincipal, body: bytes) -> int:
        """Count the tokens of a messages request at its target. Raises Unsupported if the target cannot count."""
        shallow(body)
        catalog, model = await self.directory(principal), counted(body).model
        check(principal, "messages", model)
        resolved = catalog.choose(model, random)
        if not isinstance(resolved.provider, SupportsTokenCount):
            hint = "use a model of Anthropic or a deployment"
            raise Unsupported(f"{resolved.target!r} does not count tokens", hint)
        return await resolved.provider.count(named(body, resolved.model))

    async def moderate(self, principal: GatewayPrincipal, body: bytes, trace: TraceContext) -> dict[str, Any]:
        """Return the detections of guards in texts, in OpenAI's format."""
        shallow(body)
        request = ModerationRequest(body)
        guards = request.posts(await self.directory(principal))
        return await request.answer(guards, partial(self._ask, principal, trace))

    async def hold(
        self,
        principal: GatewayPrincipal,
        text: str,
        configs: Sequence[GuardConfig],
        model: str,
        on: Literal["input", "output"],
    ) -> GuardTestResult:
        """Test guards on a text: the given ones, or those of calls to a model or route if none are given."""
        catalog = await self.directory(principal)
        guards = [catalog.makers.sound(config) for config in configs] if configs else catalog.posts(model)
        return await trial(guards, partial(self._ask, principal, TraceContext.of({})), text, on)

    def standing(self, project_id: UUID, routes: Iterable[Route]) -> list[TargetState]:
        """Return the state of the targets of routes in this process. Safe from any thread."""

        def circuit(target: str) -> CircuitBreaker:
            return self._circuits.get((project_id, target)) or CircuitBreaker()

        def load(target: str) -> TargetLoad:
            return self._loads.get((project_id, target)) or TargetLoad()

        return list(standing(routes, circuit, load))

    def forget_others(self, project_id: UUID, routes: Iterable[Route]) -> None:
        """Delete the circuit breakers of targets that no route of the project uses. Safe from any thread."""
        targets_of_routes = {target for route in routes for target in targets_of(route)}
        for owner, target in list(self._circuits):
            if owner == project_id and target not in targets_of_routes:
                self._circuits.pop((owner, target), None)

    def resting(self) -> Iterator[tuple[str, bool]]:
        """Yield each target that has a circuit breaker, and True if the circuit is open or half-open."""
        for (_, target), circuit in list(self._circuits.items()):
            yield target, not circuit.closed

    def close(self) -> None:
        """Close the connections to all upstreams."""
        self._upstream.close()

    async def _list(self, provider: Provider) -> list[str]:
        """Return the models of a provider, cached for a while."""
        current = asyncio.get_running_loop().time()
        listed_at, models = self._listed.get(provider, (-LISTED, []))
        if current - listed_at >= LISTED:
            try:
                models = await provider.models()
            except VongError:
                models = []
            self._listed[provider] = (current, models)
        return models

    async def _mirrored(
        self, principal: GatewayPrincipal, request: ShadowRequest, trace: TraceContext
    ) -> dict[str, Any]:
        """Send a shadow call without limits and return its response as a chat completion.

        Raises UpstreamFailed if the response is an error.
        """
        call = ModelCall(
            self._means, principal, request.shape, request.body, trace, CallOptions(limited=False, route=request.route)
        )
        try:
            await call.open()
        except BaseException as error:
            call.close(error, error.status if isinstance(error, VongError) else None)
            raise
        call.close()
        completion = call.answer
        if completion is None or completion.get("error") is not None:
            raise UpstreamFailed("the response of the shadow call is an error", "see its span")
        return completion

    def _circuit(self, project_id: UUID, target: str) -> CircuitBreaker:
        """Return the circuit breaker of a target.

        Only targets of routes have one, so their number is bounded by the configuration.
        """
        circuit = self._circuits.get((project_id, target))
        if circuit is None:
            circuit = self._circuits[project_id, target] = CircuitBreaker()
        return circuit

    def _load(self, project_id: UUID, target: str) -> TargetLoad:
        """Return the load of a target of a route."""
        load = self._loads.get((project_id, target))
        if load is None:
            load = self._loads[project_id, target] = TargetLoad()
        return load

    async def response(self, principal: GatewayPrincipal, response: str) -> Span:
        """Return the span of a stored response of the principal's project."""
        return await response_store.found(self.looks.span, principal.project_id, response)

    async def _earlier(self, project_id: UUID, response: str) -> list[dict[str, Any]]:
        """Return the conversation up to and including a response."""
        return response_store.conversation(await response_store.found(self.looks.span, project_id, response))

    async def _ask(
        self, principal: GatewayPrincipal, parent: TraceContext, model: str, messages: list[dict[str, Any]]
    ) -> str:
        """Return the text that a model answers to a guard.

        The call is a child of the guarded one, with accounting and limits but without guards. Raises
        UpstreamFailed if the model does not answer.
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
            message = f"{model!r} returned status {reply.status} to a guard"
            raise UpstreamFailed(message, "test the model: vong gateway try") from None

    def _told(self, record: CompactCallRecord) -> None:
        """Settle the limits of a fast-path call and queue its record."""
        if record.ticket is not None and record.lane.counted:
            self._admission.ended(record.ticket, record.usage, failed=False)
        self._accounts.told(record)

    def _account(
        self, principal: GatewayPrincipal, span: Span, tags: tuple[str, ...], reservation: Reservation | None
    ) -> None:
        """Settle the limits of a call, queue its span and count it."""
        if reservation is not None:
            self._admission.ended(reservation, span.usage, failed=span.status == "error")
        self._accounts.record(principal.project_id, span, tags, reservation)
        if span.kind != STEP:
            self._accounts.observe(span)
