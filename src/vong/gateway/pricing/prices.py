"""Rates of a model, and the cost of token counts in millionths of a US dollar."""

from bisect import bisect_left
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import NamedTuple

from vong.config import PriceSettings
from vong.gateway.pricing.token_types import INPUT_TYPES, OUTPUT_TYPES, TOKEN_TYPES
from vong.records import Usage


class TieredRate(NamedTuple):
    """Rate in US dollars per million tokens, which is millionths of a dollar per token.

    Above `starts[i]` input tokens, all tokens cost `amounts[i + 1]`.
    """

    amounts: tuple[Decimal, ...]
    starts: tuple[int, ...] = ()

    def amount_for(self, input_tokens: int) -> Decimal:
        """Return the amount for a request with this number of input tokens."""
        return self.amounts[bisect_left(self.starts, input_tokens) if self.starts else 0]


class ModelPrice(NamedTuple):
    """Rates of one model.

    `cached` applies to input tokens that the provider read from its cache, `rates_by_type` to other token types with a
    rate of their own. All of them are part of the input or output tokens. `valid_until` is the Unix time at which
    another price may apply, or None if the price does not depend on the time.
    """

    input: TieredRate
    output: TieredRate
    cached: TieredRate
    rates_by_type: Mapping[str, TieredRate] = {}
    valid_until: float | None = None

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


def _flat_rate(dollars: float) -> TieredRate:
    return TieredRate((Decimal(str(dollars)),))
