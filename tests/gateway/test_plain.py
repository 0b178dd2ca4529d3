"""The short way of a plain call: taken where it can be, and the same as the long way in all that anybody sees of it."""

import gc
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any, TypeVar

import httpx
import pytest

from tests.gateway.test_listener import answer, body_of, connected, request
from tests.live import eventually
from vong.api.openai.protocol.model_calls import RequestCycle
from vong.gateway.auth.principals import PRINCIPAL_MAX_AGE_SECONDS
from vong.gateway.fastpath.call import FastCall, FastPath, FastStreamCall
from vong.gateway.fastpath.plan import FastPathPlan
from vong.gateway.pipeline.call import ModelCall
from vong.gateway.routing.catalog import ModelCatalog

from .conftest import Server
from .fake_upstream import FakeUpstream

K = TypeVar("K")
ASK = [{"role": "user", "content": "hi"}]
OWN = {"id", "trace_id", "span_id", "started_at", "duration_ms", "first_token_ms"}
"""Fields in which no two spans are alike."""
CHANGING = ("date", "x-request-id", "x-vong-span-id", "x-vong-trace-id", "x-vong-budget-re")
SPENT = ("x-ratelimit-remaining-tokens", "x-ratelimit-reset")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Whether each call was sent the short way, in their order."""
    taken: list[bool] = []
    send = FastPath.try_send

    def told(self: FastPath, *given: Any) -> FastCall | FastStreamCall | None:
        sent = send(self, *given)
        taken.append(sent is not None)
        return sent

    monkeypatch.setattr(FastPath, "try_send", told)
    yield taken


def ask(server: Server, model: str, path: str = "chat/completions", **more: Any) -> httpx.Response:
    body = {"model": model, "messages": ASK, **more} if path != "embeddings" else {"model": model, "input": "hi"}
    headers = {"authorization": f"Bearer {server.key}"}
    return httpx.post(f"{server.url}/v1/{path}", json=body, headers=headers, timeout=30)


def warmed(server: Server, short: list[bool]) -> None:
    """From now on the key, the project with its limits, and a connection to the upstream are at hand."""
    ask(server, "priced/embedding", "embeddings")

    def at_hand() -> bool:
        return ask(server, "priced/plain").status_code == 200 and short[-1:] == [True]

    eventually(at_hand)
    short.clear()


@pytest.mark.parametrize(
    ("model", "more"),
    [
        ("priced/plain", {}),
        ("priced/plain", {"user": "mai", "max_tokens": 5, "n": 1, "top_k": 3}),
        ("priced/plain", {"tools": [{"type": "function", "function": {"name": "weather"}}]}),
        ("weighted", {}),
        ("fake/thinks", {}),
        ("fake/tools", {}),
        ("fake/allowance", {}),
        ("fake/surplus", {}),
        ("fake/status-429", {}),
        ("fake/status-500", {}),
        ("fake/not-json", {}),
        ("priced/plain", {"stream": True}),
        ("priced/plain", {"stream": True, "stream_options": {"include_usage": True}, "user": "mai", "max_tokens": 5}),
        ("weighted", {"stream": True}),
        ("fake/tools", {"stream": True}),
        ("fake/status-429", {"stream": True}),
        ("fake/not-json", {"stream": True}),
        ("fake/cut", {"stream": True}),
    ],
)
def test_both_ways_answer_and_account_alike(
    server: Server, short: list[bool], monkeypatch: pytest.MonkeyPatch, model: str, more: dict[str, Any]
) -> None:
    server.client.gateway.set_route("weighted", {"fake/plain": 1, "fake/thinks": 0})
    if model.startswith("priced/"):
        server.client.gateway.set_limit("key", "cost", "lifetime", 10**12)
    server.client.gateway.set_limit("key", "tokens", "day", 10**6)
    server.client.gateway.set_limit("key", "concurrency", "now", 3)
    warmed(server, short)
    told = ask(server, model, **more)
    assert short == [True]
    count = len(server.spans())
    monkeypatch.setattr(FastPath, "try_send", lambda *_: None)
    again = ask(server, model, **more)
    one, other = server.spans()[count - 1 :]
    assert (one.first_token_ms is None) is (other.first_token_ms is None)
    assert again.status_code == told.status_code and again.content.replace(*renamed(again, told)) == told.content
    assert list(again.headers) == list(told.headers) and lasting(again) == lasting(told)
    assert one.model_dump(exclude=OWN) == other.model_dump(exclude=OWN)


def lasting(told: httpx.Response) -> dict[str, str]:
    """The headers that both have alike."""
    return {name: value for name, value in told.headers.items() if not name.startswith((*CHANGING, *SPENT))}


def renamed(again: httpx.Response, told: httpx.Response) -> tuple[bytes, bytes]:
    """What is another in each answer: nothing but the id of the call, where an error names it."""
    return again.headers["x-request-id"].encode(), told.headers["x-request-id"].encode()


def test_the_long_way_is_taken_where_something_is_missing(server: Server, short: list[bool]) -> None:
    ask(server, "priced/plain")
    assert short in ([], [False]), "no connection was there yet"
    short.clear()
    ask(server, "priced/plain", metadata={"team": "a"}, stream=True)
    for model in ("echo/echo", "nobody/none"):
        ask(server, model)
    assert short == [False, False, False]


def test_a_budget_that_is_spent_refuses_on_both_ways(server: Server, short: list[bool]) -> None:
    warmed(server, short)
    server.client.gateway.set_limit("key", "cost", "lifetime", 1)
    eventually(lambda: ask(server, "priced/plain").status_code == 402)
    assert ask(server, "priced/plain").json()["error"]["code"] == "insufficient_quota"
    assert short[-1] is False


@pytest.mark.parametrize("more", [{}, {"stream": True}], ids=["whole", "stream"])
def test_a_caller_who_leaves_cancels_it(
    server: Server, fake: FakeUpstream, short: list[bool], more: dict[str, Any]
) -> None:
    server.client.gateway.set_limit("key", "concurrency", "now", 1)
    warmed(server, short)
    with connected(server) as wire:
        wire.sendall(request(server, body_of("hi", model="priced/hang", **more)))
        eventually(lambda: len(short) == 1)
    assert short == [True]
    fake.wait_broken_off()
    eventually(lambda: server.spans()[-1].attributes["http.response.status_code"] == 499)
    assert ask(server, "priced/plain").status_code == 200, "it holds its place no longer"


@pytest.mark.parametrize("more", [{}, {"stream": True}], ids=["whole", "stream"])
def test_a_caller_who_leaves_before_the_answer_is_told_gives_all_back(
    server: Server, short: list[bool], monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]
) -> None:
    """The task that was to tell it is cancelled before it has begun, and does nothing at all."""
    server.client.gateway.set_limit("key", "concurrency", "now", 1)
    warmed(server, short)
    tell = RequestCycle._run_open_call

    def left(self: RequestCycle, call: ModelCall) -> None:
        tell(self, call)
        self.on_disconnect()

    with monkeypatch.context() as patch, connected(server) as wire:
        patch.setattr(RequestCycle, "_run_open_call", left)
        wire.sendall(request(server, body_of("hi", model="fake/status-500", **more)))
        eventually(lambda: server.spans()[-1].attributes["http.response.status_code"] == 499)
    assert short == [True]
    assert ask(server, "priced/plain").status_code == 200, "it holds its place no longer"


@pytest.mark.parametrize("more", [{}, {"stream": True}], ids=["whole", "stream"])
def test_a_call_after_a_pause_waits_for_no_look(server: Server, short: list[bool], more: dict[str, Any]) -> None:
    """Who calls now and then is known: every change is heard of."""
    warmed(server, short)
    time.sleep(1.2 * PRINCIPAL_MAX_AGE_SECONDS)
    assert ask(server, "priced/plain", **more).status_code == 200
    assert short == [True]


def test_what_is_kept_of_lanes_is_bounded_and_of_directories_the_one_in_force(
    server: Server, short: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vong.gateway.fastpath.plan.MAX_CACHED_PLANS", 3)
    warmed(server, short)
    for number in range(8):
        server.client.gateway.set_route("turning", {"priced/plain": 1.0 + number})
        ask(server, "turning", user=f"caller {number}")
        ask(server, "priced/plain", user=f"caller {number}")
    assert short[-1] is True
    assert 0 < len(alive(FastPathPlan, lambda lane: "caller" in (lane.span.user or ""))) <= 3

    def in_force() -> bool:
        ask(server, "turning")  # whoever heard of the change a moment ago has none
        return len(alive(ModelCatalog, lambda directory: "turning" in directory.routes)) == 1

    eventually(in_force)


def alive(kind: type[K], which: Callable[[K], bool]) -> list[K]:
    """What there is of a kind."""
    gc.collect()
    return [found for found in gc.get_objects() if isinstance(found, kind) and which(found)]


def test_a_target_is_drawn_once_whichever_way_it_is_called(
    server: Server, short: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A target that cannot be called the short way: drawn anew on the long one it would get a share of its share."""
    server.client.gateway.set_route("mixed", {"priced/plain": 1, "echo/echo": 1})
    warmed(server, short)
    draws = cycle((0.1, 0.9))
    monkeypatch.setattr("vong.api.openai.protocol.model_calls.random", lambda: next(draws))
    answers = [ask(server, "mixed").json()["model"] for _ in range(20)]
    assert answers == ["plain", "echo"] * 10
    assert set(short) == {True, False}, "both ways were taken"


def test_an_answer_that_cannot_be_written_down_ends_no_journal(server: Server, short: list[bool]) -> None:
    """JSON that passes where most of it is not looked at, and does not where all of it is."""
    warmed(server, short)
    ask(server, "fake/huge-number")
    assert ask(server, "fake/plain").status_code == 200
    assert server.spans()[-1].attributes["gen_ai.response.model"] == "plain"


def test_an_upstream_that_breaks_off_is_told_as_ever(server: Server, short: list[bool]) -> None:
    warmed(server, short)
    broken = ask(server, "priced/cut")
    assert short == [True] and broken.status_code == 502
    assert server.spans()[-1].attributes["error.type"] == "upstream_failed"


def test_it_leaves_nothing_behind(server: Server, short: list[bool]) -> None:
    gc.collect()
    gc.disable()
    try:
        warmed(server, short)
        with connected(server) as wire:
            for model in ("priced/plain", "fake/status-500"):
                wire.sendall(request(server, body_of("once", model=model)))
                assert answer(wire)[0]
            eventually(lambda: not any(isinstance(found, ModelCall | FastCall) for found in gc.get_objects()), 10)
    finally:
        gc.enable()
    assert short[0] is True
