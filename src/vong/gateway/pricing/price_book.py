"""Price of each call: custom prices first, then catalog prices.

A catalog price is found by the provider's address: a private server named `openai` has no price unless you set one. An
unknown price is None, never 0.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from vong.config import PriceSettings
from vong.gateway.pricing.catalog_file import PriceCatalog
from vong.gateway.pricing.prices import ModelPrice
from vong.gateway.pricing.token_types import USAGE_ATTRIBUTE
from vong.records import Span, Usage
from vong.records.record import replace_trusted


class PriceBook:
    """Prices of one process: those of the settings, and those of the catalog once it is loaded."""

    def __init__(self, custom: Mapping[str, PriceSettings], catalog: PriceCatalog | None = None) -> None:
        self._custom = {target: ModelPrice.from_settings(price) for target, price in custom.items()}
        self.catalog = catalog

    def price_at(self, target: str, address: str | None, at: datetime) -> ModelPrice | None:
        """Return the price of a target (`PROVIDER/MODEL`) at a time, or None if the price is unknown.

        `address` is the base URL of the provider.
        """
        custom = self._custom.get(target)
        if custom is not None or self.catalog is None or address is None or not is_remote(address):
            return custom
        return self.catalog.price_at(address, target.partition("/")[2], at)

    def price_span(self, span: Span, address: str | None, custom: ModelPrice | None = None) -> Span:
        """Return the span with its cost if it has none and the price is known.

        `address` is the base URL of the provider that answered, `custom` a price that takes precedence over all others.
        """
        if span.usage.cost is not None or span.model is None:
            return span
        price = custom or self.price_at(span.model, address, span.started_at)
        cost = price.cost_of_usage(token_counts(span), span.attributes.get(USAGE_ATTRIBUTE)) if price else None
        return span if cost is None else replace_trusted(span, usage=replace_trusted(span.usage, cost=cost))


@lru_cache(1000)
def is_remote(address: str) -> bool:
    """Return True if the address is remote. The catalog has no prices for this machine."""
    if not address.startswith(("http://", "https://")):
        return False
    host = urlsplit(address).hostname or ""
    with suppress(ValueError):
        return not ip_address(host).is_loopback
    return host != "localhost"


def token_counts(span: Span) -> Usage:
    """Return the token counts that are billed. Embeddings and rankings have no output."""
    if span.kind in ("embeddings", "rerank") and span.usage.output_tokens is None:
        return replace_trusted(span.usage, output_tokens=0)
    return span.usage
