"""What a call costs, in millionths of a US dollar: your own prices first, then the published ones.

Published prices come from `genai-prices`, whose data is part of its package: nothing is fetched. It is found by the
provider's address, so a server of yours that is called `openai` has no price unless you give one. A price that nobody
knows is None, never 0.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from vong.config import PriceSettings
from vong.records import Span, Usage

log = logging.getLogger(__name__)
KEPT = 1000
"""Models whose price is kept in memory."""
CHANGING = "changing"
"""The mark of a price that depends on the time of day or on the size of the request: it is worked out for each call."""


class Price(NamedTuple):
    """US dollars for a million tokens, which is millionths of a dollar for one. `cached` are input tokens that the
    provider read from its cache; they are part of the input's count.
    """

    input: Decimal
    output: Decimal
    cached: Decimal

    @classmethod
    def of(cls, settings: PriceSettings) -> "Price":
        """A price from the settings: cached tokens cost as other input where nothing else is said."""
        cached = settings.input if settings.cached is None else settings.cached
        return cls(*(Decimal(str(amount)) for amount in (settings.input, settings.output, cached)))

    def cost(self, read: int, made: int, cached: int) -> int:
        """Of so many tokens; a half is rounded to the even."""
        return round((read - cached) * self.input + cached * self.cached + made * self.output)


class Prices:
    """The prices of one process. Not for the event loop: the first look at published prices takes 0.4 s."""

    def __init__(self, own: Mapping[str, PriceSettings]) -> None:
        self._own = {target: Price.of(price) for target, price in own.items()}
        self._published: dict[tuple[str, str], Price | str | None] = {}

    def settle(self, span: Span, address: str | None) -> Span:
        """The span with its cost, where it has none and the price is known. `address` is the base URL of the provider
        that answered.
        """
        if span.usage.cost is not None or span.model is None:
            return span
        cost = self.cost(span.model, address, counted(span), span.started_at)
        return span if cost is None else span.model_copy(update={"usage": span.usage.model_copy(update={"cost": cost})})

    def cost(self, target: str, address: str | None, usage: Usage, at: datetime) -> int | None:
        """What a call of that target (`PROVIDER/MODEL`) costs; None where a count or the price is unknown."""
        read, made = usage.input_tokens, usage.output_tokens
        if read is None or made is None:
            return None
        cached = min(usage.cached_tokens or 0, read)
        own = self._own.get(target)
        if own is not None:
            return own.cost(read, made, cached)
        if address is None or not address.startswith(("http://", "https://")):
            return None
        key = address, target.partition("/")[2]
        if key not in self._published:
            if len(self._published) >= KEPT:
                self._published.clear()
            self._published[key] = _published(*key)
        price = self._published[key]
        if isinstance(price, str):
            return _calculated(*key, Usage(input_tokens=read, output_tokens=made, cached_tokens=cached), at)
        return price.cost(read, made, cached) if price else None


def counted(span: Span) -> Usage:
    """The usage that is billed: embeddings have no output."""
    if span.kind == "embeddings" and span.usage.output_tokens is None:
        return span.usage.model_copy(update={"output_tokens": 0})
    return span.usage


@cache
def _catalogue() -> Any:
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot()


def _published(address: str, model: str) -> Price | str | None:
    """The published price of a model, CHANGING where it is not one price, None where there is none."""
    try:
        _, found = _catalogue().find_provider_model(model, None, None, address)
    except LookupError:
        log.info("no published price of %r at %s", model, address)
        return None
    prices = found.prices
    if isinstance(prices, list) or getattr(prices, "requests_kcount", None) is not None:
        return CHANGING
    read, made, cached = (getattr(prices, name, None) for name in ("input_mtok", "output_mtok", "cache_read_mtok"))
    if read is None:
        return None
    if any(amount is not None and not isinstance(amount, Decimal) for amount in (read, made, cached)):
        return CHANGING
    return Price(read, made or Decimal(0), read if cached is None else cached)


def _calculated(address: str, model: str, usage: Usage, at: datetime) -> int | None:
    """The cost of one call by the catalogue's own rules."""
    from genai_prices import Usage as Counted

    counts = Counted(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cached_tokens or None,
    )
    try:
        found = _catalogue().calc(counts, model, None, address, at, None)
    except (LookupError, ValueError) as error:
        log.info("no published price of %r at %s: %s", model, address, error)
        return None
    return round(found.total_price * 1_000_000)
