"""Providers wired: those of the settings, those that are stored, and what each answers at this moment."""

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection

from vong import plugins
from vong.app.platform import Platform
from vong.config import ProviderSettings
from vong.errors import Misconfigured, NotFound, Unsupported, VongError, nearest
from vong.gateway.providers import OPENAI, Provider, ProviderRequest, ProviderResponse, Shape
from vong.gateway.providers import store as provider_store
from vong.gateway.providers.base import SupportsTokenCount
from vong.gateway.providers.store import ProviderUpdate, StoredProvider
from vong.gateway.routing.catalog import DEPLOYMENT
from vong.gateway.upstream.client import UpstreamClient
from vong.records import Record
from vong.store.encryption import SecretBox

LOCAL = "local"
EMBEDDER = "all-minilm-l6-v2"
SHOWN = 200
"""Models that a test names."""


class ProviderState(Record):
    """A provider. `source` is `settings` (vong.toml, which nobody edits from here) or `stored`. Of its key only whether
    one is set and the last four characters of a long one are shown. `reachable`, `models` (how many it lists) and
    `error` are null where it was not asked; `listed` are the models named for it.
    """

    name: str
    kind: str
    source: Literal["settings", "stored"]
    base_url: str | None
    key_set: bool
    key: str | None
    timeout: float
    listed: tuple[str, ...] = ()
    updated_at: datetime | None = None
    reachable: bool | None = None
    error: str | None = None
    models: int | None = None


class ProviderTest(Record):
    """What a provider answered when asked for its models: `reachable` with the milliseconds and the models (the first
    200), or the reason why not.
    """

    name: str
    reachable: bool
    latency_ms: float
    models: tuple[str, ...] = ()
    error: str | None = None


class BrokenProvider:
    """A stored provider that cannot be made: it says why when it is called, and the others work."""

    shapes = OPENAI

    def __init__(self, reason: VongError) -> None:
        self._reason = reason

    @property
    def address(self) -> str:
        """There is none."""
        return "unusable"

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Say why."""
        del ask
        raise Misconfigured(self._reason.message, self._reason.hint)

    async def models(self) -> list[str]:
        """Say why."""
        raise Misconfigured(self._reason.message, self._reason.hint)


class StaticModelList:
    """A provider whose models somebody has named."""

    def __init__(self, provider: Provider, models: tuple[str, ...]) -> None:
        self._provider, self._models = provider, models

    @property
    def shapes(self) -> frozenset[Shape]:
        """The provider's own."""
        return self._provider.shapes

    @property
    def address(self) -> str:
        """The provider's own."""
        return self._provider.address

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Pass the call on."""
        return await self._provider.call(ask)

    async def count(self, body: bytes) -> int:
        """Let the provider count. Unsupported where it cannot."""
        if not isinstance(self._provider, SupportsTokenCount):
            raise Unsupported("this provider does not count tokens", "name a model of another provider")
        return await self._provider.count(body)

    async def models(self) -> list[str]:
        """Those that were named."""
        return list(self._models)


class StoredProviders:
    """The stored providers of one process, made once for each version of each, so that connections are kept."""

    def __init__(self, home: Path, upstream: UpstreamClient) -> None:
        self._secrets = SecretBox(home)
        self._upstream = upstream
        self._made: dict[tuple[UUID, str], tuple[datetime, Provider]] = {}

    def of(self, connection: Connection, project_id: UUID) -> dict[str, Provider]:
        """The providers of the connection's project."""
        found = provider_store.list_providers(connection)
        for name in [name for project, name in self._made if project == project_id]:
            if name not in {provider.name for provider in found}:
                del self._made[project_id, name]
        return {provider.name: self._one(connection, project_id, provider) for provider in found}

    def known(self, project_id: UUID, name: str) -> Provider | None:
        """A provider that was made before."""
        found = self._made.get((project_id, name))
        return found[1] if found else None

    def _one(self, connection: Connection, project_id: UUID, wanted: StoredProvider) -> Provider:
        at, provider = self._made.get((project_id, wanted.name), (None, None))
        if provider is None or at != wanted.updated_at:
            try:
                settings = provider_store.settings_of(connection, project_id, wanted.name, self._secrets)
                provider = make(wanted.name, settings, self._upstream)
            except VongError as error:
                provider = BrokenProvider(error)
            if wanted.models:
                provider = StaticModelList(provider, wanted.models)
            self._made[project_id, wanted.name] = wanted.updated_at, provider
        return provider


def make(name: str, settings: ProviderSettings, upstream: UpstreamClient) -> Provider:
    """A provider of a kind that is installed."""
    return plugins.load("provider", settings.kind)(name, settings, upstream)


def put(platform: Platform, project_id: UUID, name: str, wanted: ProviderUpdate) -> ProviderState:
    """Make or change a stored provider."""
    taken = {*platform.settings.providers, LOCAL, DEPLOYMENT}
    secrets, allow = SecretBox(platform.settings.folder), platform.settings.allow_link_local
    with platform.scope(project_id) as connection:
        return _stored(
            provider_store.put_provider(connection, name, wanted, secrets, taken=taken, allow_link_local=allow)
        )


def remove(platform: Platform, project_id: UUID, name: str) -> ProviderState:
    """Remove a stored provider. Misconfigured for one of the settings."""
    if name in platform.settings.providers:
        raise Misconfigured(f"the provider {name!r} is set in vong.toml", "remove it there and start Vong again")
    with platform.scope(project_id) as connection:
        return _stored(provider_store.delete_provider(connection, name))


def states(platform: Platform, project_id: UUID, *, probe: bool) -> list[ProviderState]:
    """Every provider, by the settings' order and then by name; asked whether it answers where `probe` is set."""
    known = _known(platform, project_id)
    if not probe:
        return known
    answers = asyncio.run(_ask_all(platform, project_id, [state.name for state in known]))
    return [
        state.model_copy(update={"reachable": said.reachable, "error": said.error, "models": len(said.models)})
        for state, said in zip(known, answers, strict=True)
    ]


def state(platform: Platform, project_id: UUID, name: str) -> ProviderState:
    """One provider, not asked."""
    known = {state.name: state for state in _known(platform, project_id)}
    if name not in known:
        raise NotFound(f"no provider named {name!r}", nearest(name, list(known), "vong gateway provider list"))
    return known[name]


def test(platform: Platform, project_id: UUID, name: str) -> ProviderTest:
    """Ask one provider for its models."""
    state(platform, project_id, name)
    (said,) = asyncio.run(_ask_all(platform, project_id, [name]))
    return said.model_copy(update={"models": said.models[:SHOWN]})


async def _ask_all(platform: Platform, project_id: UUID, names: list[str]) -> list[ProviderTest]:
    upstream = UpstreamClient(allow_link_local=platform.settings.allow_link_local)
    try:
        with platform.scope(project_id) as connection:
            made: Mapping[str, Provider] = {
                **StoredProviders(platform.settings.folder, upstream).of(connection, project_id),
                **{name: make(name, settings, upstream) for name, settings in platform.settings.providers.items()},
            }
        return await asyncio.gather(*(_ask(name, made[name]) for name in names))
    finally:
        upstream.close()


async def _ask(name: str, provider: Provider) -> ProviderTest:
    start = time.perf_counter()
    models, error = (), None
    try:
        models = tuple(await provider.models())
    except VongError as failed:
        error = str(failed)
    taken = (time.perf_counter() - start) * 1000
    return ProviderTest(name=name, reachable=error is None, latency_ms=round(taken, 1), models=models, error=error)


def _known(platform: Platform, project_id: UUID) -> list[ProviderState]:
    with platform.scope(project_id) as connection:
        kept = [_stored(provider) for provider in provider_store.list_providers(connection)]
    configured = [_configured(name, settings) for name, settings in platform.settings.providers.items()]
    return [*configured, *(state for state in kept if state.name not in platform.settings.providers)]


def _configured(name: str, settings: ProviderSettings) -> ProviderState:
    key = settings.key()
    return ProviderState(
        name=name,
        kind=settings.kind,
        source="settings",
        base_url=settings.base_url,
        key_set=key is not None,
        key=f"…{key[-4:]}" if key and len(key) >= provider_store.SHOWN_FROM else "…" if key else None,
        timeout=settings.timeout,
    )


def _stored(provider: StoredProvider) -> ProviderState:
    fields = provider.model_dump(exclude={"models"})
    return ProviderState(**fields, source="stored", listed=provider.models)
