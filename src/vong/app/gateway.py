"""The gateway wired to keys, deployments, model versions, the embedding model and the journal."""

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
"""Seconds between two times in which is forgotten what is past."""
PAST = timedelta(days=2)
"""How old a counter of a minute, hour or day gets."""
SHORTCUTS = {EMBEDDER: f"{LOCAL}/{EMBEDDER}"}


class GatewayRuntime:
    """The gateway of a server process, and the thread that hears of changed routes for it."""

    def __init__(
        self,
        platform: Platform,
        observe: Callable[[Span], None],
        tally: Callable[[str, str | None, str, int], CallCounter],
        tested: Callable[[SelfTestReport], None] = lambda _: None,
        spent: Callable[[str | None, str, int], None] = lambda *_: None,
    ) -> None:
        upstream = UpstreamClient(allow_link_local=platform.settings.allow_link_local)
        made = providers(platform, upstream)
        self._platform = platform
        self._stored = StoredProviders(platform.settings.folder, upstream)
        self._made = made
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
            made,
            looks=Repositories(self._lookup, self._load, self._find, self._forget),
            accounts=CallSinks(self._record, self._take, observe, tally, self._price),
            admission=self._admission,
            answers=ResponseCache(platform.scope, _Embedder(platform.settings.threads)),
        )

    def start(self) -> None:
        """Begin to hear of changes. Called on the event loop that serves."""
        loop = asyncio.get_running_loop()

        def later(do: Callable[..., None], *given: Any) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(do, *given)

        self.gateway.changed = partial(later, self.gateway.forget)
        url = libpq_url(self._platform.database.url)
        hearing = (partial(later, do) for do in (self._heard, self.gateway.forget_callers, self._lost))
        self._announcements = ChangeListener(url, *hearing)
        self._announcements.start()
        journal = self._platform.journal
        journal.companion = self._books
        if self._platform.settings.journal_full == "refuse":
            self.gateway.full = lambda: journal.full
        journal.adopt()
        self._admission.start()
        self._platform.exports = exports(self._platform.settings)
        self._platform.gateway = self.gateway
        self._tidying = loop.create_task(self._tidy())
        self._testing = loop.create_task(self_test(self._makers))
        self._testing.add_done_callback(self._told)

    def stop(self) -> None:
        """End it."""
        if self._tidying is not None:
            self._tidying.cancel()
        with suppress(Unavailable):
            self._platform.journal.flush(5)  # what is known of costs is settled before the rest is given back
        for export in self._platform.exports:
            export.stop()
        self._admission.stop()
        if self._announcements is not None:
            self._announcements.stop()
        if self._testing is not None:
            self._testing.cancel()
        self.gateway.close()

    def _heard(self, project_id: UUID | None) -> None:
        """Of a change, in the order in which it was made: from now on every one is heard of."""
        self.gateway.forget(project_id)
        self.gateway.hears = True

    def _lost(self) -> None:
        self.gateway.hears = False

    async def _tidy(self) -> None:
        """Now and then forget counters of days long past and kept answers past their time."""
        while True:
            await asyncio.sleep(TIDIED)
            try:
                await asyncio.to_thread(tidy, self._platform)
            except SQLAlchemyError as error:
                log.warning("what is past was not forgotten: %s", str(error).splitlines()[0])

    def _told(self, testing: "asyncio.Task[SelfTestReport]") -> None:
        """Say how the self-test of masking went, loudly where it failed."""
        if testing.cancelled():
            return
        if broken := testing.exception():
            log.critical("THE SELF-TEST OF MASKING BROKE: take it that nothing is masked", exc_info=broken)
            return
        found = testing.result()
        self._tested(found)
        if found.passed:
            log.info("masking works: a card number was sent %d ways, and masked on each", found.ways)
        else:
            log.critical("MASKING DOES NOT WORK: a card number leaks on these ways: %s", "; ".join(found.leaks))

    def _load(self, project_id: UUID) -> ModelCatalog:
        with self._platform.scope(project_id) as connection:
            made = {**self._stored.of(connection, project_id), **self._made}
            found = directory(connection, made, self._upstream, self._makers)
        self._own[project_id] = found.prices
        self.gateway.forget_others(project_id, found.routes.values())
        return found

    def _record(self, project_id: UUID, span: Span, tags: tuple[str, ...], ticket: Reservation | None) -> None:
        """Hand a span to the journal, whose writer adds what the call cost and writes the ledger with it. A step within
        a call has no line there.
        """
        if span.kind == STEP:
            self._platform.journal.append(project_id, exported(self._platform, span))
            return
        self._platform.journal.add(project_id, span, partial(self._priced, project_id), LedgerContext(tags, ticket))

    def _take(self, brief: CompactCallRecord) -> None:
        """The same for a span that is told in brief."""
        lane = brief.lane
        self._platform.journal.add(
            lane.principal.project_id, brief, self._settled, LedgerContext(lane.subjects.tags, brief.ticket)
        )

    def _settled(self, brief: CompactCallRecord) -> Span | FinalizedSpan:
        """What the writer of spans makes of one that is told in brief."""
        lane, usage = brief.lane, brief.billed()
        if usage.cost:
            self._spent(lane.choice.versions.route, lane.choice.system, usage.cost)
        draft = None if self._platform.exports else brief.draft(usage)
        if draft is None:
            return exported(self._platform, changed(brief.span(), usage=usage))
        return FinalizedSpan(draft, ledger_row(brief, usage, draft.id, self._admission.worker))

    def _price(self, choice: ResolvedTarget) -> ModelPrice | EllipsisType | None:
        """What a choice costs at this moment; `...` where that must be looked up."""
        return choice.price or self._prices.at_hand(choice.target, choice.provider.address, now())

    def _find(self, project_id: UUID, span_id: UUID) -> Span:
        with self._platform.scope(project_id) as connection:
            return traces.get(connection, span_id)

    def _forget(self, project_id: UUID, span_id: UUID) -> None:
        with self._platform.database.owner() as connection:
            forget(connection, project_id, span_id, {DELETED: True})

    def _cost(self, choice: ResolvedTarget, usage: Usage, at: datetime, kinds: Collection[str]) -> int | None:
        address, own = choice.provider.address, choice.price
        if own is not None:
            read, made = usage.input_tokens or 0, usage.output_tokens or 0
            return own.most(read, made, kinds) if kinds else own.billed(usage)
        if kinds:
            return self._prices.most(choice.target, address, usage, at, kinds)
        return self._prices.cost(choice.target, address, usage, at, exact=False)

    def _priced(self, project_id: UUID, span: Span) -> Span | None:
        name = str(span.attributes.get("gen_ai.provider.name"))
        provider = self._made.get(name) or self._stored.known(project_id, name)
        address = provider.address if provider else None
        own = self._own.get(project_id, {}).get(span.model or "")
        if own is None and span.model is not None and not self._prices.ready(span.model, address, span.started_at):
            return None  # the writer of spans does not wait for it: this one is settled a little later
        settled = self._prices.settle(span, address, own)
        if settled.usage.cost:
            self._spent(settled.versions.route, name, settled.usage.cost)
        return exported(self._platform, settled)

    def _lookup(self, secret: str) -> access.Principal:
        with self._platform.database.owner() as connection:
            return access.authenticate(connection, secret)


def tidy(platform: Platform) -> None:
    """Forget counters of days long past and kept answers past their time, in all projects."""
    with platform.database.owner() as connection:
        leases.forget(connection, now() - PAST)
        cache_store.purge(connection, now())


def providers(platform: Platform, upstream: UpstreamClient) -> dict[str, Provider]:
    """The providers of the configuration, and the models that this process runs itself."""
    made = {name: make(name, settings, upstream) for name, settings in platform.settings.providers.items()}
    return {**made, LOCAL: LocalEmbeddingsProvider({EMBEDDER: _Embedder(platform.settings.threads)})}


def makers(platform: Platform, upstream: UpstreamClient) -> GuardFactory:
    """Makes guards, which embed with the model of this process."""
    embed, open = (
        _Embedder(platform.settings.threads).embed,
        secret_settings.opener(SecretBox(platform.settings.folder)),
    )
    return GuardFactory(GuardDependencies(embed, upstream, platform.settings.allow_link_local, open))


def sealed(platform: Platform, uses: Sequence[GuardConfig]) -> tuple[GuardConfig, ...]:
    """Guards as they are stored: no secret of their settings can be read. InvalidInput where one cannot stand guard."""
    secrets = SecretBox(platform.settings.folder)
    plain = secret_settings.given(uses, secrets)
    well_guarded(plain)
    return secret_settings.sealed(plain, secrets)


def directory(
    connection: Connection, made: Mapping[str, Provider], upstream: UpstreamClient, makers: GuardFactory | None = None
) -> ModelCatalog:
    """What the connection's project can call at this moment, and, with `makers`, who stands guard over it."""
    routes = {route.name: route for route in gateway.list_routes(connection)}
    deployments = {deployed.name: deployed for deployed in _deployed(connection)}
    makers = makers or GuardFactory()
    posts = makers.posts(list(routes.values()), project_guards(connection))
    limits, prices = list_limits(connection), own_prices(connection)
    return ModelCatalog(routes, deployments, made, SHORTCUTS, upstream, limits, posts, makers, prices)


def check(platform: Platform, project_id: UUID, connection: Connection) -> Callable[[str], None]:
    """What `gateway.put_route` asks of every target: NotFound for a deployment or a provider that is not there."""
    upstream = UpstreamClient()
    made = {
        **StoredProviders(platform.settings.folder, upstream).of(connection, project_id),
        **providers(platform, upstream),
    }
    return directory(connection, made, upstream).check


def callable_models(platform: Platform, principal: access.Principal) -> list[str]:
    """Every name that the principal's project can call."""

    async def ask() -> list[str]:
        running = GatewayRuntime(platform, observe=_nobody, tally=_nothing)
        try:
            return await running.gateway.offered(principal)
        finally:
            running.gateway.close()

    return asyncio.run(ask())


def hold(
    platform: Platform,
    principal: access.Principal,
    text: str,
    uses: Sequence[GuardConfig],
    model: str,
    on: Literal["input", "output"],
) -> GuardTestResult:
    """What becomes of a text under these guards, or under those of calls to that model or route."""

    async def ask() -> GuardTestResult:
        running = GatewayRuntime(platform, observe=_nobody, tally=_nothing)
        try:
            return await running.gateway.hold(principal, text, uses, model, on)
        finally:
            running.gateway.close()

    return asyncio.run(ask())


def targets(platform: Platform, project_id: UUID, connection: Connection) -> TargetsReport:
    """How the targets of the project's routes stand in this process. Unavailable where it answers no model calls."""
    if platform.gateway is None:
        raise Unavailable("this process answers no model calls", "ask a server: vong up")
    found = platform.gateway.standing(project_id, gateway.list_routes(connection))
    return TargetsReport(server=os.getpid(), targets=tuple(found))


def masking(platform: Platform) -> SelfTestReport:
    """The self-test of masking, made now."""
    return asyncio.run(self_test(makers(platform, UpstreamClient())))


def _nobody(_: Span) -> None:
    """What is asked here is no call of an application: there is nothing to observe."""


class _Nothing:
    def answered(self, seconds: float, read: int, made: int) -> None:
        """As above."""


def _nothing(*_: Any) -> CallCounter:
    return _Nothing()


def _deployed(connection: Connection) -> list[DeploymentEndpoint]:
    answering = {found.name: found for found in ready(connection)}
    found: list[DeploymentEndpoint] = []
    for deployment in list_deployments(connection, limit=500):
        engine = answering.get(deployment.name)
        found.append(
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
    return found


class _Embedder:
    """The embedding model of this process, loaded when it is first used."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def embed(self, texts: Sequence[str]) -> "npt.NDArray[np.float32]":
        return self._model().embed(texts)

    def count_tokens(self, texts: Sequence[str]) -> int:
        return self._model().count_tokens(texts)

    def _model(self) -> Any:
        from vong.app.knowledge import embedder

        return embedder(self._threads)
