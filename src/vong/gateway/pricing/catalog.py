"""Price catalog, read in a separate process: the catalog takes 70 MB, which the server must not hold.

`python -m vong.gateway.pricing.catalog` reads a query (address, model, time) from stdin and writes the price to stdout.
"""

import json
import logging
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from vong.gateway.pricing.token_types import CATALOGUE

log = logging.getLogger(__name__)
PATIENCE = 30.0
NAMES = ("input_mtok", "output_mtok", "cache_read_mtok")


class RateTiers(NamedTuple):
    """Rate of one token type: `base`, and higher tiers that apply to all tokens from a number of input tokens on."""

    base: str
    steps: tuple[tuple[int, str], ...] = ()


class CatalogPrice(NamedTuple):
    """Price of a model in the catalog at a given time.

    `time_independent` is True if the price holds at any time. `rates_by_type` has the token types with a rate of their
    own.
    """

    input: RateTiers
    output: RateTiers | None
    cached: RateTiers | None
    lasting: bool
    kinds: Mapping[str, RateTiers] = {}


def look(address: str, model: str, at: datetime) -> CatalogPrice | None:
    """Return the catalog price of a model at a provider's address, or None if there is none or the lookup fails."""
    command = [sys.executable, "-m", "vong.gateway.pricing.catalog"]
    question = json.dumps([address, model, at.isoformat()])
    try:
        process = subprocess.run(command, input=question, capture_output=True, text=True, timeout=PATIENCE, check=True)
        answer_fields: dict[str, Any] | None = json.loads(process.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        log.warning("price lookup of %r failed: %s", model, error)
        return None
    if answer_fields is None:
        log.info("no catalog price for %r at %s", model, address)
        return None
    return published_of(answer_fields)


def published_of(fields: Mapping[str, Any]) -> CatalogPrice | None:
    """Parse the output of the catalog process."""
    prices = {name: _steps(price) for name, price in fields["prices"].items()}
    input_rate, output_rate, cached_rate = (prices[name] for name in NAMES)
    rates_by_type = {kind: price for kind, name in CATALOGUE.items() if (price := prices[name]) is not None}
    return CatalogPrice(input_rate, output_rate, cached_rate, fields["lasting"], rates_by_type) if input_rate else None


def _steps(price: Any) -> RateTiers | None:
    return RateTiers(price[0], tuple((start, amount) for start, amount in price[1])) if price else None


def answer(address: str, model: str, at: datetime) -> dict[str, Any] | None:
    """Look up a price in the process that has loaded the catalog."""
    from genai_prices import calc_price
    from genai_prices.types import Usage

    try:
        found = calc_price(Usage(input_tokens=1), model, provider_api_url=address, genai_request_timestamp=at)
    except (LookupError, ValueError):
        return None
    prices = {name: _plain(getattr(found.model_price, name, None)) for name in (*NAMES, *CATALOGUE.values())}
    if prices["input_mtok"] is None or getattr(found.model_price, "requests_kcount", None) is not None:
        return None  # not billed by tokens
    return {"prices": prices, "lasting": not isinstance(found.model.prices, list)}


def _plain(price: Any) -> list[Any] | None:
    if price is None:
        return None
    tiers = [[tier.start, str(tier.price)] for tier in getattr(price, "tiers", ())]
    return [str(getattr(price, "base", price)), tiers]


def main() -> None:
    """Answer one query."""
    address, model, at = json.load(sys.stdin)
    json.dump(answer(address, model, datetime.fromisoformat(at)), sys.stdout)


if __name__ == "__main__":
    main()
