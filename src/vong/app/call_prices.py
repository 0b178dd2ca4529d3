"""Prices of model calls: custom prices of a project, then those of vong.toml, then those of the price catalog."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from uuid import UUID

from vong.config import Settings
from vong.gateway.pricing.catalog_file import CatalogLoader, load_catalog
from vong.gateway.pricing.price_book import PriceBook, is_remote
from vong.gateway.pricing.prices import ModelPrice
from vong.gateway.providers import Provider
from vong.gateway.routing.catalog import ResolvedTarget
from vong.records import Span, Usage, now

LOAD_TIMEOUT_SECONDS = 10.0
"""Maximum wait of the first call for the price catalog. Reading the file takes 3 ms, a build 1 to 3 s."""


class CallPrices:
    """Prices of one server process."""

    def __init__(self, settings: Settings, configured: Mapping[str, Provider]) -> None:
        self.book = PriceBook(settings.prices)
        self._folder = settings.home_folder / "cache"
        self._custom: dict[UUID, Mapping[str, ModelPrice]] = {}
        self._loader: CatalogLoader | None = None
        self._is_billed = any(
            is_remote(configured[name].address) and (provider.resolve_api_key() or not provider.api_key_env)
            for name, provider in settings.providers.items()
        )

    def start(self) -> None:
        """Start to load the catalog in a thread if calls to a configured provider may be billed."""
        self._loader = CatalogLoader(partial(load_catalog, self._folder), partial(setattr, self.book, "catalog"))
        if self._is_billed:
            self._loader.start()

    def stop(self) -> None:
        """Stop to load the catalog."""
        if self._loader is not None:
            self._loader.stop()

    def prepare(self, project_id: UUID, custom: Mapping[str, ModelPrice], stored: Iterable[Provider]) -> None:
        """Set the custom prices of a project, and wait for the catalog if calls to its providers may be billed.

        `stored` are the project's own providers. Runs in a thread, before the first call of the project.
        """
        self._custom[project_id] = custom
        if self._loader is not None and (self._is_billed or any(is_remote(provider.address) for provider in stored)):
            self._loader.wait(LOAD_TIMEOUT_SECONDS)

    def price_of(self, choice: ResolvedTarget, at: datetime | None = None) -> ModelPrice | None:
        """Return the price of a target at a time or now, or None if the price is unknown."""
        return choice.price or self.book.price_at(choice.target, choice.provider.address, at or now())

    def cost(self, choice: ResolvedTarget, usage: Usage, at: datetime, token_types: Collection[str] = ()) -> int | None:
        """Return the cost of a usage, or None if the price is unknown.

        With `token_types` the result is the maximum cost if the tokens may have these types.
        """
        price = self.price_of(choice, at)
        if price is None or not token_types:
            return price.cost_of_usage(usage) if price else None
        return price.max_cost(usage.input_tokens or 0, usage.output_tokens or 0, token_types)

    def price_span(self, project_id: UUID, span: Span, address: str | None) -> Span:
        """Return the span with its cost if it has none and the price is known. `address` is that of its provider."""
        return self.book.price_span(span, address, self._custom.get(project_id, {}).get(span.model or ""))
