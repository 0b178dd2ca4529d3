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

from vong.gateway.pricing.token_types import CATALOG_NAMES

log = logging.getLogger(__name__)
LOOKUP_TIMEOUT_SECONDS = 30.0
BASE_RATE_NAMES = ("input_mtok", "output_mtok", "cache_read_mtok")


class RateTiers(NamedTuple):
    """Rate of one token type: `base`, and higher tiers that apply to all tokens from a number of input tokens on."""

    base: str
    tiers: tuple[tuple[int, str], ...] = ()


class CatalogPrice(NamedTuple):
    """Price of a model in the catalog at a given time.

    `time_independent` is True if the price holds at any time. `rates_by_type` has the token types with a rate of their
    own.
    """

    input: RateTiers
    output: RateTiers | None
    cached: RateTiers | None
    time_independent: bool
    rates_by_type: Mapping[str, RateTiers] = {}


def lookup(address: str, model: str, at: datetime) -> CatalogPrice | None:
    """Return the catalog price of a model at a provider's address, or None if there is none or the lookup fails."""
    command = [sys.executable, "-m", "vong.gateway.pricing.catalog"]
    question = json.dumps([address, model, at.isoformat()])
    try:
        process = subprocess.run(
            command, input=question, capture_output=True, text=True, timeout=LOOKUP_TIMEOUT_SECONDS, check=True
        )
        answer_fields: dict[str, Any] | None = json.loads(process.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        log.warning("price lookup of %r failed: %s", model, error)
        return None
    if answer_fields is None:
        log.info("no catalog price for %r at %s", model, address)
        return None
    return parse_price(answer_fields)


def parse_price(fields: Mapping[str, Any]) -> CatalogPrice | None:
    """Parse the output of the catalog process."""
    prices = {name: _parse_tiers(price) for name, price in fields["prices"].items()}
    input_rate, output_rate, cached_rate = (prices[name] for name in BASE_RATE_NAMES)
    rates_by_type = {kind: price for kind, name in CATALOG_NAMES.items() if (price := prices[name]) is not None}
    return CatalogPrice(input_rate, output_rate, cached_rate, fields["lasting"], rates_by_type) if input_rate else None


def _parse_tiers(price: Any) -> RateTiers | None:
    return RateTiers(price[0], tuple((start, amount) for start, amount in price[1])) if price else None


def lookup_in_process(address: str, model: str, at: datetime) -> dict[str, Any] | None:
    """Look up a price in the process that has loaded the catalog."""
    from genai_prices import calc_price
    from genai_prices.types import Usage

    try:
        found = calc_price(Usage(input_tokens=1), model, provider_api_url=address, genai_request_timestamp=at)
    except (LookupError, ValueError):
        return None
    prices = {
        name: _serialize_rate(getattr(found.model_price, name, None))
        for name in (*BASE_RATE_NAMES, *CATALOG_NAMES.values())
    }
    if prices["input_mtok"] is None or getattr(found.model_price, "requests_kcount", None) is not None:
        return None  # not billed by tokens
    return {"prices": prices, "lasting": not isinstance(found.model.prices, list)}


def _serialize_rate(price: Any) -> list[Any] | None:
    if price is None:
        return None
    tiers = [[tier.start, str(tier.price)] for tier in getattr(price, "tiers", ())]
    return [str(getattr(price, "base", price)), tiers]


def main() -> None:
    """Answer one query."""
    address, model, at = json.load(sys.stdin)
    json.dump(lookup_in_process(address, model, datetime.fromisoformat(at)), sys.stdout)


if __name__ == "__main__":
    main()
