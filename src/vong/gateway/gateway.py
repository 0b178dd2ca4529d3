"""Gateway of one process: the entry point of the request path."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec

from vong.errors import Unavailable, UpstreamFailed, VongError
from vong.gateway.auth.principals import GatewayPrincipal, PrincipalCache
from vong.gateway.auth.scopes import may_call
from vong.gateway.cache.response_cache import ResponseCache
from vong.gateway.endpoints import response_store
from vong.gateway.endpoints.file_search import MARKER as FILE_SEARCH_MARKER
from vong.gateway.endpoints.file_sources import FileContent
from vong.gateway.endpoints.json_depth import check_max_depth
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.fastpath.call import FastCall, FastPath, FastStreamCall
from vong.gateway.fastpath.plan import CounterFactory, FastPathPlanner
from vong.gateway.fastpath.record import CompactCallRecord
from vong.gateway.limits.limiter import Limiter
from vong.gateway.limits.quota import Reservation
from vong.gateway.pipeline.call import ModelCall
from vong.gateway.pipeline.file_search.call import FileSearchCall
from vong.gateway.pipeline.media_call import MediaCall
from vong.gateway.pipeline.media_request import MediaRequest
from vong.gateway.pipeline.moderation import ModerationRequest, run_guard_test
from vong.gateway.pipeline.prompts import PROMPT_MARKER
from vong.gateway.pipeline.services import (
    DEFAULT_OPTIONS,
    CallOptions,
    CallServices,
    FileSearchService,
    PromptService,
    QueueSpan,
)
from vong.gateway.pipeline.shadow import ShadowRequest, ShadowRunner
from vong.gateway.pipeline.token_count import count_request_tokens
from vong.gateway.pricing.prices import ModelPrice
from vong.gateway.providers import Endpoint, Provider
from vong.gateway.providers.base import TokenCount
from vong.gateway.refreshing_cache import RefreshingCache
from vong.gateway.routing.catalog import ModelCatalog, ResolvedTarget
from vong.gateway.routing.circuit_breaker import CircuitBreaker
from vong.gateway.routing.load import TargetLoad
from vong.gateway.routing.on_demand import OnDemandTargets, StartSettings
from vong.gateway.routing.status import route_targets, target_states
from vong.gateway.upstream.client import UpstreamClient
from vong.records import Route, Span, new_id
from vong.records.guard import GuardConfig, GuardTestResult
from vong.records.span import ATTEMPT_KIND
from vong.records.target_state import TargetState

CATALOG_MAX_AGE_SECONDS = 1.0
"""Maximum age of routes and deployments without change notifications."""
MODEL_LIST_TTL_SECONDS = 60.0
"""Time for which the list of models of a provider is cached."""


class LoadSpan(Protocol):
    """Function that loads a span."""

    def __call__(self, project_id: UUID, span_id: UUID, /) -> Span:
        """Return a stored span."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Repositories:
    """Database lookups, called in threads."""

    load_principal: Callable[[str], GatewayPrincipal]
    """Return the principal of a secret."""
    load_catalog: Callable[[UUID], ModelCatalog]
    """Return the model catalog of a project."""
    load_span: LoadSpan
    delete_bodies: Callable[[UUID, UUID], object]
    """Delete the stored request and response of a span of a project."""
    load_file: Callable[[GatewayPrincipal, UUID, int], FileContent]
    """Return a file that a principal may see, if it has at most so many bytes."""
    on_demand: StartSettings
    file_search: FileSearchService | None = None
    prompts: PromptService | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSinks:
    """Receivers of finished calls. None of them waits."""

    record_span: QueueSpan
    record_start: QueueSpan
    """Record a call that is still running."""
    record_compact: Callable[[CompactCallRecord], object]
    """Queue the compact record of a fast-path call."""
    count_span: Callable[[Span], None]
    """Count a call in the metrics."""
    counter_for: CounterFactory
    price_of: Callable[[ResolvedTarget], ModelPrice | None]
    """Return the current price of a target, or None if the price is unknown."""


class Gateway:
    """Request path of one process. Its dependencies are callables, so it knows no database and no other stage.

    All of them are wired by the server at its start.
    """

    def __init__(
        self,
        upstream: UpstreamClient,
        providers: Mapping[str, Provider],
        *,
        repositories: Repositories,
        sinks: CallSinks,
        limiter: Limiter,
        response_cache: ResponseCache,
    ) -> None:
        self.events_connected = False
        """True while change notifications arrive, so that cached lookups may be trusted for longer."""
        self.principals = PrincipalCache(repositories.load_principal, lambda: self.events_connected)
        self.providers = providers
        self._upstream = upstream
        self._catalogs: RefreshingCache[UUID, ModelCatalog] = RefreshingCache(
            repositories.load_catalog, max_age=CATALOG_MAX_AGE_SECONDS, events_connected=lambda: self.events_connected
        )
        self.is_full: Callable[[], bool] = lambda: False
        """Return True while calls are rejected because the span buffer is full."""
        self.on_change: Callable[[UUID | None], None] = self.invalidate
        """Handle a change in a project, or in an unknown one. Called from any thread."""
        self.on_key_change: Callable[[], None] = self.invalidate_principals
        """Handle a change of keys, sessions, users or memberships. Called from any thread."""
        self._sinks = sinks
        self.price_of = sinks.price_of
        self._limiter = limiter
        self.repositories = repositories
        self._circuit_breakers: dict[tuple[UUID, str], CircuitBreaker] = {}
        self._loads: dict[tuple[UUID, str], TargetLoad] = {}
        self._response_cache = response_cache
        self._shadows = ShadowRunner(self._send_shadow, response_cache)
        self._services = CallServices(
            load_catalog=self.load_catalog,
            resolve_target=OnDemandTargets(repositories.on_demand, self.load_catalog, self.invalidate).resolve,
            record_span=self._record_span,
            record_start=sinks.record_start,
            circuit_breaker=self._circuit_breaker,
            target_load=self._target_load,
            limiter=limiter,
            load_history=self._load_history,
            load_file=partial(asyncio.to_thread, repositories.load_file),
            response_cache=response_cache,
            enqueue_shadow=self._shadows.enqueue,
            ask_model=self._ask_model,
            file_search=repositories.file_search,
            prompts=repositories.prompts,
        )
        self._planner = FastPathPlanner(
            self.principals, self._catalogs, limiter, price_of=sinks.price_of, counter_for=sinks.counter_for
        )
        self._fast_path = FastPath(self._services, self._planner, self._record_compact)
        self._model_lists: WeakKeyDictionary[Provider, tuple[float, list[str]]] = WeakKeyDictionary()

    def create_call(
        self,
        principal: GatewayPrincipal,
        endpoint: Endpoint,
        body: bytes,
        trace: TraceContext,
        options: CallOptions = DEFAULT_OPTIONS,
    ) -> ModelCall:
        """Create a model call. Raises Unavailable while the span buffer is full."""
        self._check_span_buffer()
        if endpoint == "responses" and (FILE_SEARCH_MARKER in body or PROMPT_MARKER in body):
            return FileSearchCall(self._services, principal, body, trace, options)
        return ModelCall(self._services, principal, endpoint, body, trace, options)

    def create_media_call(self, principal: GatewayPrincipal, request: MediaRequest, trace: TraceContext) -> MediaCall:
        """Create a call with audio or images. Raises Unavailable while the span buffer is full."""
        self._check_span_buffer()
        return MediaCall(self._services, principal, request, trace)

    def _check_span_buffer(self) -> None:
        if self.is_full():
            raise Unavailable(
                "the span buffer is full, because PostgreSQL is unavailable or too slow",
                "check the server: vong status; raise span_buffer_bytes or change span_buffer_policy",
            )

    def try_fast_path(
        self, secret: str, body: bytes, random_draw: float, on_response: Callable[[], object]
    ) -> FastCall | FastStreamCall | None:
        """Send a chat request on the fast path, or return None if it does not qualify.

        A streaming request is returned unsent if no connection is free. `on_response` is called when the response of
        another request has arrived. A call that falls back to the full pipeline uses the same `random_draw`
        (`CallOptions`).
        """
        return None if self.is_full() else self._fast_path.try_send(secret, body, random_draw, on_response)

    async def load_catalog(self, principal: GatewayPrincipal) -> ModelCatalog:
        """Return the model catalog of the principal's project."""
        return await self._catalogs.get(principal.project_id, principal.project_id)

    def invalidate(self, project_id: UUID | None = None) -> None:
        """Invalidate all that is cached of a project, or of all projects."""
        if project_id is None:
            self.principals.invalidate()
        self._catalogs.invalidate(project_id)
        self._planner.invalidate()
        self._response_cache.invalidate(project_id)
        if self.repositories.prompts is not None:
            self.repositories.prompts.invalidate(project_id)

    def invalidate_principals(self) -> None:
        """Invalidate all principals, after a key, session, user or membership has changed."""
        self.principals.invalidate()
        self._planner.invalidate()

    async def list_models(self, principal: GatewayPrincipal) -> list[str]:
        """Return all model names that the principal can call, each model once.

        Providers that do not answer are omitted, and so are models that have a shortcut.
        """
        catalog = await self.load_catalog(principal)
        providers = {**catalog.providers, **self.providers}
        model_lists = await asyncio.gather(*(self._provider_models(provider) for provider in providers.values()))
        names = [f"{name}/{model}" for name, models in zip(providers, model_lists, strict=True) for model in models]
        shortened = set(catalog.shortcuts.values())
        listed = dict.fromkeys((*catalog.callable_names(), *(name for name in names if name not in shortened)))
        return [name for name in listed if may_call(principal.scope, name)]

    async def count_tokens(
        self, principal: GatewayPrincipal, body: bytes, trace: TraceContext, endpoint: Endpoint = "messages"
    ) -> TokenCount:
        """Count the tokens of a messages or responses request at its target, or estimate them if it cannot count."""
        return await count_request_tokens(self._services, principal, body, trace, endpoint)

    async def moderate(self, principal: GatewayPrincipal, body: bytes, trace: TraceContext) -> dict[str, Any]:
        """Return the detections of guards in texts, in OpenAI's format."""
        check_max_depth(body)
        request = ModerationRequest(body)
        guards = request.select_guards(await self.load_catalog(principal))
        return await request.moderate(guards, partial(self._ask_model, principal, trace))

    async def test_guards(
        self,
        principal: GatewayPrincipal,
        text: str,
        configs: Sequence[GuardConfig],
        model: str,
        on: Literal["input", "output"],
    ) -> GuardTestResult:
        """Test guards on a text: the given ones, or those of calls to a model or route if none are given."""
        catalog = await self.load_catalog(principal)
        guards = catalog.guards_for(model)
        if configs:  # in a thread: a guard may compile thousands of patterns
            guards = await asyncio.to_thread(lambda: [*map(catalog.guard_factory.create_validated, configs)])
        return await run_guard_test(
            guards, partial(self._ask_model, principal, TraceContext.from_headers({})), text, on
        )

    def target_states(self, project_id: UUID, routes: Iterable[Route]) -> list[TargetState]:
        """Return the state of the targets of routes in this process. Safe from any thread."""

        def circuit(target: str) -> CircuitBreaker:
            return self._circuit_breakers.get((project_id, target)) or CircuitBreaker()

        def load(target: str) -> TargetLoad:
            return self._loads.get((project_id, target)) or TargetLoad()

        return list(target_states(routes, circuit, load))

    def prune_targets(self, project_id: UUID, routes: Iterable[Route]) -> None:
        """Delete the circuit breakers of targets that no route of the project uses. Safe from any thread."""
        targets_of_routes = {target for route in routes for target in route_targets(route)}
        for owner, target in list(self._circuit_breakers):
            if owner == project_id and target not in targets_of_routes:
                self._circuit_breakers.pop((owner, target), None)

    def open_circuits(self) -> Iterator[tuple[str, bool]]:
        """Yield each target that has a circuit breaker, and True if the circuit is open or half-open."""
        for (_, target), circuit in list(self._circuit_breakers.items()):
            yield target, not circuit.is_closed

    def close(self) -> None:
        """Close the connections to all upstreams."""
        self._upstream.close()

    async def _provider_models(self, provider: Provider) -> list[str]:
        """Return the models of a provider, cached for a while."""
        current = asyncio.get_running_loop().time()
        listed_at, models = self._model_lists.get(provider, (-MODEL_LIST_TTL_SECONDS, []))
        if current - listed_at >= MODEL_LIST_TTL_SECONDS:
            try:
                models = await provider.list_models()
            except VongError:
                models = []
            self._model_lists[provider] = (current, models)
        return models

    async def _send_shadow(
        self, principal: GatewayPrincipal, request: ShadowRequest, trace: TraceContext
    ) -> dict[str, Any]:
        """Send a shadow call without limits and return its response as a chat completion.

        Raises UpstreamFailed if the response is an error.
        """
        call = ModelCall(
            self._services,
            principal,
            request.endpoint,
            request.body,
            trace,
            CallOptions(apply_limits=False, guards_route=request.route),
        )
        try:
            await call.open()
        except BaseException as error:
            call.close(error, error.status if isinstance(error, VongError) else None)
            raise
        call.close()
        completion = call.output
        if completion is None or completion.get("error") is not None:
            raise UpstreamFailed("the response of the shadow call is an error", "see its span")
        return completion

    def _circuit_breaker(self, project_id: UUID, target: str) -> CircuitBreaker:
        """Return the circuit breaker of a target.

        Only targets of routes have one, so their number is bounded by the configuration.
        """
        circuit = self._circuit_breakers.get((project_id, target))
        if circuit is None:
            circuit = self._circuit_breakers[project_id, target] = CircuitBreaker()
        return circuit

    def _target_load(self, project_id: UUID, target: str) -> TargetLoad:
        """Return the load of a target of a route."""
        load = self._loads.get((project_id, target))
        if load is None:
            load = self._loads[project_id, target] = TargetLoad()
        return load

    async def load_response(self, principal: GatewayPrincipal, response: str) -> Span:
        """Return the span of a stored response of the principal's project."""
        return await response_store.find_response(self.repositories.load_span, principal.project_id, response)

    async def _load_history(self, project_id: UUID, response: str) -> list[dict[str, Any]]:
        """Return the conversation up to and including a response."""
        return await response_store.load_conversation(self.repositories.load_span, project_id, response)

    async def _ask_model(
        self, principal: GatewayPrincipal, parent: TraceContext, model: str, messages: list[dict[str, Any]]
    ) -> str:
        """Return the text that a model answers to a guard.

        The call is a child of the guarded one, with accounting and limits but without guards. Raises
        UpstreamFailed if the model does not answer.
        """
        id = new_id()
        trace = TraceContext(id, parent.trace_id, id.hex[16:], parent.span_id, parent.session, parent.tags)
        call = ModelCall(
            self._services,
            principal,
            "chat",
            msgspec.json.encode({"model": model, "messages": messages}),
            trace,
            CallOptions(apply_guards=False),
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
            raise UpstreamFailed(message, "test the model: vong gateway chat") from None

    def _record_compact(self, record: CompactCallRecord) -> None:
        """Settle the limits of a fast-path call and queue its record."""
        if record.reservation is not None and record.plan.has_rate_limits:
            self._limiter.settle_usage(record.reservation, record.usage, failed=False)
        self._sinks.record_compact(record)

    def _record_span(
        self, principal: GatewayPrincipal, span: Span, tags: tuple[str, ...], reservation: Reservation | None
    ) -> None:
        """Settle the limits of a call, queue its span and count it."""
        if reservation is not None:
            self._limiter.settle_usage(reservation, span.usage, failed=span.status == "error")
        self._sinks.record_span(principal.project_id, span, tags, reservation)
        if span.kind != ATTEMPT_KIND:
            self._sinks.count_span(span)
