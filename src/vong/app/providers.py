"""Providers from settings and from the database, and their current states."""

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
from vong.errors import Conflict, Misconfigured, NotFound, Unsupported, VongError, did_you_mean
from vong.gateway.providers import COMMON_ENDPOINTS, Endpoint, Provider, ProviderRequest, ProviderResponse
from vong.gateway.providers import store as provider_store
from vong.gateway.providers.base import SupportsTokenCount, TokenCount
from vong.gateway.providers.store import ProviderUpdate, StoredProvider
from vong.gateway.routing.catalog import DEPLOYMENT
from vong.gateway.upstream.client import UpstreamClient
from vong.records import Record
from vong.store.encryption import SecretBox

LOCAL_PROVIDER = "local"
PIPELINE = "pipeline"
"""Name of the provider of published pipelines, which no other provider may have."""
EMBEDDING_MODEL_NAME = "all-minilm-l6-v2"
MAX_LISTED_MODELS = 200
"""Maximum number of models in a test result."""


class ProviderState(Record):
    """A provider. `source` is `settings` (vong.toml, read-only here) or `stored`.

    The key itself is never returned: `key_set` is true if there is one, and `key` has the last four characters of a
    long one. `reachable`, `models` (the number of models) and `error` are null if the provider was not probed. `listed`
    are the models configured for it.
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
    """Result of listing a provider's models.

    A reachable provider has `latency_ms` and `models` (the first 200), another one the `error`.
    """

    name: str
    reachable: bool
    latency_ms: float
    models: tuple[str, ...] = ()
    error: str | None = None


class BrokenProvider:
    """Placeholder for a stored provider with invalid settings. Calls raise the reason; other providers keep working."""

    endpoints = COMMON_ENDPOINTS

    def __init__(self, reason: VongError) -> None:
        self._reason = reason

    @property
    def address(self) -> str:
        """Return a constant, because the provider has no address."""
        return "unusable"

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Raise the reason."""
        del request
        raise Misconfigured(self._reason.message, self._reason.hint)

    async def list_models(self) -> list[str]:
        """Raise the reason."""
        raise Misconfigured(self._reason.message, self._reason.hint)


class StaticModelList:
    """Provider with a configured list of models."""

    def __init__(self, provider: Provider, models: tuple[str, ...]) -> None:
        self._provider, self._models = provider, models

    @property
    def endpoints(self) -> frozenset[Endpoint]:
        """Return the endpoints of the wrapped provider."""
        return self._provider.endpoints

    @property
    def address(self) -> str:
        """Return the address of the wrapped provider."""
        return self._provider.address

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Forward the request to the wrapped provider."""
        return await self._provider.call(request)

    async def count_tokens(self, body: bytes, headers: Mapping[str, str] | None = None) -> TokenCount:
        """Return the token count from the wrapped provider.

        Raises: Unsupported if that provider does not count tokens.
        """
        if not isinstance(self._provider, SupportsTokenCount):
            raise Unsupported("this provider does not count tokens", "use a model of another provider")
        return await self._provider.count_tokens(body, headers)

    async def list_models(self) -> list[str]:
        """Return the configured models."""
        return list(self._models)


class StoredProviders:
    """Cache of stored providers in one process. Each version is created once, so that its connections are reused."""

    def __init__(self, home: Path, upstream: UpstreamClient) -> None:
        self._secrets = SecretBox(home)
        self._upstream = upstream
        self._cache: dict[tuple[UUID, str], tuple[datetime, Provider]] = {}

    def for_project(self, connection: Connection, project_id: UUID) -> dict[str, Provider]:
        """Return the stored providers of the connection's project by name."""
        stored = provider_store.list_providers(connection)
        for name in [name for project, name in self._cache if project == project_id]:
            if name not in {provider.name for provider in stored}:
                del self._cache[project_id, name]
        return {provider.name: self._get_or_create(connection, project_id, provider) for provider in stored}

    def get_cached(self, project_id: UUID, name: str) -> Provider | None:
        """Return a cached provider, or None."""
        cached = self._cache.get((project_id, name))
        return cached[1] if cached else None

    def _get_or_create(self, connection: Connection, project_id: UUID, stored: StoredProvider) -> Provider:
        version, provider = self._cache.get((project_id, stored.name), (None, None))
        if provider is None or version != stored.updated_at:
            try:
                settings = provider_store.load_settings(connection, project_id, stored.name, self._secrets)
                provider = create_provider(stored.name, settings, self._upstream)
            except VongError as error:
                return BrokenProvider(error)  # not cached: the key file may be restored
            if stored.models:
                provider = StaticModelList(provider, stored.models)
            self._cache[project_id, stored.name] = stored.updated_at, provider
        return provider


def is_embedding_model(name: str) -> bool:
    """Return True if a model name is that of the local embedding model or contains `embed`."""
    return EMBEDDING_MODEL_NAME in name or "embed" in name.lower()


def create_provider(name: str, settings: ProviderSettings, upstream: UpstreamClient) -> Provider:
    """Create a provider of an installed kind."""
    return plugins.load_extension("provider", settings.kind)(name, settings, upstream)


def set_provider(platform: Platform, project_id: UUID, name: str, update: ProviderUpdate) -> ProviderState:
    """Create or update a stored provider. The change applies to the next model call on this server."""
    reserved = {*platform.settings.providers, LOCAL_PROVIDER, DEPLOYMENT, PIPELINE}
    secrets, allow_link_local = SecretBox(platform.settings.home_folder), platform.settings.allow_link_local
    with platform.scope(project_id) as connection:
        stored = provider_store.set_provider(
            connection, name, update, secrets, reserved=reserved, allow_link_local=allow_link_local
        )
    platform.apply_routing_change(project_id)
    return _stored_state(stored)


def delete_provider(platform: Platform, project_id: UUID, name: str) -> ProviderState:
    """Delete a stored provider.

    Raises: Conflict if the provider is not a stored one.
    """
    if name in platform.settings.providers:
        settings_only = f"the provider {name!r} comes from the settings, so it cannot be deleted here"
        raise Conflict(settings_only, "remove it from vong.toml if it is there; Vong's own providers always exist")
    if name in (LOCAL_PROVIDER, DEPLOYMENT):
        raise Conflict(
            f"the provider {name!r} is part of Vong, so it cannot be deleted", "delete stored providers only"
        )
    with platform.scope(project_id) as connection:
        deleted = provider_store.delete_provider(connection, name)
    platform.apply_routing_change(project_id)
    return _stored_state(deleted)


def list_states(platform: Platform, project_id: UUID, *, probe: bool) -> list[ProviderState]:
    """Return every provider: those of the settings first, then stored ones by name. `probe` lists their models."""
    providers = _list_known(platform, project_id)
    if not probe:
        return providers
    results = asyncio.run(_probe_all(platform, project_id, [state.name for state in providers]))
    return [
        state.model_copy(update={"reachable": result.reachable, "error": result.error, "models": len(result.models)})
        for state, result in zip(providers, results, strict=True)
    ]


def get_state(platform: Platform, project_id: UUID, name: str) -> ProviderState:
    """Return one provider, without probing it."""
    states_by_name = {state.name: state for state in _list_known(platform, project_id)}
    if name not in states_by_name:
        raise NotFound(
            f"no provider named {name!r}", did_you_mean(name, list(states_by_name), "vong gateway providers list")
        )
    return states_by_name[name]


def probe_provider(platform: Platform, project_id: UUID, name: str) -> ProviderTest:
    """Probe one provider by listing its models."""
    get_state(platform, project_id, name)
    (result,) = asyncio.run(_probe_all(platform, project_id, [name]))
    return result.model_copy(update={"models": result.models[:MAX_LISTED_MODELS]})


async def _probe_all(platform: Platform, project_id: UUID, names: list[str]) -> list[ProviderTest]:
    upstream = UpstreamClient(allow_link_local=platform.settings.allow_link_local)
    try:
        with platform.scope(project_id) as connection:
            providers: Mapping[str, Provider] = {
                **StoredProviders(platform.settings.home_folder, upstream).for_project(connection, project_id),
                **{
                    name: create_provider(name, settings, upstream)
                    for name, settings in platform.settings.providers.items()
                },
            }
        return await asyncio.gather(*(_probe(name, providers[name]) for name in names))
    finally:
        upstream.close()


async def _probe(name: str, provider: Provider) -> ProviderTest:
    start = time.perf_counter()
    models, error = (), None
    try:
        models = tuple(await provider.list_models())
    except VongError as failure:
        error = str(failure)
    elapsed_ms = (time.perf_counter() - start) * 1000
    return ProviderTest(name=name, reachable=error is None, latency_ms=round(elapsed_ms, 1), models=models, error=error)


def _list_known(platform: Platform, project_id: UUID) -> list[ProviderState]:
    with platform.scope(project_id) as connection:
        stored = [_stored_state(provider) for provider in provider_store.list_providers(connection)]
    configured = [_configured_state(name, settings) for name, settings in platform.settings.providers.items()]
    return [*configured, *(state for state in stored if state.name not in platform.settings.providers)]


def _configured_state(name: str, settings: ProviderSettings) -> ProviderState:
    key = settings.resolve_api_key()
    return ProviderState(
        name=name,
        kind=settings.kind,
        source="settings",
        base_url=settings.base_url,
        key_set=key is not None,
        key=f"…{key[-4:]}" if key and len(key) >= provider_store.MIN_LENGTH_FOR_SUFFIX else "…" if key else None,
        timeout=settings.timeout,
    )


def _stored_state(provider: StoredProvider) -> ProviderState:
    fields = provider.model_dump(exclude={"models"})
    return ProviderState(**fields, source="stored", listed=provider.models)
