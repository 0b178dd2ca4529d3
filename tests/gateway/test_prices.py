"""What a call costs: published prices, your own, and the unknown, which is never 0."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vong.config import PriceSettings
from vong.gateway.prices import Amount, Price, Prices
from vong.gateway.published import Published, Steps, answer
from vong.records import Span, Usage, new_id, now

from .conftest import Server

OPENAI = "https://api.openai.com/v1"
AT = datetime(2026, 11, 1, tzinfo=UTC)


def cost(target: str, address: str | None = OPENAI, own: dict[str, Any] | None = None, **counts: int) -> int | None:
    counts = {"input_tokens": 10_000, "output_tokens": 1_000, **counts}
    prices = Prices({name: PriceSettings.model_validate(price) for name, price in (own or {}).items()})
    return prices.cost(target, address, Usage(**counts), AT)


def test_published_prices_count_cached_tokens_apart() -> None:
    assert cost("openai/gpt-4o-mini") == 10_000 * 0.15 + 1_000 * 0.6
    assert cost("openai/gpt-4o-mini", cached_tokens=4_000) == 6_000 * 0.15 + 4_000 * 0.075 + 1_000 * 0.6
    assert cost("mine/gpt-4o-mini") == cost("openai/gpt-4o-mini")  # the address says who bills, not your name for it


def test_what_is_kept_of_a_price_says_what_the_catalogue_calculates() -> None:
    from genai_prices import Usage as Counted
    from genai_prices import calc_price

    google = "https://generativelanguage.googleapis.com/v1beta/openai"
    asked = [(OPENAI, model) for model in ("gpt-4o-mini", "gpt-4o", "text-embedding-3-small", "o3-mini")]
    asked += [(google, "gemini-2.5-pro"), (google, "gemini-2.5-flash")]
    for address, model in asked:
        prices = Prices({}, look=here)
        for read in (10_000, 200_000, 200_001, 400_000):
            counted = Counted(input_tokens=read, output_tokens=1_000, cache_read_tokens=4_000)
            found = calc_price(counted, model, provider_api_url=address, genai_request_timestamp=AT)
            usage = Usage(input_tokens=read, output_tokens=1_000, cached_tokens=4_000)
            assert prices.cost(f"x/{model}", address, usage, AT) == round(found.total_price * 1_000_000), (model, read)


def here(address: str, model: str, at: datetime) -> Published | None:
    """The look-up without a process of its own."""
    found = answer(address, model, at)
    if found is None:
        return None
    steps = [Steps(price[0], tuple(map(tuple, price[1]))) if price else None for price in found["prices"].values()]
    assert steps[0]
    return Published(steps[0], steps[1], steps[2], found["lasting"])


def test_a_price_is_looked_up_once_and_one_that_changes_each_quarter_of_an_hour() -> None:
    looks: list[datetime] = []

    def look(_: str, model: str, at: datetime) -> Published | None:
        looks.append(at)
        return None if model == "none" else Published(Steps("1"), None, None, lasting=model == "plain")

    prices = Prices({}, look)
    usage = Usage(input_tokens=10, output_tokens=1)
    for model, seen in (("plain", 1), ("none", 1), ("changing", 2)):
        looks.clear()
        for minutes in (0, 14, 15, 29):
            prices.cost(f"p/{model}", OPENAI, usage, AT + timedelta(minutes=minutes))
        assert len(looks) == seen, model


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("openai/no-such-model", OPENAI),
        ("openai/gpt-4o", "http://127.0.0.1:9000/v1"),
        ("deployment/triage", "http://127.0.0.1:9000/v1"),
        ("echo/echo", "echo"),
        ("openai/gpt-4o", None),
    ],
)
def test_what_nobody_prices_is_unknown(target: str, address: str | None) -> None:
    assert cost(target, address) is None


def test_a_missing_count_makes_the_cost_unknown() -> None:
    prices = Prices({})
    for usage in (Usage(), Usage(input_tokens=5), Usage(output_tokens=5)):
        assert prices.cost("openai/gpt-4o", OPENAI, usage, AT) is None


def test_your_own_price_wins_and_prices_a_deployment() -> None:
    own = {"openai/gpt-4o-mini": {"input": 1, "output": 2}, "deployment/triage": {"input": 0.5, "cached": 0.1}}
    assert cost("openai/gpt-4o-mini", own=own) == 12_000
    assert cost("deployment/triage", None, own) == 5_000
    assert cost("deployment/triage", None, own, cached_tokens=10_000) == 1_000
    assert cost("free/model", None, {"free/model": {"input": 0}}) == 0


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_cost_is_never_negative(read: int, made: int, cached: int) -> None:
    price = Price(*(Amount((Decimal(text),)) for text in ("0.15", "0.6", "0.075")))
    assert price.cost(read, made, min(read, cached)) >= 0


def test_a_cost_that_is_known_already_is_left() -> None:
    id = new_id()
    usage = Usage(input_tokens=10, output_tokens=10, cost=7)
    span = Span(
        id=id, trace_id=id.hex, span_id=id.hex[16:], name="x", started_at=now(), duration_ms=1, model="openai/gpt-4o",
        usage=usage,
    )  # fmt: skip
    assert Prices({}).settle(span, OPENAI) is span


def test_a_recorded_call_has_its_cost_or_none(server: Server) -> None:
    server.client.gateway.chat("fake/plain", "hi")
    server.client.gateway.chat("priced/plain", "hi")
    server.client.gateway.embed(["a"], model="priced/embedding")
    assert [span.usage.cost for span in server.spans()] == [None, 7 * 1_000_000 - 2 * 500_000 + 3 * 2_000_000, 4_000]
