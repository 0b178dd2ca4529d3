"""Build of the reduced price catalog: `python -m vong.gateway.pricing.catalog FILE` writes the file.

Only this process imports `genai-prices`, because the package takes 70 MB of memory. The rules of the package become
data: exact names, prefixes, suffixes, parts and regular expressions; a combination of rules becomes a regular
expression. Not reduced: price variants that need a request context, and prices of anything but tokens.
"""

import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, time
from decimal import Decimal
from pathlib import Path

import msgspec
from genai_prices import Usage, types
from genai_prices.data import providers

from vong.gateway.pricing.catalog_file import CatalogData, MatchRule, ModelPrices, ProviderData, TimedPrice
from vong.gateway.pricing.prices import ModelPrice, TieredRate
from vong.gateway.pricing.token_types import CATALOG_NAMES
from vong.records import new_id

FREE = TieredRate((Decimal(0),))


def build_catalog() -> CatalogData:
    """Return the reduced catalog of the installed package."""
    table = _PriceTable()
    positions = {provider.id: index for index, provider in reversed(list(enumerate(providers)))}
    return CatalogData([_reduce_provider(provider, positions, table) for provider in providers], table.prices)


class _PriceTable:
    """Distinct prices and their indexes. Many models have equal prices."""

    def __init__(self) -> None:
        self.prices: list[ModelPrice] = []
        self._indexes: dict[bytes, int] = {}

    def index_of(self, price: types.ModelPrice) -> int | None:
        """Return the index of a price, or None for a price that is not by tokens."""
        reduced = reduce_price(price)
        if reduced is None:
            return None
        key = msgspec.json.encode(reduced)
        if key not in self._indexes:
            self._indexes[key] = len(self.prices)
            self.prices.append(reduced)
        return self._indexes[key]


def reduce_price(price: types.ModelPrice) -> ModelPrice | None:
    """Return the rates for tokens, or None if the package rejects the price or the model is not billed by tokens.

    Output without a rate is free: embeddings have none.
    """
    try:
        price.calc_price(Usage(input_tokens=1))
    except (LookupError, ValueError):
        return None
    input_rate = _reduce_rate(price.input_mtok)
    if input_rate is None or price.requests_kcount is not None:
        return None
    rates = {token_type: _reduce_rate(getattr(price, name, None)) for token_type, name in CATALOG_NAMES.items()}
    return ModelPrice(
        input_rate,
        _reduce_rate(price.output_mtok) or FREE,
        _reduce_rate(price.cache_read_mtok) or input_rate,
        {token_type: rate for token_type, rate in rates.items() if rate is not None},
    )


def _reduce_rate(rate: Decimal | types.TieredPrices | None) -> TieredRate | None:
    if isinstance(rate, types.TieredPrices):
        return TieredRate((rate.base, *(tier.price for tier in rate.tiers)), tuple(tier.start for tier in rate.tiers))
    return None if rate is None else TieredRate((rate,))


def _reduce_provider(provider: types.Provider, positions: dict[str, int], table: _PriceTable) -> ProviderData:
    names, rules = dict[str, int](), list[MatchRule]()
    for index, model in enumerate(provider.models):
        for kind, text in reduce_clause(model.match):
            if kind == "exact":
                names.setdefault(text, index)
            else:
                rules.append(MatchRule(index, kind, text))
    models = [_reduce_model(model.prices, table) for model in provider.models]
    fallbacks = [positions[id] for id in provider.fallback_model_providers or () if id in positions]
    return ProviderData(provider.api_pattern, names, rules, models, fallbacks)


def _reduce_model(prices: types.ModelPrice | Sequence[types.ConditionalPrice], table: _PriceTable) -> ModelPrices:
    if isinstance(prices, types.ModelPrice):
        return table.index_of(prices)
    return [_reduce_timed(table.index_of(price.prices), price.constraint) for price in prices] or None


def _reduce_timed(index: int | None, constraint: object) -> TimedPrice:
    match constraint:
        case None:
            return TimedPrice(index)
        case types.StartDateConstraint(start_date):
            return TimedPrice(index, datetime.combine(start_date, time(tzinfo=UTC)).timestamp())
        case types.TimeOfDateConstraint(start, end):
            return TimedPrice(index, daily=(_second_of_day(start), _second_of_day(end)))
        case _:
            raise TypeError(f"no reduction of the price constraint {constraint!r}: extend vong.gateway.pricing.catalog")


def _second_of_day(moment: time) -> float:
    """Return the second of the UTC day. A time without zone is UTC."""
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime.combine(datetime(1970, 1, 2), moment).timestamp() % 86_400.0


def reduce_clause(clause: types.MatchLogic) -> list[tuple[str, str]]:
    """Return kinds and texts of rules, one of which matches exactly if the clause matches a name in lower case."""
    match clause:
        case types.ClauseEquals(text):
            return [("exact", text.lower())]
        case types.ClauseStartsWith(text):
            return [("prefix", text.lower())]
        case types.ClauseEndsWith(text):
            return [("suffix", text.lower())]
        case types.ClauseContains(text):
            return [("contains", text.lower())]
        case types.ClauseOr(clauses):
            return [rule for one in clauses for rule in reduce_clause(one)]
        case _:
            pattern = _to_pattern(clause)
            re.compile(pattern)
            return [("regex", pattern)]


def _to_pattern(clause: types.MatchLogic) -> str:
    """Return a regular expression that is found in a name exactly if the clause matches the name."""
    match clause:
        case types.ClauseEquals(text):
            return rf"\A{re.escape(text.lower())}\Z"
        case types.ClauseStartsWith(text):
            return rf"\A{re.escape(text.lower())}"
        case types.ClauseEndsWith(text):
            return rf"{re.escape(text.lower())}\Z"
        case types.ClauseContains(text):
            return re.escape(text.lower())
        case types.ClauseRegex(pattern):
            return pattern
        case types.ClauseOr(clauses):
            return "|".join(f"(?:{_to_pattern(one)})" for one in clauses)
        case types.ClauseAnd(clauses):
            return r"\A" + "".join(rf"(?=[\s\S]*?(?:{_to_pattern(one)}))" for one in clauses)
        case _:
            raise TypeError(f"no reduction of the match rule {clause!r}: extend vong.gateway.pricing.catalog")


def write_catalog(file: Path) -> None:
    """Write the catalog file. A reader never sees an incomplete file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}-{os.getpid()}-{new_id()}")
    try:
        temporary.write_bytes(msgspec.json.encode(build_catalog()))
        temporary.replace(file)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


if __name__ == "__main__":
    write_catalog(Path(sys.argv[1]))
