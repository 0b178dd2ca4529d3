"""Custom prices of a project, set at runtime: used by spans, budgets and the cheapest strategy."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from tests.gateway.conftest import Server
from tests.gateway.price_catalog import catalog
from vong import access
from vong.cli.gateway import group
from vong.client import Client
from vong.config import PriceSettings
from vong.errors import Forbidden, InvalidInput, NotFound
from vong.gateway.pricing.price_book import PriceBook
from vong.gateway.pricing.prices import ModelPrice
from vong.gateway.pricing.store import PriceUpdate, list_prices, set_price
from vong.records import Span, Usage, new_id, now
from vong.records.routing_tree import RouteNode

PLAIN = 12_000_000
"""Cost of a call of fake/plain at 1, 2 and 0.5 dollars a token: 5 input, 3 output and 2 cached tokens."""
AMOUNTS: dict[str, float] = {"input": 1e6, "output": 2e6, "cached": 0.5e6}


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.02)


def cost(server: Server, model: str) -> int | None:
    """Return the cost of a new call."""
    server.client.gateway.chat(model, "hi", max_tokens=4)
    return server.spans()[-1].usage.cost


def answer(server: Server, model: str) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 4}
    headers = {"authorization": f"Bearer {server.key}"}
    return httpx.post(f"{server.url}/v1/chat/completions", json=body, headers=headers, timeout=60, trust_env=False)


def code(server: Server, model: str) -> str | None:
    """Return the error code of a call. Return None if it is answered."""
    told = answer(server, model).json()
    return told["error"]["code"] if "error" in told else None


def test_a_price_applies_to_the_next_calls_until_it_is_deleted(server: Server) -> None:
    gateway = server.client.gateway
    assert cost(server, "fake/plain") is None
    made = gateway.set_price("fake/plain", **AMOUNTS)
    assert (made["target"], made["input"], made["source"]) == ("fake/plain", 1e6, "stored")
    wait_until(lambda: cost(server, "fake/plain") == PLAIN)
    gateway.set_price(
        "fake/plain", input=1e6
    )  # without other amounts, output is free and cached tokens cost as much as input
    wait_until(lambda: cost(server, "fake/plain") == 7_000_000)
    gateway.delete_price("fake/plain")
    wait_until(lambda: cost(server, "fake/plain") is None)
    assert PLAIN in [span.usage.cost for span in server.spans()]  # earlier calls are not billed again


def test_a_stored_price_overrides_the_settings_until_it_is_deleted(server: Server) -> None:
    gateway = server.client.gateway
    assert cost(server, "priced/plain") == PLAIN
    sources = {price["target"]: price["source"] for price in gateway.prices()}
    assert sources == dict.fromkeys(("priced/plain", "priced/endless", "priced/embedding"), "settings")
    gateway.set_price("priced/plain", input=2e6, output=4e6, cached=1e6)
    wait_until(lambda: cost(server, "priced/plain") == 2 * PLAIN)
    assert {price["target"]: price["source"] for price in gateway.prices()} == {**sources, "priced/plain": "stored"}
    gateway.delete_price("priced/plain")
    wait_until(lambda: cost(server, "priced/plain") == PLAIN)
    with pytest.raises(NotFound, match="no custom price is stored for 'priced/plain'"):
        gateway.delete_price("priced/plain")  # a price of vong.toml is changed in vong.toml


def test_a_budget_reserves_the_worst_case_at_the_custom_price(server: Server) -> None:
    gateway = server.client.gateway
    gateway.set_limit("project", "cost", "day", 1_000_000_000)
    wait_until(lambda: code(server, "fake/plain") == "price_unknown")
    assert "vong gateway prices set fake/plain" in answer(server, "fake/plain").text
    gateway.set_price("fake/plain", input=1.0, output=2.0)
    wait_until(lambda: code(server, "fake/plain") is None)
    gateway.set_price(
        "fake/plain", input=1.0, output=1.0, reasoning=5e8
    )  # all four tokens may have the most expensive type
    wait_until(lambda: code(server, "fake/plain") == "insufficient_quota")
    assert "this call may cost up to $2000." in answer(server, "fake/plain").text


def test_the_cheapest_strategy_uses_the_custom_price(server: Server) -> None:
    gateway = server.client.gateway
    nodes = (RouteNode(model="fake/plain"), RouteNode(model="priced/plain"))
    gateway.set_route("thrifty", RouteNode(pick="cheapest", nodes=nodes))

    def answered() -> str | None:
        gateway.chat("thrifty", "hi")
        return server.spans()[-1].model

    wait_until(lambda: answered() == "priced/plain")  # targets without a price are last
    gateway.set_price("fake/plain", input=0.1)
    wait_until(lambda: answered() == "fake/plain")
    gateway.set_price("priced/plain", input=0.01)
    wait_until(lambda: answered() == "priced/plain")


def test_a_custom_price_overrides_the_published_price() -> None:
    id = new_id()
    span = Span(
        id=id,
        trace_id=id.hex,
        span_id=id.hex[16:],
        name="chat",
        kind="chat",
        status="ok",
        started_at=now(),
        duration_ms=1.0,
        model="openai/gpt-4o-mini",
        usage=Usage(input_tokens=10, output_tokens=10),
    )
    prices = PriceBook({"openai/gpt-4o-mini": PriceSettings(input=1, output=1)})
    own = ModelPrice.from_settings(PriceSettings(input=3, output=4))
    address = "https://api.openai.com/v1"
    assert prices.price_span(span, address).usage.cost == 20
    assert prices.price_span(span, address, own).usage.cost == 70
    assert PriceBook({}, catalog()).price_span(span, address, own).usage.cost == 70


@pytest.mark.parametrize(
    "amounts", [{"input": -1.0}, {"input": 2e9}, {"input": 1.0, "cached": 1e300}, {"input": 1.0, "nonsense": 1.0}, {}]
)
def test_invalid_prices_are_rejected(server: Server, amounts: dict[str, Any]) -> None:
    body = {"target": "fake/plain", **amounts}
    with pytest.raises(InvalidInput):
        server.client.transport.request("PUT", "/api/v1/gateway/prices", dict[str, Any], body=body)
    assert all(price["source"] == "settings" for price in server.client.gateway.prices())


def test_an_unknown_target_is_rejected_with_the_nearest_name(server: Server) -> None:
    with pytest.raises(NotFound, match="no provider named 'fakes'; did you mean 'fake'"):
        server.client.gateway.set_price("fakes/plain", input=1)
    with pytest.raises(InvalidInput, match="is not a target"):
        server.client.gateway.set_price("plain", input=1)
    server.client.gateway.set_price("fake/plain", input=1)
    with pytest.raises(NotFound, match="did you mean 'fake/plain'"):
        server.client.gateway.delete_price("fake/plane")


def test_only_owners_set_prices_and_only_for_their_project(server: Server) -> None:
    with server.platform.scope(server.project_id) as connection:
        member = Client(server.url, access.create_key(connection, "member", role="member").secret)
        set_price(connection, PriceUpdate(target="fake/plain", input=1))
    with pytest.raises(Forbidden):
        member.gateway.set_price("fake/plain", input=2)
    with pytest.raises(Forbidden):
        member.gateway.delete_price("fake/plain")
    assert "fake/plain" in [price["target"] for price in member.gateway.prices()]
    with server.platform.database.owner() as connection:
        other = access.create_project(connection, f"beside {server.project_id}").id
    with server.platform.scope(other) as connection:
        assert list_prices(connection) == []


def test_commands_set_list_and_remove(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VONG_PUBLIC_URL", server.url)
    monkeypatch.setenv("VONG_API_KEY", server.key)
    monkeypatch.setenv("VONG_HOME", str(server.platform.settings.home))
    wanted = ["prices", "set", "fake/plain", "--input", "3", "--output", "15", "--cached", "0.3"]
    ran = CliRunner().invoke(group, [*wanted, "--token-type", "cache_write=3.75", "--json"])
    made = json.loads(ran.stdout)
    assert {name: made[name] for name in ("input", "output", "cached", "cache_write", "reasoning")} == {
        "input": 3,
        "output": 15,
        "cached": 0.3,
        "cache_write": 3.75,
        "reasoning": None,
    }
    listed = CliRunner().invoke(group, ["prices", "list"]).stdout
    assert "fake/plain" in listed and "priced/plain" in listed and "stored" in listed and "settings" in listed
    assert CliRunner().invoke(group, [*wanted, "--token-type", "input=4"]).exit_code == 2
    assert CliRunner().invoke(group, [*wanted, "--token-type", "reasoning=dear"]).exit_code == 2
    gone = CliRunner().invoke(group, ["prices", "delete", "fake/plain"])
    assert gone.exit_code == 0 and "deleted the price of fake/plain" in gone.stderr
    assert "fake/plain" not in CliRunner().invoke(group, ["prices", "list"]).stdout
