"""Published prices, looked up in a process of their own: the catalogue takes 70 MB, and a server shall not.

`python -m vong.gateway.pricing.catalog` reads questions (address, model, moment) from stdin and answers each on stdout.
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
    """A price of one kind of token: `base`, and from a number of input tokens on another one for all of them."""

    base: str
    steps: tuple[tuple[int, str], ...] = ()


class CatalogPrice(NamedTuple):
    """What the catalogue says of a model at a moment. `lasting` where that does not depend on the moment; `kinds` of
    tokens that have a price of their own.
    """

    input: RateTiers
    output: RateTiers | None
    cached: RateTiers | None
    lasting: bool
    kinds: Mapping[str, RateTiers] = {}


def look(address: str, model: str, at: datetime) -> CatalogPrice | None:
    """The published price of a model at a provider's address; None where there is none, or it cannot be looked up."""
    command = [sys.executable, "-m", "vong.gateway.pricing.catalog"]
    question = json.dumps([address, model, at.isoformat()])
    try:
        done = subprocess.run(command, input=question, capture_output=True, text=True, timeout=PATIENCE, check=True)
        found: dict[str, Any] | None = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        log.warning("the published price of %r cannot be looked up: %s", model, error)
        return None
    if found is None:
        log.info("no published price of %r at %s", model, address)
        return None
    return published_of(found)


def published_of(found: Mapping[str, Any]) -> CatalogPrice | None:
    """An answer as a price."""
    prices = {name: _steps(price) for name, price in found["prices"].items()}
    read, made, cached = (prices[name] for name in NAMES)
    kinds = {kind: price for kind, name in CATALOGUE.items() if (price := prices[name]) is not None}
    return CatalogPrice(read, made, cached, found["lasting"], kinds) if read else None


def _steps(price: Any) -> RateTiers | None:
    return RateTiers(price[0], tuple((start, amount) for start, amount in price[1])) if price else None


def answer(address: str, model: str, at: datetime) -> dict[str, Any] | None:
    """The same, in the process that holds the catalogue."""
    from genai_prices import calc_price
    from genai_prices.types import Usage

    try:
        found = calc_price(Usage(input_tokens=1), model, provider_api_url=address, genai_request_timestamp=at)
    except (LookupError, ValueError):
        return None
    prices = {name: _plain(getattr(found.model_price, name, None)) for name in (*NAMES, *CATALOGUE.values())}
    if prices["input_mtok"] is None or getattr(found.model_price, "requests_kcount", None) is not None:
        return None  # billed otherwise than by its tokens
    return {"prices": prices, "lasting": not isinstance(found.model.prices, list)}


def _plain(price: Any) -> list[Any] | None:
    if price is None:
        return None
    tiers = [[tier.start, str(tier.price)] for tier in getattr(price, "tiers", ())]
    return [str(getattr(price, "base", price)), tiers]


def main() -> None:
    """Answer one question."""
    address, model, at = json.load(sys.stdin)
    json.dump(answer(address, model, datetime.fromisoformat(at)), sys.stdout)


if __name__ == "__main__":
    main()
