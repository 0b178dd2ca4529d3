"""Routing trees: conditions, strategies, sticky targets, concurrency caps and results of calls."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.conftest import Server
from vong.cli.gateway import group
from vong.errors import Conflict, InvalidInput, NotFound, Unavailable
from vong.gateway import set_weights
from vong.gateway.routing.load import TargetLoad
from vong.gateway.routing.strategies import RoutingFacts, matches, order_targets
from vong.records import RoutePolicy
from vong.records.routing_tree import ConcurrencyCap, Condition, RouteNode

ASK: list[Any] = [{"role": "user", "content": "hi"}]


def node(**fields: Any) -> RouteNode:
    return RouteNode.model_validate(fields)


def leaves(*models: str, **fields: Any) -> RouteNode:
    return node(nodes=[{"model": model} for model in models], **fields)


# conditions


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"fact": "metadata.tier", "equals": "gold"}, True),
        ({"fact": "metadata.tier", "equals": "Gold"}, False),
        ({"fact": "metadata.tier", "any_of": ["silver", "gold"]}, True),
        ({"fact": "metadata.age", "over": 17}, True),
        ({"fact": "metadata.age", "under": 18}, False),
        ({"fact": "metadata.none", "equals": "x"}, False),
        ({"fact": "metadata.none", "over": 0}, False),
        ({"fact": "stream", "equals": True}, True),
        ({"fact": "stream", "equals": 1}, False),
        ({"fact": "tokens", "over": 99}, True),
        ({"fact": "tokens", "over": 100}, False),
        ({"fact": "tag", "equals": "b"}, True),
        ({"fact": "tag", "any_of": ["x", "y"]}, False),
        ({"fact": "user", "equals": "linh"}, False),
    ],
)
def test_conditions_are_evaluated(condition: dict[str, Any], expected: bool) -> None:
    facts = RoutingFacts({"stream": True, "tokens": 100}, {"tier": "gold", "age": "18"}, ("a", "b"))
    assert matches(Condition.model_validate(condition), facts) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"model": "a/b", "nodes": [{"model": "c/d"}]},
        {"nodes": [{"model": "a/b", "weight": -1}]},
        {"nodes": [{"model": "a/b"}], "sticky": "user"},
        {"model": "a/b", "when": [{"fact": "weather", "equals": "rain"}]},
        {"model": "a/b", "when": [{"fact": "user"}]},
        {"model": "a/b", "when": [{"fact": "tokens", "over": 1, "under": 2}]},
        {"nodes": [{"nodes": [{"nodes": [{"nodes": [{"nodes": [{"model": "a/b"}]}]}]}]}]},
    ],
)
def test_invalid_trees_are_rejected(server: Server, wrong: dict[str, Any]) -> None:
    headers = {"authorization": f"Bearer {server.key}"}
    answer = httpx.put(f"{server.url}/api/v1/gateway/routes/t", json={"tree": wrong}, headers=headers)
    assert answer.status_code == 422, answer.text


# strategies


@given(st.lists(st.floats(0, 10), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_a_weighted_order_contains_each_target_with_weight_once(weights: list[float], random: Any) -> None:
    group = node(pick="weighted", nodes=[{"model": f"m/{i}", "weight": w} for i, w in enumerate(weights)])
    found = order_targets(group, RoutingFacts(), random.random)
    assert sorted(found) == sorted(f"m/{i}" for i, w in enumerate(weights) if w > 0)


def test_weights_are_probabilities() -> None:
    group = node(pick="weighted", nodes=[{"model": "m/a", "weight": 3}, {"model": "m/b", "weight": 1}])
    first = Counter(order_targets(group, RoutingFacts())[0] for _ in range(4000))
    assert 2800 < first["m/a"] < 3200


def test_a_sticky_order_depends_on_the_user_and_a_new_weight_moves_few_users() -> None:
    def first(user: str, b: float) -> str:
        nodes = [{"model": "m/a", "weight": 9}, {"model": "m/b", "weight": b}]
        return order_targets(node(pick="weighted", sticky="user", nodes=nodes), RoutingFacts({"user": user}))[0]

    users = [f"user-{n}" for n in range(2000)]
    before, after = [first(user, 1) for user in users], [first(user, 3) for user in users]
    assert before == [first(user, 1) for user in users]
    assert 140 < before.count("m/b") < 260 and 420 < after.count("m/b") < 580
    assert all(new == "m/b" for old, new in zip(before, after, strict=True) if old != new)
    without_user = leaves("m/a", "m/b", pick="weighted", sticky="user")
    assert len({order_targets(without_user, RoutingFacts())[0] for _ in range(200)}) == 2


def test_least_busy_fastest_and_cheapest_strategies_order_targets() -> None:
    loads = {model: TargetLoad() for model in ("m/a", "m/b", "m/c")}
    facts = RoutingFacts(load_of=loads.__getitem__, expected_costs={"m/a": 5, "m/b": 3, "m/c": None})
    loads["m/a"].in_flight, loads["m/b"].in_flight, loads["m/c"].in_flight = 2, 1, 0
    assert order_targets(leaves("m/a", "m/b", "m/c", pick="least_busy"), facts) == ["m/c", "m/b", "m/a"]
    heavy = node(pick="least_busy", nodes=[{"model": "m/a", "weight": 10}, {"model": "m/b"}])
    assert order_targets(heavy, facts) == ["m/a", "m/b"]
    assert order_targets(leaves("m/a", "m/b", "m/c", pick="cheapest"), facts) == ["m/b", "m/a", "m/c"]
    loads["m/a"].record_latency(0.1, False)
    loads["m/b"].record_latency(0.2, False)
    assert order_targets(leaves("m/a", "m/b", "m/c", pick="lowest_latency"), facts) == ["m/c", "m/a", "m/b"]
    loads["m/c"].record_latency(0.15, False)
    assert order_targets(leaves("m/a", "m/b", "m/c", pick="lowest_latency"), facts) == ["m/a", "m/c", "m/b"]


def test_latency_is_a_decayed_mean_that_expires() -> None:
    at = [0.0]
    load = TargetLoad(lambda: at[0])
    assert load.latency(False) is None
    for _ in range(50):
        load.record_latency(1.0, False)
    load.record_latency(2.0, False)
    assert load.latency(False) == pytest.approx(1.2) and load.latency(True) is None
    at[0] = 121.0
    assert load.latency(False) is None


def test_groups_can_be_nested() -> None:
    tree = node(
        nodes=[
            {"nodes": [{"model": "m/a"}, {"model": "m/b"}], "when": [{"fact": "stream", "equals": True}]},
            {"nodes": [{"model": "m/b"}, {"model": "m/c"}]},
        ]
    )
    assert order_targets(tree, RoutingFacts({"stream": True})) == ["m/a", "m/b", "m/c"]
    assert order_targets(tree, RoutingFacts({"stream": False})) == ["m/b", "m/c"]
    assert tree.models() == ["m/a", "m/b", "m/c"]


# concurrency caps


def test_a_concurrency_cap_queues_some_calls_and_rejects_the_rest() -> None:
    async def crowd() -> None:
        load, cap = TargetLoad(), ConcurrencyCap(max_in_flight=2, queue=1, wait=0.2)
        await load.acquire(cap)
        await load.acquire(cap)
        third = asyncio.create_task(load.acquire(cap))
        await asyncio.sleep(0)
        assert (load.in_flight, load.queued) == (2, 1)
        with pytest.raises(Unavailable, match="2 calls in flight, 1 waiting"):
            await load.acquire(cap)
        load.release()
        await third
        assert (load.in_flight, load.queued) == (2, 0)
        with pytest.raises(Unavailable, match="no free slot"):
            await load.acquire(cap)
        left = asyncio.create_task(load.acquire(cap))
        await asyncio.sleep(0)
        load.release()  # the slot becomes free at the moment of the disconnect
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        assert (load.in_flight, load.queued) == (1, 0)
        load.release()
        assert load.in_flight == 0

    asyncio.run(crowd())


# calls


@pytest.fixture
def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)


def requested_models(server: Server, client: openai.OpenAI, **more: Any) -> str | None:
    client.chat.completions.create(model="t", messages=ASK, **more)
    return server.spans()[-1].model


def test_calls_use_conditions_and_fallbacks_of_a_tree(server: Server, client: openai.OpenAI) -> None:
    gold = node(
        nodes=[
            {"model": "fake/plain", "when": [{"fact": "metadata.tier", "equals": "gold"}]},
            {"model": "fake/tools", "when": [{"fact": "tools", "equals": True}]},
            {"model": "faults/status-500"},
            {"model": "echo/echo"},
        ]
    )
    made = server.client.gateway.set_route("t", gold)
    assert [target.model for target in made.targets] == gold.models() and made.tree == gold
    assert requested_models(server, client) == "echo/echo"
    attempts = server.spans()[-1].attributes["vong.attempts"]
    assert [(attempt["target"], attempt.get("status")) for attempt in attempts] == [
        ("faults/status-500", 500),
        ("faults/status-500", 500),
        ("echo/echo", 200),
    ]
    assert requested_models(server, client, metadata={"tier": "gold"}) == "fake/plain"
    tool: Any = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    assert requested_models(server, client, tools=[tool]) == "fake/tools"
    assert server.spans()[-1].versions.route_version == made.version


def test_a_tree_is_a_route_version_and_can_be_replaced_by_a_list(server: Server, client: openai.OpenAI) -> None:
    first = server.client.gateway.set_route("t", leaves("echo/echo", "fake/plain"))
    again = server.client.gateway.set_route("t", leaves("echo/echo", "fake/plain"))
    turned = server.client.gateway.set_route("t", leaves("echo/echo", "fake/plain", pick="weighted"))
    plain = server.client.gateway.set_route("t", {"echo/echo": 1.0})
    assert first.version == again.version and len({first.version, turned.version, plain.version}) == 3
    assert plain.tree is None
    assert [bool(version["tree"]) for version in server.client.gateway.route_history("t")] == [False, True, True]
    assert requested_models(server, client) == "echo/echo"
    with pytest.raises(InvalidInput, match="both targets and a tree"):
        body = {"targets": [{"model": "echo/echo"}], "tree": {"model": "echo/echo"}}
        server.client.gateway._transport.request("PUT", "/api/v1/gateway/routes/t", body=body)
    with pytest.raises(NotFound):
        server.client.gateway.set_route("t", leaves("echo/echo", "nobody/x"))


def test_a_canary_does_not_shift_a_tree(server: Server) -> None:
    server.client.gateway.set_route("t", leaves("echo/echo", "fake/plain"))
    with server.platform.scope(server.project_id) as connection, pytest.raises(Conflict, match="has a tree"):
        set_weights(connection, "t", {"echo/echo": 0.5})


def test_a_call_without_a_matching_node_is_an_error(server: Server, client: openai.OpenAI) -> None:
    server.client.gateway.set_route("t", node(model="echo/echo", when=[{"fact": "stream", "equals": True}]))
    with pytest.raises(openai.InternalServerError, match="matches this call"):
        client.chat.completions.create(model="t", messages=ASK)
    assert len(list(client.chat.completions.create(model="t", messages=ASK, stream=True))) > 1


def test_the_cheapest_strategy_uses_prices(server: Server, client: openai.OpenAI) -> None:
    server.client.gateway.set_route("t", leaves("fake/plain", "priced/plain", pick="cheapest"))
    assert requested_models(server, client) == "priced/plain"
    server.client.gateway.set_route("t", leaves("fake/plain", "priced/plain", "echo/echo", pick="cheapest"))
    assert requested_models(server, client) == "echo/echo"


def test_calls_spread_to_the_least_busy_target_and_avoid_a_full_one(server: Server) -> None:
    slow = "echo/echo?first=0.4"
    server.client.gateway.set_route("t", leaves(slow, "echo/echo?first=0.41", pick="least_busy"))

    async def crowd(count: int) -> None:
        async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0) as client:
            calls = [client.chat.completions.create(model="t", messages=ASK) for _ in range(count)]
            await asyncio.gather(*calls)

    asyncio.run(crowd(8))
    assert Counter(span.model for span in server.spans()) == {slow: 4, "echo/echo?first=0.41": 4}
    cap = RoutePolicy(retries=0, cap=ConcurrencyCap(max_in_flight=2, queue=1, wait=5))
    server.client.gateway.set_route("t", leaves(slow, "fake/plain"), policy=cap)
    asyncio.run(crowd(6))
    models = Counter(span.model for span in server.spans()[8:])
    assert models == {slow: 3, "fake/plain": 3}


def test_the_command_reads_a_tree_from_a_file(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VONG_PUBLIC_URL", server.url)
    monkeypatch.setenv("VONG_API_KEY", server.key)
    file = tmp_path / "tree.json"
    file.write_text(json.dumps({"pick": "weighted", "nodes": [{"model": "echo/echo"}]}))
    done = CliRunner().invoke(group, ["routes", "set", "t", "--tree", str(file)])
    assert done.exit_code == 0, done.output
    assert server.client.gateway.route("t").tree == leaves("echo/echo", pick="weighted")
    file.write_text('{"nodes": [{"model": "echo/echo", "when": [{"fact": "weather", "equals": "x"}]}]}')
    wrong = CliRunner().invoke(group, ["routes", "set", "t", "--tree", str(file)])
    assert wrong.exit_code == 2 and "unknown fact 'weather'" in wrong.output
    for words in (["t"], ["t", "echo/echo", "--tree", str(file)], ["t", "--tree", str(tmp_path / "none.json")]):
        assert CliRunner().invoke(group, ["routes", "set", *words]).exit_code == 2
