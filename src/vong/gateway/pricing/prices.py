"""What a call costs, in millionths of a US dollar: your own prices first, then the published ones.

Published prices come from `genai-prices`, whose data is part of its package: nothing is fetched. They are found by the
provider's address, so a server of yours that is called `openai` has no price unless you give one. A price that nobody
knows is None, never 0.
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
from vong.gateway.pricing.catalog import CatalogPrice, RateTiers, look
from vong.gateway.pricing.token_types import ATTRIBUTE, INPUT, KINDS, OUTPUT
from vong.records import Span, Usage
from vong.records.record import changed

KEPT = 1000
"""Models whose price is kept in memory."""
QUARTER = 900
"""Seconds that a price is kept which depends on the time of day or begins at some date."""


class TieredRate(NamedTuple):
    """US dollars for a million tokens, which is millionths of a dollar for one. From `starts[i]` input tokens on (not
    including it) all tokens cost `amounts[i + 1]`.
    """

    amounts: tuple[Decimal, ...]
    starts: tuple[int, ...] = ()

    @classmethod
    def of(cls, steps: RateTiers) -> "TieredRate":
        """An amount from the catalogue."""
        amounts = (steps.base, *(amount for _, amount in steps.steps))
        return cls(tuple(map(Decimal, amounts)), tuple(start for start, _ in steps.steps))

    def at(self, read: int) -> Decimal:
        """The amount for a request of so many input tokens."""
        return self.amounts[bisect_left(self.starts, read) if self.starts else 0]


class ModelPrice(NamedTuple):
    """The amounts. `cached` is for input tokens that the provider read from its cache, `kinds` for others that have an
    amount of their own; all are parts of the input's or the output's count.
    """

    input: TieredRate
    output: TieredRate
    cached: TieredRate
    kinds: Mapping[str, TieredRate] = {}

    @classmethod
    def own(cls, settings: PriceSettings) -> "ModelPrice":
        """A price from the settings."""
        read = _amount(settings.input)
        given = {kind: getattr(settings, kind) for kind in KINDS}
        kinds = {kind: _amount(amount) for kind, amount in given.items() if amount is not None}
        return cls(read, _amount(settings.output), read if settings.cached is None else _amount(settings.cached), kinds)

    @classmethod
    def published(cls, found: CatalogPrice) -> "ModelPrice":
        """A price from the catalogue. Output without a price is free: embeddings have none."""
        read = TieredRate.of(found.input)
        made = TieredRate.of(found.output) if found.output else TieredRate((Decimal(0),))
        kinds = {kind: TieredRate.of(steps) for kind, steps in found.kinds.items()}
        return cls(read, made, TieredRate.of(found.cached) if found.cached else read, kinds)

    def cost(self, read: int, made: int, cached: int, kinds: Mapping[str, int] | None = None) -> int:
        """Of so many tokens, of which `kinds` are billed by themselves; a half is rounded to the even."""
        total = cached * self.cached.at(read)
        if not kinds:
            return round(total + (read - cached) * self.input.at(read) + made * self.output.at(read))
        kept = kinds.get("cache_write", 0), kinds.get("cache_write_1h", 0)
        kinds = {**kinds, "cache_write": max(kept[0] - kept[1], 0)}
        for names, left, plain in ((INPUT, read - cached, self.input), (OUTPUT, made, self.output)):
            for name in names:
                count = min(kinds.get(name, 0), left)
                left -= count
                total += count * self.of(name, plain).at(read)
            total += left * plain.at(read)
        return round(total)

    def of(self, kind: str, plain: TieredRate) -> TieredRate:
        """The amount of a kind; where it has none, that of what it is a part of."""
        found = self.kinds.get(kind)
        return found or (self.kinds.get("cache_write", plain) if kind == "cache_write_1h" else plain)

    def billed(self, usage: Usage, kinds: Mapping[str, int] | None = None) -> int | None:
        """Of a usage; None where a count is unknown."""
        read, made = usage.input_tokens, usage.output_tokens
        if read is None or made is None:
            return None
        return self.cost(read, made, min(usage.cached_tokens or 0, read), kinds)

    def most(self, read: int, made: int, kinds: Collection[str]) -> int:
        """Of so many tokens where all may be of the dearest of those kinds."""
        amounts = self.input.at(read), self.output.at(read)
        if self.kinds:
            amounts = [
                max([amount, *(self.of(kind, plain).at(read) for kind in names if kind in kinds)])
                for amount, names, plain in zip(amounts, (INPUT, OUTPUT), (self.input, self.output), strict=True)
            ]
        dearest = amounts[0] if self.cached is self.input else max(amounts[0], self.cached.at(read))
        return round(read * dearest + made * amounts[1])


class PriceBook:
    """The prices of one process. Not for the event loop: the first look at a published price takes half a second."""

    def __init__(
        self,
        own: Mapping[str, PriceSettings],
        look: Callable[[str, str, datetime], CatalogPrice | None] = look,
    ) -> None:
        self._own = {target: ModelPrice.own(price) for target, price in own.items()}
        self._look = look
        self._published: dict[tuple[str, str], tuple[ModelPrice | None, float]] = {}
        self._looking: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def ready(self, target: str, address: str | None, at: datetime) -> bool:
        """Whether the price at that moment is known, or known to be unknown. If not it is looked up in a thread of its
        own, for the process of the catalogue may take seconds on a busy machine.
        """
        model = target.partition("/")[2]
        if target in self._own or not _public(address) or not self._stale((address, model), at):
            return True
        self._renew(address, model, at)
        return False

    def at_hand(self, target: str, address: str | None, at: datetime) -> "ModelPrice | EllipsisType | None":
        """The price at that moment, None where it is not known; `...` where it must be looked up, which is begun."""
        if not self.ready(target, address, at):
            return ...
        return self._price(target, address, at, exact=True)

    def settle(self, span: Span, address: str | None, own: ModelPrice | None = None) -> Span:
        """The span with its cost, where it has none and the price is known. `address` is the base URL of the provider
        that answered, `own` a price that wins over all others.
        """
        if span.usage.cost is not None or span.model is None:
            return span
        kinds, usage = span.attributes.get(ATTRIBUTE), counted(span)
        cost = own.billed(usage, kinds) if own else self.cost(span.model, address, usage, span.started_at, kinds)
        return span if cost is None else changed(span, usage=changed(span.usage, cost=cost))

    def cost(
        self,
        target: str,
        address: str | None,
        usage: Usage,
        at: datetime,
        kinds: Mapping[str, int] | None = None,
        *,
        exact: bool = True,
    ) -> int | None:
        """What a call of that target (`PROVIDER/MODEL`) costs; None where a count or the price is unknown. Unless it
        must be `exact`, a price of a moment ago will do while it is looked up anew.
        """
        if usage.input_tokens is None or usage.output_tokens is None:
            return None
        price = self._price(target, address, at, exact)
        return price.billed(usage, kinds) if price else None

    def most(self, target: str, address: str | None, usage: Usage, at: datetime, kinds: Collection[str]) -> int | None:
        """What a call costs at the most that may use those kinds of tokens; a price of a moment ago will do."""
        price = self._price(target, address, at, exact=False)
        return price.most(usage.input_tokens or 0, usage.output_tokens or 0, kinds) if price else None

    def _price(self, target: str, address: str | None, at: datetime, exact: bool) -> ModelPrice | None:
        return self._own.get(target) or self._of(address, target.partition("/")[2], at, exact)

    def _of(self, address: str | None, model: str, at: datetime, exact: bool) -> ModelPrice | None:
        if not _public(address):
            return None
        known = self._published.get((address, model))
        if known is not None and not self._stale((address, model), at):
            return known[0]
        if known is not None and not exact:
            self._renew(address, model, at)
            return known[0]
        return self._found(address, model, at)

    def _stale(self, key: tuple[str, str], at: datetime) -> bool:
        known = self._published.get(key)
        if known is None:
            return True
        until = known[1]
        return until < inf and not until - QUARTER <= at.timestamp() < until

    def _renew(self, address: str, model: str, at: datetime) -> None:
        """Look a price up in a thread, unless one is at it."""
        key = address, model
        with self._lock:
            if key in self._looking:
                return
            self._looking.add(key)

        def renew() -> None:
            try:
                self._found(address, model, at)
            finally:
                self._looking.discard(key)

        threading.Thread(target=renew, name="vong-prices", daemon=True).start()

    def _found(self, address: str, model: str, at: datetime) -> ModelPrice | None:
        found = self._look(address, model, at)
        price = ModelPrice.published(found) if found else None
        lasting = found is None or found.lasting
        if len(self._published) >= KEPT:
            self._published.clear()
        until = inf if lasting else (at.timestamp() // QUARTER + 1) * QUARTER
        self._published[address, model] = price, until
        return price


def _public(address: str | None) -> TypeGuard[str]:
    """Whether an address may be one that has published prices."""
    return address is not None and _elsewhere(address)


@lru_cache(1000)
def _elsewhere(address: str) -> bool:
    """Whether it is reached over a network: what runs on this machine is in no catalogue."""
    if not address.startswith(("http://", "https://")):
        return False
    host = urlsplit(address).hostname or ""
    with suppress(ValueError):
        return not ip_address(host).is_loopback
    return host != "localhost"


def _amount(dollars: float) -> TieredRate:
    return TieredRate((Decimal(str(dollars)),))


def counted(span: Span) -> Usage:
    """The usage that is billed: embeddings have no output."""
    if span.kind == "embeddings" and span.usage.output_tokens is None:
        return changed(span.usage, output_tokens=0)
    return span.usage
