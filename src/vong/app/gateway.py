"""Gateway connected to keys, deployments, model versions, the embedding model and the span writer."""

import asyncio
import logging
import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from vong import access, gateway, traces
from vong.app.call_prices import CallPrices
from vong.app.call_recorder import CallRecorder
from vong.app.deployment_prices import catalog_prices
from vong.app.file_search import VectorStoreSearch
from vong.app.files import load_file
from vong.app.fine_tuning_models import list_deployment_endpoints, start_target
from vong.app.otlp_exports import create_exporters
from vong.app.platform import Platform
from vong.app.prompt_calls import PromptCalls, check_target_prompt
from vong.app.providers import EMBEDDING_MODEL_NAME, LOCAL_PROVIDER, StoredProviders, create_provider
from vong.errors import Unavailable
from vong.gateway.accounting.ledger_writer import LedgerWriter
from vong.gateway.cache import store as cache_store
from vong.gateway.cache.response_cache import ResponseCache
from vong.gateway.endpoints.response_store import DELETED_ATTRIBUTE
from vong.gateway.fastpath.plan import CallCounter, CounterFactory
from vong.gateway.fine_tuning.store import list_models
from vong.gateway.gateway import CallSinks, Gateway, Repositories
from vong.gateway.guards import GuardDependencies, secret_settings
from vong.gateway.guards.registry import GuardFactory
from vong.gateway.guards.store import project_guards
from vong.gateway.invalidation import ChangeListener
from vong.gateway.limits import leases
from vong.gateway.limits.limiter import Limiter
from vong.gateway.limits.store import list_limits
from vong.gateway.pricing.store import load_custom_prices
from vong.gateway.providers import Provider
from vong.gateway.providers.local_embeddings import LocalEmbeddingsProvider
from vong.gateway.providers.replicas import ReplicaBalancer
from vong.gateway.routing.catalog import ModelCatalog
from vong.gateway.routing.on_demand import StartSettings
from vong.gateway.self_test import self_test
from vong.gateway.upstream.client import UpstreamClient
from vong.knowledge.vector_stores.stores import delete_expired_documents
from vong.records import Span, now
from vong.records.guard import GuardConfig, GuardTestResult, SelfTestReport
from vong.records.target_state import TargetsReport
from vong.store.database import libpq_url
from vong.store.encryption import SecretBox
from vong.traces.search import delete_bodies

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

log = logging.getLogger(__name__)
CLEANUP_INTERVAL_SECONDS = 600.0
"""Interval between two cleanups of expired counters and cache entries."""
COUNTER_RETENTION = timedelta(days=2)
"""Retention of limit counters (per minute, hour or day)."""
MODEL_SHORTCUTS = {EMBEDDING_MODEL_NAME: f"{LOCAL_PROVIDER}/{EMBEDDING_MODEL_NAME}"}


class GatewayRuntime:
    """Gateway of one server process, with the thread that listens for configuration changes."""

    def __init__(
        self,
        platform: Platform,
        observe_span: Callable[[Span], None],
        counter_for: CounterFactory,
        count_self_test: Callable[[SelfTestReport], None] = lambda _: None,
        count_cost: Callable[[str | None, str, int], None] = lambda *_: None,
    ) -> None:
        upstream = UpstreamClient(allow_link_local=platform.settings.allow_link_local)
        configured = build_providers(platform, upstream)
        self._platform = platform
        self._stored_providers = StoredProviders(platform.settings.home_folder, upstream)
        self._configured_providers = configured
        self._upstream = upstream
        self._balancer = ReplicaBalancer()
        self._change_listener: ChangeListener | None = None
        self._cleanup_task: asyncio.Task[None] | None = None
        self._count_self_test = count_self_test
        self._self_test_task: asyncio.Task[SelfTestReport] | None = None
        self._guard_factory = guard_factory(platform, upstream)
        self._prices = CallPrices(platform.settings, configured)
        self._limiter = Limiter(platform.scope, platform.database.owner, self._prices.cost)
        self._ledger_writer = LedgerWriter(self._limiter)
        self._recorder = CallRecorder(platform, self._prices, self._limiter.server_id, self._find_address, count_cost)
        self.gateway = Gateway(
            upstream,
            configured,
            repositories=Repositories(
                load_principal=self._authenticate,
                load_catalog=self._load_catalog,
                load_span=self._load_span,
                delete_bodies=self._delete_response,
                load_file=partial(load_file, platform),
                on_demand=StartSettings(partial(start_target, platform), platform.settings.model_start_timeout),
                file_search=VectorStoreSearch(platform),
                prompts=PromptCalls(platform),
            ),
            sinks=CallSinks(
                record_span=self._recorder.record,
                record_start=self._recorder.record_start,
                record_compact=self._recorder.record_compact,
                count_span=observe_span,
                counter_for=counter_for,
                price_of=self._prices.price_of,
            ),
            limiter=self._limiter,
            response_cache=ResponseCache(platform.scope, _LazyEmbedder(platform.settings.cpu_threads)),
        )

    def start(self) -> None:
        """Start the listener, the span writer hooks and the self-test. Called on the serving event loop."""
        loop = asyncio.get_running_loop()

        def call_in_loop(do: Callable[..., None], *given: Any) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(do, *given)

        self.gateway.on_change = partial(call_in_loop, self.gateway.invalidate)
        self.gateway.on_key_change = partial(call_in_loop, self.gateway.invalidate_principals)
        url = libpq_url(self._platform.database.url)
        self._change_listener = ChangeListener(
            url,
            on_change=partial(call_in_loop, self._on_change),
            on_key_change=self.gateway.on_key_change,
            on_disconnect=partial(call_in_loop, self._on_disconnect),
        )
        self._change_listener.start()
        writer = self._platform.span_writer
        writer.hook, writer.restore = self._ledger_writer, self._recorder.restore
        self._limiter.settle_soon = writer.write_soon
        if self._platform.settings.span_buffer_policy == "reject":
            self.gateway.is_full = lambda: writer.is_full
        writer.recover_segments()
        self._limiter.start()
        self._prices.start()
        self._platform.exporters = create_exporters(self._platform.settings)
        self._platform.gateway = self.gateway
        self._cleanup_task = loop.create_task(self._cleanup())
        self._self_test_task = loop.create_task(self_test(self._guard_factory))
        self._self_test_task.add_done_callback(self._on_self_test)

    def stop(self) -> None:
        """Stop the background work and flush pending spans."""
        if self._cleanup_task is not None:
            self._cleanup_task.cancel()
        self._prices.stop()
        with suppress(Unavailable):
            self._platform.span_writer.flush(5)  # settles known costs before unused quota is returned
        for export in self._platform.exporters:
            export.stop()
        self._limiter.stop()
        if self._change_listener is not None:
            self._change_listener.stop()
        if self._self_test_task is not None:
            self._self_test_task.cancel()
        self.gateway.close()

    def _on_change(self, project_id: UUID | None) -> None:
        """Invalidate a changed project. From now on the gateway relies on change events."""
        self.gateway.invalidate(project_id)
        self.gateway.events_connected = True

    def _on_disconnect(self) -> None:
        """Record that change events are not received any longer, so that caches expire by age."""
        self.gateway.events_connected = False

    async def _cleanup(self) -> None:
        """Delete expired limit counters and cached responses periodically."""
        while True:
            await asyncio.sleep(CLEANUP_INTERVAL_SECONDS)
            try:
                await asyncio.to_thread(cleanup, self._platform)
            except SQLAlchemyError as error:
                log.warning("cleanup of expired counters and cached responses failed: %s", str(error).splitlines()[0])

    def _on_self_test(self, task: "asyncio.Task[SelfTestReport]") -> None:
        """Log the result of the masking self-test; a failure is logged as critical."""
        if task.cancelled():
            return
        if error := task.exception():
            log.critical("MASKING SELF-TEST CRASHED: assume that nothing is masked", exc_info=error)
            return
        report = task.result()
        self._count_self_test(report)
        if report.passed:
            log.info("masking self-test passed: a card number was masked on all %d paths", report.cases)
        else:
            log.critical("MASKING SELF-TEST FAILED: a card number leaks on these paths: %s", "; ".join(report.leaks))

    def _load_catalog(self, project_id: UUID) -> ModelCatalog:
        with self._platform.scope(project_id) as connection:
            stored = self._stored_providers.for_project(connection, project_id)
            own = self._platform.load_project_providers(project_id, connection)
            all_providers = {**own, **stored, **self._configured_providers}
            catalog = build_catalog(connection, all_providers, self._upstream, self._guard_factory, self._balancer)
            catalog.prices = {**catalog_prices(connection, self._platform.settings), **catalog.prices}
        self._prices.prepare(project_id, catalog.prices, stored.values())
        self.gateway.prune_targets(project_id, catalog.routes.values())
        return catalog

    def _load_span(self, project_id: UUID, span_id: UUID) -> Span:
        with self._platform.scope(project_id) as connection:
            return traces.get_span(connection, span_id)

    def _delete_response(self, project_id: UUID, span_id: UUID) -> None:
        with self._platform.database.owner() as connection:
            delete_bodies(connection, project_id, span_id, {DELETED_ATTRIBUTE: True})

    def _find_address(self, project_id: UUID, name: str) -> str | None:
        """Return the address of a provider."""
        provider = self._configured_providers.get(name) or self._stored_providers.get_cached(project_id, name)
        return provider.address if provider else None

    def _authenticate(self, secret: str) -> access.Principal:
        with self._platform.database.owner() as connection:
            return access.authenticate(connection, secret)


def cleanup(platform: Platform) -> None:
    """Delete expired limit counters, cached responses and documents of vector stores of all projects."""
    with platform.database.owner() as connection:
        leases.delete_past_windows(connection, now() - COUNTER_RETENTION)
        cache_store.delete_expired(connection, now())
        delete_expired_documents(connection)


def build_providers(platform: Platform, upstream: UpstreamClient) -> dict[str, Provider]:
    """Return the configured providers and the models that this process runs itself."""
    configured = {
        name: create_provider(name, settings, upstream) for name, settings in platform.settings.providers.items()
    }
    return {
        **configured,
        LOCAL_PROVIDER: LocalEmbeddingsProvider({EMBEDDING_MODEL_NAME: _LazyEmbedder(platform.settings.cpu_threads)}),
    }


def guard_factory(platform: Platform, upstream: UpstreamClient) -> GuardFactory:
    """Return the guard factory, with the embedding model of this process."""
    embed, decrypt = (
        _LazyEmbedder(platform.settings.cpu_threads).embed,
        secret_settings.create_decryptor(SecretBox(platform.settings.home_folder)),
    )
    return GuardFactory(GuardDependencies(embed, upstream, platform.settings.allow_link_local, decrypt))


def build_catalog(
    connection: Connection,
    available_providers: Mapping[str, Provider],
    upstream: UpstreamClient,
    factory: GuardFactory | None = None,
    balancer: ReplicaBalancer | None = None,
) -> ModelCatalog:
    """Return the model catalog of the connection's project; `factory` builds its guards.

    `balancer` has the loads of replicas, which outlive a catalog.
    """
    routes = {route.name: route for route in gateway.list_routes(connection)}
    deployments = {deployed.name: deployed for deployed in list_deployment_endpoints(connection)}
    factory = factory or GuardFactory()
    guards = factory.create_guard_set(list(routes.values()), project_guards(connection))
    limits, prices = list_limits(connection), load_custom_prices(connection)
    tuned = list_models(connection)
    shortcuts = MODEL_SHORTCUTS | {model.name: model.target for model in tuned}
    on_demand = frozenset(model.target for model in tuned if model.model_ref)
    return ModelCatalog(
        routes,
        deployments,
        available_providers,
        shortcuts,
        upstream,
        limits,
        guards,
        factory,
        prices,
        on_demand,
        balancer or ReplicaBalancer(),
    )


def target_check(platform: Platform, project_id: UUID, connection: Connection) -> Callable[[str], None]:
    """Return the target check for `gateway.set_route`: NotFound for an unknown deployment, provider or prompt."""
    upstream = UpstreamClient()
    available = {
        **platform.load_project_providers(project_id, connection),
        **StoredProviders(platform.settings.home_folder, upstream).for_project(connection, project_id),
        **build_providers(platform, upstream),
    }
    catalog = build_catalog(connection, available, upstream)

    def check(target: str) -> None:
        catalog.check_target(target)
        check_target_prompt(connection, target)

    return check


@contextmanager
def open_gateway(platform: Platform) -> Generator[Gateway]:
    """Return the gateway that runs in this process, or one for the time of the block if there is none."""
    if platform.gateway is not None:
        yield platform.gateway
        return
    temporary = GatewayRuntime(platform, observe_span=_ignore_span, counter_for=_null_counter).gateway
    try:
        yield temporary
    finally:
        temporary.close()


async def list_callable_models(platform: Platform, principal: access.Principal) -> list[str]:
    """Return all model names that the principal's project can call."""
    with open_gateway(platform) as running:
        return await running.list_models(principal)


async def test_guards(
    platform: Platform,
    principal: access.Principal,
    text: str,
    configs: Sequence[GuardConfig],
    model: str,
    on: Literal["input", "output"],
) -> GuardTestResult:
    """Return the result of applying guards to a text: the given ones, or those of calls to a model or route."""
    with open_gateway(platform) as running:
        return await running.test_guards(principal, text, configs, model, on)


def target_states(platform: Platform, project_id: UUID, connection: Connection) -> TargetsReport:
    """Return the state of the project's targets. Raises Unavailable if this process serves no model calls."""
    if platform.gateway is None:
        raise Unavailable("this process serves no model calls", "send the request to a server; start one with: vong up")
    states = platform.gateway.target_states(project_id, gateway.list_routes(connection))
    return TargetsReport(server=os.getpid(), targets=tuple(states))


def run_self_test(platform: Platform) -> SelfTestReport:
    """Run the masking self-test and return its report."""
    return asyncio.run(self_test(guard_factory(platform, UpstreamClient())))


def _ignore_span(_: Span) -> None:
    """Ignore a span: calls made here are not calls of an application."""


class _NullCounter:
    """Call counter that counts nothing."""

    def record_call(self, seconds: float, input_tokens: int, output_tokens: int) -> None:
        """Ignore a call."""


def _null_counter(*_: Any) -> CallCounter:
    return _NullCounter()


class _LazyEmbedder:
    """Embedding model of this process, loaded on first use."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def embed(self, texts: Sequence[str]) -> "npt.NDArray[np.float32]":
        return self._model().embed(texts)

    def count_tokens(self, texts: Sequence[str]) -> int:
        return self._model().count_tokens(texts)

    def _model(self) -> Any:
        from vong.app.knowledge import get_embedder

        return get_embedder(self._threads)
