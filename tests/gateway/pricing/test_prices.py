"""Cost of calls: published prices, custom prices and unknown prices, which are never 0."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.conftest import Server
from tests.gateway.price_catalog import catalog
from vong.config import PriceSettings
from vong.gateway.pricing.price_book import PriceBook
from vong.gateway.pricing.prices import ModelPrice, TieredRate
from vong.gateway.pricing.token_types import TOKEN_TYPES, possible_types, used_types
from vong.records import Span, Usage, new_id, now

OPENAI = "https://api.openai.com/v1"
AT = datetime(2026, 11, 1, tzinfo=UTC)


def cost(target: str, address: str | None = OPENAI, own: dict[str, Any] | None = None, **counts: int) -> int | None:
    counts = {"input_tokens": 10_000, "output_tokens": 1_000, **counts}
    prices = PriceBook({name: PriceSettings.model_validate(price) for name, price in (own or {}).items()}, catalog())
    price = prices.price_at(target, address, AT)
    return price.cost_of_usage(Usage(**counts)) if price else None


def test_published_prices_count_cached_tokens_separately() -> None:
    assert cost("openai/gpt-4o-mini") == 10_000 * 0.15 + 1_000 * 0.6
    assert cost("openai/gpt-4o-mini", cached_tokens=4_000) == 6_000 * 0.15 + 4_000 * 0.075 + 1_000 * 0.6
    assert cost("mine/gpt-4o-mini") == cost(
        "openai/gpt-4o-mini"
    )  # the address identifies the billing provider, the name does not


def test_cached_prices_equal_those_of_the_catalog() -> None:
    from genai_prices import Usage as Counted
    from genai_prices import calc_price

    google = "https://generativelanguage.googleapis.com/v1beta/openai"
    asked = [(OPENAI, model) for model in ("gpt-4o-mini", "gpt-4o", "text-embedding-3-small", "o3-mini")]
    asked += [(google, "gemini-2.5-pro"), (google, "gemini-2.5-flash")]
    for address, model in asked:
        price = PriceBook({}, catalog()).price_at(f"x/{model}", address, AT)
        assert price is not None
        for read in (10_000, 200_000, 200_001, 400_000):
            counted = Counted(input_tokens=read, output_tokens=1_000, cache_read_tokens=4_000)
            found = calc_price(counted, model, provider_api_url=address, genai_request_timestamp=AT)
            usage = Usage(input_tokens=read, output_tokens=1_000, cached_tokens=4_000)
            assert price.cost_of_usage(usage) == round(found.total_price * 1_000_000), (model, read)


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
def test_models_without_a_price_have_an_unknown_cost(target: str, address: str | None) -> None:
    assert cost(target, address) is None


def test_a_missing_count_makes_the_cost_unknown() -> None:
    price = PriceBook({}, catalog()).price_at("openai/gpt-4o", OPENAI, AT)
    assert price is not None
    for usage in (Usage(), Usage(input_tokens=5), Usage(output_tokens=5)):
        assert price.cost_of_usage(usage) is None


def test_a_custom_price_has_precedence_and_applies_to_deployments() -> None:
    own = {"openai/gpt-4o-mini": {"input": 1, "output": 2}, "deployment/triage": {"input": 0.5, "cached": 0.1}}
    assert cost("openai/gpt-4o-mini", own=own) == 12_000
    assert cost("deployment/triage", None, own) == 5_000
    assert cost("deployment/triage", None, own, cached_tokens=10_000) == 1_000
    assert cost("free/model", None, {"free/model": {"input": 0}}) == 0


ANTHROPIC, GEMINI = "https://api.anthropic.com/v1", "https://generativelanguage.googleapis.com/v1beta"
BEDROCK = "https://bedrock-runtime.eu-central-1.amazonaws.com"


@pytest.mark.parametrize(
    ("address", "model", "kinds"),
    [
        (ANTHROPIC, "claude-sonnet-4-5", {"cache_write": 3_000}),
        (ANTHROPIC, "claude-sonnet-4-5", {"cache_write": 3_000, "cache_write_1h": 1_000}),
        (BEDROCK, "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", {"cache_write": 3_000}),
        (GEMINI, "gemini-2.5-flash", {"input_audio": 2_000, "reasoning": 400}),
        (GEMINI, "gemini-2.5-flash-image", {"output_image": 900}),
        (OPENAI, "gpt-4o", {"reasoning": 400, "input_audio": 100}),
        ("https://api.cohere.com", "command-r-plus", {}),
    ],
)
def test_the_cost_of_token_types_equals_that_of_the_catalog(address: str, model: str, kinds: dict[str, int]) -> None:
    from genai_prices import Usage as Counted
    from genai_prices import calc_price

    names = {"cache_write": "cache_write_tokens", "cache_write_1h": "cache_write_1h_tokens"}
    names |= {"input_audio": "input_audio_tokens", "output_image": "output_image_tokens"}
    given = {"cache_audio_read_tokens": 0} if "input_audio" in kinds else {}
    given |= {names[kind]: count for kind, count in kinds.items() if kind in names}
    counts = Counted(input_tokens=10_000, output_tokens=1_000, cache_read_tokens=2_000, **given)
    found = calc_price(counts, model, provider_api_url=address, genai_request_timestamp=AT)
    price = catalog().price_at(address, model, AT)
    assert price is not None
    cost = price.cost(10_000, 1_000, 2_000, kinds)
    assert cost == round(found.total_price * 1_000_000)
    assert price.max_cost(10_000, 1_000, kinds) >= cost


def test_custom_prices_may_set_every_token_type() -> None:
    own = {"input": 1, "output": 2, "cached": 0.5, "cache_write": 3, "reasoning": 5, "output_audio": 7}
    prices = PriceBook({"x/y": PriceSettings.model_validate(own)})
    price = prices.price_at("x/y", None, AT)
    assert price is not None
    usage = Usage(input_tokens=100, output_tokens=50, cached_tokens=10)
    kinds = {"cache_write": 20, "cache_write_1h": 5, "reasoning": 30, "output_audio": 10}
    wanted = 10 * 0.5 + 20 * 3 + 70 * 1 + 30 * 5 + 10 * 7 + 10 * 2
    assert price.cost_of_usage(usage, kinds) == wanted
    assert price.cost_of_usage(usage) == 10 * 0.5 + 90 * 1 + 50 * 2
    assert prices.price_at("x/z", None, AT) is None


@given(
    st.dictionaries(st.sampled_from(TOKEN_TYPES), st.integers(0, 10**6)), st.integers(0, 10**6), st.integers(0, 10**6)
)
def test_no_call_costs_more_than_its_reservation(kinds: dict[str, int], read: int, made: int) -> None:
    own = {kind: number for number, kind in enumerate(TOKEN_TYPES)}
    price = ModelPrice.from_settings(PriceSettings.model_validate({"input": 2, "output": 4, "cached": 9, **own}))
    assert 0 <= price.cost(read, made, read // 3, kinds) <= price.max_cost(read, made, TOKEN_TYPES)


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_cost_is_never_negative(read: int, made: int, cached: int) -> None:
    one, other, third = (TieredRate((Decimal(text),)) for text in ("0.15", "0.6", "0.075"))
    price = ModelPrice(one, other, third)
    assert price.cost(read, made, min(read, cached)) >= 0


def test_token_types_are_counted_from_usage_and_estimated_from_the_request() -> None:
    usage = {
        "prompt_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 2, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 3, "audio_tokens": "many"},
    }
    assert used_types(usage) == {"cache_write": 2, "reasoning": 3}
    assert used_types(None) == used_types({"prompt_tokens_details": None}) == {}
    assert possible_types(b'{"messages": []}') == {"reasoning"}
    assert {"cache_write", "cache_write_1h"} <= possible_types(b'{"cache_control": {"type": "ephemeral", "ttl": "1h"}}')


def test_a_known_cost_is_not_changed() -> None:
    id = new_id()
    usage = Usage(input_tokens=10, output_tokens=10, cost=7)
    span = Span(
        id=id, trace_id=id.hex, span_id=id.hex[16:], name="x", started_at=now(), duration_ms=1, model="openai/gpt-4o",
        usage=usage,
    )  # fmt: skip
    assert PriceBook({}, catalog()).price_span(span, OPENAI) is span


def test_a_recorded_call_has_a_cost_or_none(server: Server) -> None:
    server.client.gateway.chat("fake/plain", "hi")
    server.client.gateway.chat("priced/plain", "hi")
    server.client.gateway.embed(["a"], model="priced/embedding")
    assert [span.usage.cost for span in server.spans()] == [None, 7 * 1_000_000 - 2 * 500_000 + 3 * 2_000_000, 4_000]
