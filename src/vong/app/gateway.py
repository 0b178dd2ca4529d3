"""Gateway connected to keys, deployments, model versions, the embedding model and the span writer."""

import asyncio
import logging
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from vong import access, gateway, traces
from vong.app.otlp_exports import exported, exports
from vong.app.platform import Platform
from vong.app.providers import EMBEDDER, LOCAL, StoredProviders, make
from vong.errors import Unavailable
from vong.gateway.accounting.ledger_writer import LedgerContext, LedgerWriter
from vong.gateway.cache import store as cache_store
from vong.gateway.cache.response_cache import ResponseCache
from vong.gateway.endpoints.response_store import DELETED
from vong.gateway.fastpath.plan import CallCounter
from vong.gateway.fastpath.record import CompactCallRecord, ledger_row
from vong.gateway.gateway import CallSinks, Gateway, Repositories
from vong.gateway.guards import GuardDependencies, secret_settings
from vong.gateway.guards.registry import GuardFactory
from vong.gateway.guards.store import project_guards, well_guarded
from vong.gateway.invalidation import ChangeListener
from vong.gateway.limits import leases
from vong.gateway.limits.limiter import Limiter
from vong.gateway.limits.quota import Reservation
from vong.gateway.limits.store import list_limits
from vong.gateway.pipeline.attempt_spans import STEP
from vong.gateway.pricing.prices import ModelPrice, PriceBook
from vong.gateway.pricing.store import own_prices
from vong.gateway.providers import Provider
from vong.gateway.providers.local_embeddings import LocalEmbeddingsProvider
from vong.gateway.routing.catalog import DeploymentEndpoint, ModelCatalog, ResolvedTarget
from vong.gateway.self_test import self_test
from vong.gateway.upstream.client import UpstreamClient
from vong.records import Span, Usage, now
from vong.records.guard import GuardConfig, GuardTestResult, SelfTestReport
from vong.records.record import changed
from vong.records.target_state import TargetsReport
from vong.serving.deployments import list_deployments, ready
from vong.store.database import libpq_url
from vong.store.encryption import SecretBox
from vong.store.spans.disk_buffer import FinalizedSpan
from vong.traces.search import forget

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

log = logging.getLogger(__name__)
TIDIED = 600.0
"""Interval between two cleanups of expired counters and cache entries."""
PAST = timedelta(days=2)
"""Retention of limit counters (per minute, hour or day)."""
SHORTCUTS = {EMBEDDER: f"{LOCAL}/{EMBEDDER}"}


class GatewayRuntime:
    """Gateway of one server process, with the thread that listens for configuration changes."""

    def __init__(
        self,
        platform: Platform,
        observe: Callable[[Span], None],
        tally: Callable[[str, str | None, str, int], CallCounter],
        tested: Callable[[SelfTestReport], None] = lambda _: None,
        spent: Callable[[str | None, str, int], None] = lambda *_: None,
    ) -> None:
        upstream = UpstreamClient(allow_link_local=platform.settings.allow_link_local)
        configured = providers(platform, upstream)
        self._platform = platform
        self._stored = StoredProviders(platform.settings.folder, upstream)
        self._made = configured
        self._upstream = upstream
        self._announcements: ChangeListener | None = None
        self._tidying: asyncio.Task[None] | None = None
        self._tested = tested
        self._spent = spent
        self._testing: asyncio.Task[SelfTestReport] | None = None
        self._makers = makers(platform, upstream)
        self._prices = PriceBook(platform.settings.prices)
        self._own: dict[UUID, Mapping[str, ModelPrice]] = {}
        self._admission = Limiter(platform.scope, platform.database.owner, self._cost)
        self._books = LedgerWriter(self._admission)
        self.gateway = Gateway(
            upstream,
            configured,
            looks=Repositories(self._lookup, self._load, self._find, self._forget),
            accounts=CallSinks(self._record, self._take, observe, tally, self._price),
            admission=self._admission,
            answers=ResponseCache(platform.scope, _Embedder(platform.settings.threads)),
        )

    def start(self) -> None:
        """Start the listener, the span writer hooks and the self-test. Called on the serving event loop."""
        loop = asyncio.get_running_loop()

        def call_in_loop(do: Callable[..., None], *given: Any) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(do, *given)

        self.gateway.changed = partial(call_in_loop, self.gateway.forget)
        url = libpq_url(self._platform.database.url)
        callbacks = (partial(call_in_loop, do) for do in (self._heard, self.gateway.forget_callers, self._lost))
        self._announcements = ChangeListener(url, *callbacks)
        self._announcements.start()
        writer = self._platform.journal
        writer.companion = self._books
        if self._platform.settings.journal_full == "refuse":
            self.gateway.full = lambda: writer.full
        writer.adopt()
        self._admission.start()
        self._platform.exports = exports(self._platform.settings)
        self._platform.gateway = self.gateway
        self._tidying = loop.create_task(self._tidy())
        self._testing = loop.create_task(self_test(self._makers))
        self._testing.add_done_callback(self._told)

    def stop(self) -> None:
        """Stop the background work and flush pending spans."""
        if self._tidying is not None:
            self._tidying.cancel()
        with suppress(Unavailable):
            self._platform.journal.flush(5)  # settles known costs before unused quota is returned
        for export in self._platform.exports:
            export.stop()
        self._admission.stop()
        if self._announcements is not None:
            self._announcements.stop()
        if self._testing is not None:
            self._testing.cancel()
        self.gateway.close()

    def _heard(self, project_id: UUID | None) -> None:
        """Invalidate a changed project. From now on the gateway relies on change events."""
        self.gateway.forget(project_id)
        self.gateway.hears = True

    def _lost(self) -> None:
        """Record that change events are not received any longer, so that caches expire by age."""
        self.gateway.hears = False

    async def _tidy(self) -> None:
        """Delete expired limit counters and cached responses periodically."""
        while True:
            await asyncio.sleep(TIDIED)
            try:
                await asyncio.to_thread(tidy, self._platform)
            except SQLAlchemyError as error:
                log.warning("cleanup of expired counters and cached responses failed: %s", str(error).splitlines()[0])

    def _told(self, testing: "asyncio.Task[SelfTestReport]") -> None:
        """Log the result of the masking self-test; a failure is logged as critical."""
        if testing.cancelled():
            return
        if error := testing.exception():
            log.critical("MASKING SELF-TEST CRASHED: assume that nothing is masked", exc_info=error)
            return
        report = testing.result()
        self._tested(report)
        if report.passed:
            log.info("masking self-test passed: a card number was masked on all %d paths", report.ways)
        else:
            log.critical("MASKING SELF-TEST FAILED: a card number leaks on these paths: %s", "; ".join(report.leaks))

    def _load(self, project_id: UUID) -> ModelCatalog:
        with self._platform.scope(project_id) as connection:
            all_providers = {**self._stored.of(connection, project_id), **self._made}
            catalog = directory(connection, all_providers, self._upstream, self._makers)
        self._own[project_id] = catalog.prices
        self.gateway.forget_others(project_id, catalog.routes.values())
        return catalog

    def _record(self, project_id: UUID, span: Span, tags: tuple[str, ...], ticket: Reservation | None) -> None:
        """Queue a span; the span writer adds its cost and ledger row. A child span (an attempt) has no ledger row."""
        if span.kind == STEP:
            self._platform.journal.append(project_id, exported(self._platform, span))
            return
        self._platform.journal.add(project_id, span, partial(self._priced, project_id), LedgerContext(tags, ticket))

    def _take(self, brief: CompactCallRecord) -> None:
        """Queue the compact record of a fast-path call."""
        plan = brief.lane
        self._platform.journal.add(
            plan.principal.project_id, brief, self._settled, LedgerContext(plan.subjects.tags, brief.ticket)
        )

    def _settled(self, brief: CompactCallRecord) -> Span | FinalizedSpan:
        """Build the span of a compact record, with its cost, for the span writer."""
        plan, usage = brief.lane, brief.billed()
        if usage.cost:
            self._spent(plan.choice.versions.route, plan.choice.system, usage.cost)
        row = None if self._platform.exports else brief.draft(usage)
        if row is None:
            return exported(self._platform, changed(brief.span(), usage=usage))
        return FinalizedSpan(row, ledger_row(brief, usage, row.id, self._admission.worker))

    def _price(self, choice: ResolvedTarget) -> ModelPrice | EllipsisType | None:
        """Return the current price of a target, or `...` if it is not loaded yet."""
        return choice.price or self._prices.at_hand(choice.target, choice.provider.address, now())

    def _find(self, project_id: UUID, span_id: UUID) -> Span:
        with self._platform.scope(project_id) as connection:
            return traces.get(connection, span_id)

    def _forget(self, project_id: UUID, span_id: UUID) -> None:
        with self._platform.database.owner() as connection:
            forget(connection, project_id, span_id, {DELETED: True})

    def _cost(self, choice: ResolvedTarget, usage: Usage, at: datetime, kinds: Collection[str]) -> int | None:
        """Return the cost of a usage, or the maximum cost over the token types `kinds` if they are given."""
        address, custom_price = choice.provider.address, choice.price
        if custom_price is not None:
            input_tokens, output_tokens = usage.input_tokens or 0, usage.output_tokens or 0
            return custom_price.most(input_tokens, output_tokens, kinds) if kinds else custom_price.billed(usage)
        if kinds:
            return self._prices.most(choice.target, address, usage, at, kinds)
        return self._prices.cost(choice.target, address, usage, at, exact=False)

    def _priced(self, project_id: UUID, span: Span) -> Span | None:
        """Return the span with its cost, queued for export, or None while its price is not loaded."""
        name = str(span.attributes.get("gen_ai.provider.name"))
        provider = self._made.get(name) or self._stored.known(project_id, name)
        address = provider.address if provider else None
        custom_price = self._own.get(project_id, {}).get(span.model or "")
        if (
            custom_price is None
            and span.model is not None
            and not self._prices.ready(span.model, address, span.started_at)
        ):
            return None  # the span writer does not wait for prices: it settles this span later
        priced = self._prices.settle(span, address, custom_price)
        if priced.usage.cost:
            self._spent(priced.versions.route, name, priced.usage.cost)
        return exported(self._platform, priced)

    def _lookup(self, secret: str) -> access.Principal:
        with self._platform.database.owner() as connection:
            return access.authenticate(connection, secret)


def tidy(platform: Platform) -> None:
    """Delete expired limit counters and cached responses of all projects."""
    with platform.database.owner() as connection:
        leases.forget(connection, now() - PAST)
        cache_store.purge(connection, now())


def providers(platform: Platform, upstream: UpstreamClient) -> dict[str, Provider]:
    """Return the configured providers and the models that this process runs itself."""
    configured = {name: make(name, settings, upstream) for name, settings in platform.settings.providers.items()}
    return {**configured, LOCAL: LocalEmbeddingsProvider({EMBEDDER: _Embedder(platform.settings.threads)})}


def makers(platform: Platform, upstream: UpstreamClient) -> GuardFactory:
    """Return the guard factory, with the embedding model of this process."""
    embed, decrypt = (
        _Embedder(platform.settings.threads).embed,
        secret_settings.opener(SecretBox(platform.settings.folder)),
    )
    return GuardFactory(GuardDependencies(embed, upstream, platform.settings.allow_link_local, decrypt))


def sealed(platform: Platform, uses: Sequence[GuardConfig]) -> tuple[GuardConfig, ...]:
    """Return guards with encrypted secrets, as they are stored. Raises InvalidInput if a guard is not valid."""
    secrets = SecretBox(platform.settings.folder)
    merged = secret_settings.given(uses, secrets)
    well_guarded(merged)
    return secret_settings.sealed(merged, secrets)


def directory(
    connection: Connection, made: Mapping[str, Provider], upstream: UpstreamClient, makers: GuardFactory | None = None
) -> ModelCatalog:
    """Return the model catalog of the connection's project; `factory` builds its guards."""
    routes = {route.name: route for route in gateway.list_routes(connection)}
    deployments = {deployed.name: deployed for deployed in _deployed(connection)}
    makers = makers or GuardFactory()
    guards = makers.posts(list(routes.values()), project_guards(connection))
    limits, prices = list_limits(connection), own_prices(connection)
    return ModelCatalog(routes, deployments, made, SHORTCUTS, upstream, limits, guards, makers, prices)


def check(platform: Platform, project_id: UUID, connection: Connection) -> Callable[[str], None]:
    """Return the target check for `gateway.put_route`: it raises NotFound for an unknown deployment or provider."""
    upstream = UpstreamClient()
    available = {
        **StoredProviders(platform.settings.folder, upstream).of(connection, project_id),
        **providers(platform, upstream),
    }
    return directory(connection, available, upstream).check


def callable_models(platform: Platform, principal: access.Principal) -> list[str]:
    """Return all model names that the principal's project can call."""

    async def list_models() -> list[str]:
        runtime = GatewayRuntime(platform, observe=_nobody, tally=_nothing)
        try:
            return await runtime.gateway.offered(principal)
        finally:
            runtime.gateway.close()

    return asyncio.run(list_models())


def hold(
    platform: Platform,
    principal: access.Principal,
    text: str,
    uses: Sequence[GuardConfig],
    model: str,
    on: Literal["input", "output"],
) -> GuardTestResult:
    """Return the result of applying guards to a text: the given ones, or those of calls to a model or route."""

    async def run() -> GuardTestResult:
        runtime = GatewayRuntime(platform, observe=_nobody, tally=_nothing)
        try:
            return await runtime.gateway.hold(principal, text, uses, model, on)
        finally:
            runtime.gateway.close()

    return asyncio.run(run())


def targets(platform: Platform, project_id: UUID, connection: Connection) -> TargetsReport:
    """Return the state of the project's targets. Raises Unavailable if this process serves no model calls."""
    if platform.gateway is None:
        raise Unavailable("this process serves no model calls", "send the request to a server; start one with: vong up")
    states = platform.gateway.standing(project_id, gateway.list_routes(connection))
    return TargetsReport(server=os.getpid(), targets=tuple(states))


def masking(platform: Platform) -> SelfTestReport:
    """Run the masking self-test and return its report."""
    return asyncio.run(self_test(makers(platform, UpstreamClient())))


def _nobody(_: Span) -> None:
    """Ignore a span: calls made here are not calls of an application."""


class _Nothing:
    """Call counter that counts nothing."""

    def answered(self, seconds: float, input_tokens: int, output_tokens: int) -> None:
        """Ignore a call."""


def _nothing(*_: Any) -> CallCounter:
    return _Nothing()


def _deployed(connection: Connection) -> list[DeploymentEndpoint]:
    ready_deployments = {deployment.name: deployment for deployment in ready(connection)}
    endpoints: list[DeploymentEndpoint] = []
    for deployment in list_deployments(connection, limit=500):
        engine = ready_deployments.get(deployment.name)
        endpoints.append(
            DeploymentEndpoint(
                name=deployment.name,
                state=deployment.state,
                url=engine.url if engine else None,
                token=engine.token if engine else None,
                model=deployment.name,  # an engine serves each deployment under its own name
                model_version=deployment.model,
                dataset_version=engine.dataset if engine else None,
            )
        )
    return endpoints


class _Embedder:
    """Embedding model of this process, loaded on first use."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def embed(self, texts: Sequence[str]) -> "npt.NDArray[np.float32]":
        return self._model().embed(texts)

    def count_tokens(self, texts: Sequence[str]) -> int:
        return self._model().count_tokens(texts)

    def _model(self) -> Any:
        from vong.app.knowledge import embedder

        return embedder(self._threads)
