"""Cost of calls in millionths of a US dollar: custom prices first, then catalog prices.

Catalog prices come from `genai-prices`, whose data is part of its package, so nothing is downloaded. A price is found
by the provider's address: a private server named `openai` has no price unless you set one. An unknown price is None,
never 0.
"""

import threading
from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from ipaddress import ip_address
from math import inf
from types import EllipsisType
from typing import NamedTuple, TypeGuard
from urllib.parse import urlsplit

from vong.config import PriceSettings
from vong.gateway.pricing.catalog import CatalogPrice, RateTiers, lookup
from vong.gateway.pricing.token_types import INPUT_TYPES, OUTPUT_TYPES, TOKEN_TYPES, USAGE_ATTRIBUTE
from vong.records import Span, Usage
from vong.records.record import replace_trusted

MAX_CACHED_PRICES = 1000
"""Maximum number of prices in memory."""
TIMED_PRICE_TTL_SECONDS = 900
"""Time for which a price is kept that depends on the time of day or starts at a date."""


class TieredRate(NamedTuple):
    """Rate in US dollars per million tokens, which is millionths of a dollar per token.

    Above `starts[i]` input tokens, all tokens cost `amounts[i + 1]`.
    """

    amounts: tuple[Decimal, ...]
    starts: tuple[int, ...] = ()

    @classmethod
    def from_tiers(cls, tiers: RateTiers) -> "TieredRate":
        """Convert rate tiers of the catalog."""
        amounts = (tiers.base, *(amount for _, amount in tiers.tiers))
        return cls(tuple(map(Decimal, amounts)), tuple(start for start, _ in tiers.tiers))

    def amount_for(self, input_tokens: int) -> Decimal:
        """Return the amount for a request with this number of input tokens."""
        return self.amounts[bisect_left(self.starts, input_tokens) if self.starts else 0]


class ModelPrice(NamedTuple):
    """Rates of one model.

    `cached` applies to input tokens that the provider read from its cache, `rates_by_type` to other token types with a
    rate of their own. All of them are part of the input or output tokens.
    """

    input: TieredRate
    output: TieredRate
    cached: TieredRate
    rates_by_type: Mapping[str, TieredRate] = {}

    @classmethod
    def from_settings(cls, settings: PriceSettings) -> "ModelPrice":
        """Build a price from the settings."""
        input_rate = _flat_rate(settings.input)
        amounts = {token_type: getattr(settings, token_type) for token_type in TOKEN_TYPES}
        rates = {token_type: _flat_rate(amount) for token_type, amount in amounts.items() if amount is not None}
        return cls(
            input_rate,
            _flat_rate(settings.output),
            input_rate if settings.cached is None else _flat_rate(settings.cached),
            rates,
        )

    @classmethod
    def from_catalog(cls, catalog_price: CatalogPrice) -> "ModelPrice":
        """Build a price from the catalog. Output without a rate is free: embeddings have none."""
        input_rate = TieredRate.from_tiers(catalog_price.input)
        output_rate = TieredRate.from_tiers(catalog_price.output) if catalog_price.output else TieredRate((Decimal(0),))
        rates = {token_type: TieredRate.from_tiers(tiers) for token_type, tiers in catalog_price.rates_by_type.items()}
        return cls(
            input_rate,
            output_rate,
            TieredRate.from_tiers(catalog_price.cached) if catalog_price.cached else input_rate,
            rates,
        )

    def cost(
        self, input_tokens: int, output_tokens: int, cached_tokens: int, used_by_type: Mapping[str, int] | None = None
    ) -> int:
        """Return the cost of these tokens, rounded half to even. `used_by_type` has the tokens billed separately."""
        total = cached_tokens * self.cached.amount_for(input_tokens)
        if not used_by_type:
            return round(
                total
                + (input_tokens - cached_tokens) * self.input.amount_for(input_tokens)
                + output_tokens * self.output.amount_for(input_tokens)
            )
        cache_writes = used_by_type.get("cache_write", 0), used_by_type.get("cache_write_1h", 0)
        used_by_type = {**used_by_type, "cache_write": max(cache_writes[0] - cache_writes[1], 0)}
        for type_names, remaining, base_rate in (
            (INPUT_TYPES, input_tokens - cached_tokens, self.input),
            (OUTPUT_TYPES, output_tokens, self.output),
        ):
            for token_type in type_names:
                count = min(used_by_type.get(token_type, 0), remaining)
                remaining -= count
                total += count * self.rate_of(token_type, base_rate).amount_for(input_tokens)
            total += remaining * base_rate.amount_for(input_tokens)
        return round(total)

    def rate_of(self, token_type: str, fallback: TieredRate) -> TieredRate:
        """Return the rate of a token type, or `fallback` if the type has no rate of its own."""
        rate = self.rates_by_type.get(token_type)
        return rate or (self.rates_by_type.get("cache_write", fallback) if token_type == "cache_write_1h" else fallback)

    def cost_of_usage(self, usage: Usage, used_by_type: Mapping[str, int] | None = None) -> int | None:
        """Return the cost of a usage, or None if a token count is unknown."""
        input_tokens, output_tokens = usage.input_tokens, usage.output_tokens
        if input_tokens is None or output_tokens is None:
            return None
        return self.cost(input_tokens, output_tokens, min(usage.cached_tokens or 0, input_tokens), used_by_type)

    def max_cost(self, input_tokens: int, output_tokens: int, token_types: Collection[str]) -> int:
        """Return the maximum cost if all tokens may have the most expensive of these types."""
        rates = self.input.amount_for(input_tokens), self.output.amount_for(input_tokens)
        if self.rates_by_type:
            rates = [
                max(
                    [
                        rate,
                        *(
                            self.rate_of(token_type, base_rate).amount_for(input_tokens)
                            for token_type in type_names
                            if token_type in token_types
                        ),
                    ]
                )
                for rate, type_names, base_rate in zip(
                    rates, (INPUT_TYPES, OUTPUT_TYPES), (self.input, self.output), strict=True
                )
            ]
        highest_input = rates[0] if self.cached is self.input else max(rates[0], self.cached.amount_for(input_tokens))
        return round(input_tokens * highest_input + output_tokens * rates[1])


class PriceBook:
    """Prices of one process.

    Do not use it on the event loop: the first lookup of a catalog price takes half a second.
    """

    def __init__(
        self,
        custom: Mapping[str, PriceSettings],
        lookup: Callable[[str, str, datetime], CatalogPrice | None] = lookup,
    ) -> None:
        self._custom = {target: ModelPrice.from_settings(price) for target, price in custom.items()}
        self._lookup = lookup
        self._published: dict[tuple[str, str], tuple[ModelPrice | None, float]] = {}
        self._loading: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def is_loaded(self, target: str, address: str | None, at: datetime) -> bool:
        """Return True if the price at that time is loaded, or known to be missing.

        Otherwise it is loaded in a thread of its own, because the catalog process may take seconds on a busy machine.
        """
        model = target.partition("/")[2]
        if target in self._custom or not _may_have_price(address) or not self._is_stale((address, model), at):
            return True
        self._refresh_in_thread(address, model, at)
        return False

    def cached(self, target: str, address: str | None, at: datetime) -> "ModelPrice | EllipsisType | None":
        """Return the loaded price at that time, None if there is none, `...` if it is not loaded yet.

        In the last case loading starts in the background.
        """
        if not self.is_loaded(target, address, at):
            return ...
        return self._price(target, address, at, exact=True)

    def price_span(self, span: Span, address: str | None, custom: ModelPrice | None = None) -> Span:
        """Return the span with its cost if it has none and the price is known.

        `address` is the base URL of the provider that answered, `custom` a price that takes precedence over all others.
        """
        if span.usage.cost is not None or span.model is None:
            return span
        used_by_type, usage = span.attributes.get(USAGE_ATTRIBUTE), token_counts(span)
        cost = (
            custom.cost_of_usage(usage, used_by_type)
            if custom
            else self.cost(span.model, address, usage, span.started_at, used_by_type)
        )
        return span if cost is None else replace_trusted(span, usage=replace_trusted(span.usage, cost=cost))

    def cost(
        self,
        target: str,
        address: str | None,
        usage: Usage,
        at: datetime,
        used_by_type: Mapping[str, int] | None = None,
        *,
        exact: bool = True,
    ) -> int | None:
        """Return the cost of a call to a target (`PROVIDER/MODEL`), or None if a count or the price is unknown.

        Unless `exact`, an expired price is used while it is refreshed.
        """
        if usage.input_tokens is None or usage.output_tokens is None:
            return None
        price = self._price(target, address, at, exact)
        return price.cost_of_usage(usage, used_by_type) if price else None

    def max_cost(
        self, target: str, address: str | None, usage: Usage, at: datetime, token_types: Collection[str]
    ) -> int | None:
        """Return the maximum cost of a call that may use these token types. An expired price may be used."""
        price = self._price(target, address, at, exact=False)
        return price.max_cost(usage.input_tokens or 0, usage.output_tokens or 0, token_types) if price else None

    def _price(self, target: str, address: str | None, at: datetime, exact: bool) -> ModelPrice | None:
        return self._custom.get(target) or self._catalog_price(address, target.partition("/")[2], at, exact)

    def _catalog_price(self, address: str | None, model: str, at: datetime, exact: bool) -> ModelPrice | None:
        if not _may_have_price(address):
            return None
        entry = self._published.get((address, model))
        if entry is not None and not self._is_stale((address, model), at):
            return entry[0]
        if entry is not None and not exact:
            self._refresh_in_thread(address, model, at)
            return entry[0]
        return self._load_price(address, model, at)

    def _is_stale(self, key: tuple[str, str], at: datetime) -> bool:
        entry = self._published.get(key)
        if entry is None:
            return True
        until = entry[1]
        return until < inf and not until - TIMED_PRICE_TTL_SECONDS <= at.timestamp() < until

    def _refresh_in_thread(self, address: str, model: str, at: datetime) -> None:
        """Load a price in a thread, unless one is loading it already."""
        key = address, model
        with self._lock:
            if key in self._loading:
                return
            self._loading.add(key)

        def renew() -> None:
            try:
                self._load_price(address, model, at)
            finally:
                self._loading.discard(key)

        threading.Thread(target=renew, name="vong-prices", daemon=True).start()

    def _load_price(self, address: str, model: str, at: datetime) -> ModelPrice | None:
        catalog_price = self._lookup(address, model, at)
        price = ModelPrice.from_catalog(catalog_price) if catalog_price else None
        time_independent = catalog_price is None or catalog_price.time_independent
        if len(self._published) >= MAX_CACHED_PRICES:
            self._published.clear()
        until = inf if time_independent else (at.timestamp() // TIMED_PRICE_TTL_SECONDS + 1) * TIMED_PRICE_TTL_SECONDS
        self._published[address, model] = price, until
        return price


def _may_have_price(address: str | None) -> TypeGuard[str]:
    """Return True if an address may have a catalog price."""
    return address is not None and _is_remote(address)


@lru_cache(1000)
def _is_remote(address: str) -> bool:
    """Return True if the address is remote. The catalog has no prices for this machine."""
    if not address.startswith(("http://", "https://")):
        return False
    host = urlsplit(address).hostname or ""
    with suppress(ValueError):
        return not ip_address(host).is_loopback
    return host != "localhost"


def _flat_rate(dollars: float) -> TieredRate:
    return TieredRate((Decimal(str(dollars)),))


def token_counts(span: Span) -> Usage:
    """Return the token counts that are billed. Embeddings have no output."""
    if span.kind == "embeddings" and span.usage.output_tokens is None:
        return replace_trusted(span.usage, output_tokens=0)
    return span.usage
