"""Fast path of a model call: when it is taken, and that its results equal those of the pipeline."""

import gc
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any, TypeVar

import httpx
import pytest

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import RAW, FakeUpstream
from tests.gateway.guards.scripted_calls import guard_config
from tests.gateway.test_listener import answer, body_of, connected, request
from tests.running_vong import eventually
from vong.api.openai.protocol.model_calls import RequestCycle
from vong.gateway.auth.principals import PRINCIPAL_MAX_AGE_SECONDS
from vong.gateway.fastpath.call import FastCall, FastPath, FastStreamCall
from vong.gateway.fastpath.plan import FastPathPlan
from vong.gateway.pipeline.call import ModelCall
from vong.gateway.routing.catalog import ModelCatalog
from vong.records import RoutePolicy

InstanceT = TypeVar("InstanceT")
MESSAGES = [{"role": "user", "content": "hi"}]
OWN_FIELDS = {"id", "trace_id", "span_id", "started_at", "duration_ms", "first_token_ms"}
"""Ids and times of a span."""
CHANGING_HEADERS = ("date", "x-request-id", "x-vong-span-id", "x-vong-trace-id", "x-vong-budget-re")
COUNTER_HEADERS = ("x-ratelimit-remaining-tokens", "x-ratelimit-reset")


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Return a list that gets True for each call sent on the fast path and False for any other."""
    taken: list[bool] = []
    send = FastPath.try_send

    def try_send(self: FastPath, *arguments: Any) -> FastCall | FastStreamCall | None:
        sent = send(self, *arguments)
        taken.append(sent is not None)
        return sent

    monkeypatch.setattr(FastPath, "try_send", try_send)
    yield taken


def call(server: Server, model: str, path: str = "chat/completions", **more: Any) -> httpx.Response:
    body = {"model": model, "messages": MESSAGES, **more} if path != "embeddings" else {"model": model, "input": "hi"}
    headers = {"authorization": f"Bearer {server.key}"}
    return httpx.post(f"{server.url}/v1/{path}", json=body, headers=headers, timeout=30)


def warm_up(server: Server, fast: list[bool]) -> None:
    """Call until the key, the project with its limits and a connection to the upstream are cached."""
    call(server, "priced/embedding", "embeddings")

    eventually(lambda: call(server, "priced/plain").status_code == 200 and fast[-1:] == [True])
    fast.clear()


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
def test_both_paths_return_and_record_the_same(
    server: Server, fast: list[bool], monkeypatch: pytest.MonkeyPatch, model: str, more: dict[str, Any]
) -> None:
    server.client.gateway.set_route("weighted", {"fake/plain": 1, "fake/thinks": 0})
    if model.startswith("priced/"):
        server.client.gateway.set_limit("key", "cost", "lifetime", 10**12)
    server.client.gateway.set_limit("key", "tokens", "day", 10**6)
    server.client.gateway.set_limit("key", "concurrency", "now", 3)
    warm_up(server, fast)
    first = call(server, model, **more)
    assert fast == [True]
    count = len(server.spans())
    monkeypatch.setattr(FastPath, "try_send", lambda *_: None)
    second = call(server, model, **more)
    one, other = server.spans()[count - 1 :]
    assert (one.first_token_ms is None) is (other.first_token_ms is None)
    first_id, second_id = (response.headers["x-request-id"].encode() for response in (first, second))
    assert second.status_code == first.status_code
    assert second.content.replace(second_id, first_id) == first.content, "an error names the id of the call"
    assert list(second.headers) == list(first.headers)
    assert constant_headers(second) == constant_headers(first)
    assert one.model_dump(exclude=OWN_FIELDS) == other.model_dump(exclude=OWN_FIELDS)


def constant_headers(response: httpx.Response) -> dict[str, str]:
    """Return the headers that do not change from call to call."""
    return {
        name: value
        for name, value in response.headers.items()
        if not name.startswith((*CHANGING_HEADERS, *COUNTER_HEADERS))
    }


def test_calls_that_do_not_qualify_take_the_pipeline(server: Server, fast: list[bool]) -> None:
    call(server, "priced/plain")
    assert fast in ([], [False]), "no connection was idle yet"
    fast.clear()
    call(server, "priced/plain", metadata={"team": "a"}, stream=True)
    for model in ("echo/echo", "nobody/none"):
        call(server, model)
    assert fast == [False, False, False]


def test_exhausted_budget_rejects_on_both_paths(server: Server, fast: list[bool]) -> None:
    warm_up(server, fast)
    server.client.gateway.set_limit("key", "cost", "lifetime", 1)
    eventually(lambda: call(server, "priced/plain").status_code == 402)
    assert call(server, "priced/plain").json()["error"]["code"] == "insufficient_quota"
    assert fast[-1] is False


@pytest.mark.parametrize("more", [{}, {"stream": True}], ids=["whole", "stream"])
def test_client_disconnect_cancels_the_call(
    server: Server, fake: FakeUpstream, fast: list[bool], more: dict[str, Any]
) -> None:
    server.client.gateway.set_limit("key", "concurrency", "now", 1)
    warm_up(server, fast)
    with connected(server) as wire:
        wire.sendall(request(server, body_of("hi", model="priced/hang", **more)))
        eventually(lambda: len(fast) == 1)
    assert fast == [True]
    fake.wait_broken_off()
    eventually(lambda: server.spans()[-1].attributes["http.response.status_code"] == 499)
    assert call(server, "priced/plain").status_code == 200, "the concurrency limit is released"


@pytest.mark.parametrize("more", [{}, {"stream": True}], ids=["whole", "stream"])
def test_disconnect_before_the_response_task_starts_releases_the_limits(
    server: Server, fast: list[bool], monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]
) -> None:
    """Cancel the response task before it starts, so that none of its code runs."""
    server.client.gateway.set_limit("key", "concurrency", "now", 1)
    warm_up(server, fast)
    run_open_call = RequestCycle._run_open_call

    def run_and_disconnect(self: RequestCycle, open_call: ModelCall) -> None:
        run_open_call(self, open_call)
        self.on_disconnect()

    with monkeypatch.context() as patch, connected(server) as wire:
        patch.setattr(RequestCycle, "_run_open_call", run_and_disconnect)
        wire.sendall(request(server, body_of("hi", model="fake/status-500", **more)))
        eventually(lambda: server.spans()[-1].attributes["http.response.status_code"] == 499)
    assert fast == [True]
    assert call(server, "priced/plain").status_code == 200, "the concurrency limit is released"


@pytest.mark.parametrize("more", [{}, {"stream": True}], ids=["whole", "stream"])
def test_call_after_a_pause_takes_the_fast_path(server: Server, fast: list[bool], more: dict[str, Any]) -> None:
    """Cached keys stay valid during a pause, because changes are notified."""
    warm_up(server, fast)
    time.sleep(1.2 * PRINCIPAL_MAX_AGE_SECONDS)
    assert call(server, "priced/plain", **more).status_code == 200
    assert fast == [True]


@pytest.mark.slow
def test_cached_plans_are_bounded_and_old_catalogs_are_freed(
    server: Server, fast: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vong.gateway.fastpath.plan.MAX_CACHED_PLANS", 3)
    warm_up(server, fast)
    for number in range(8):
        server.client.gateway.set_route("changing", {"priced/plain": 1.0 + number})
        call(server, "changing", user=f"caller {number}")
        call(server, "priced/plain", user=f"caller {number}")
    assert fast[-1] is True
    assert 0 < len(instances_of(FastPathPlan, lambda plan: "caller" in (plan.span.user or ""))) <= 3

    def has_one_catalog() -> bool:
        call(server, "changing")  # a server that was just notified of the change has no catalog
        return len(instances_of(ModelCatalog, lambda catalog: "changing" in catalog.routes)) == 1

    eventually(has_one_catalog)


def instances_of(kind: type[InstanceT], condition: Callable[[InstanceT], bool]) -> list[InstanceT]:
    """Return all instances of a type in memory that fulfil a condition."""
    gc.collect()
    return [found for found in gc.get_objects() if isinstance(found, kind) and condition(found)]


def test_weighted_target_is_drawn_once_per_call(
    server: Server, fast: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mix a target of each path. A second draw on the pipeline would give its target the square of its share."""
    server.client.gateway.set_route("mixed", {"priced/plain": 1, "echo/echo": 1})
    warm_up(server, fast)
    draws = cycle((0.1, 0.9))
    monkeypatch.setattr("vong.api.openai.protocol.model_calls.random", lambda: next(draws))
    answers = [call(server, "mixed").json()["model"] for _ in range(20)]
    assert answers == ["plain", "echo"] * 10
    assert set(fast) == {True, False}, "both paths were taken"


def test_response_that_cannot_be_decoded_does_not_stop_the_span_writer(server: Server, fast: list[bool]) -> None:
    """Return a number that JSON allows and that no float can hold."""
    warm_up(server, fast)
    call(server, "fake/huge-number")
    assert call(server, "fake/plain").status_code == 200
    assert server.spans()[-1].attributes["gen_ai.response.model"] == "plain"


def test_broken_upstream_response_is_recorded_as_a_failure(server: Server, fast: list[bool]) -> None:
    warm_up(server, fast)
    broken = call(server, "priced/cut")
    assert fast == [True] and broken.status_code == 502
    assert server.spans()[-1].attributes["error.type"] == "upstream_failed"


def test_finished_calls_are_freed(server: Server, fast: list[bool]) -> None:
    gc.collect()
    gc.disable()
    try:
        warm_up(server, fast)
        with connected(server) as wire:
            for model in ("priced/plain", "fake/status-500"):
                wire.sendall(request(server, body_of("once", model=model)))
                assert answer(wire)[0]
            eventually(lambda: not any(isinstance(found, ModelCall | FastCall) for found in gc.get_objects()), 10)
    finally:
        gc.enable()
    assert fast[0] is True


def test_a_guard_of_another_route_leaves_a_call_on_the_fast_path(server: Server, fast: list[bool]) -> None:
    guards = (guard_config("pii"),)
    server.client.gateway.set_route("guarded", {"fake/plain": 1}, policy=RoutePolicy(guards=guards))
    warm_up(server, fast)
    assert call(server, "fake/plain").status_code == 200
    assert call(server, "guarded").status_code == 200
    assert fast == [True, False]
    server.client.gateway.guards.set(list(guards))
    call(server, "priced/embedding", "embeddings")
    assert call(server, "fake/plain").status_code == 200 and fast[-1] is False


@pytest.mark.parametrize(
    "body",
    [
        b'{"choices": [{"message": {"role": "assistant", "content": "hi"}, "finish_reason": "error"}]}',
        b'{"choices": [{"message": {"role": "assistant", "content": "hi"}, "error": {"message": "x"}}]}',
        b'{"choices": [{"message": {"role": "assistant", "content": "hi"}}], "errors": ["x"]}',
        b'{"error": {"message": "x", "code": 503}}',
        b'{"choices": []}',
    ],
)
def test_an_error_in_a_response_is_one_on_the_fast_path_too(
    server: Server, fake: FakeUpstream, fast: list[bool], monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    monkeypatch.setitem(RAW, "bad", head % len(body) + body)
    warm_up(server, fast)
    answer = call(server, "priced/bad")
    assert (
        fast == [True] and answer.status_code == (503 if b"503" in body else 502) and answer.json()["error"]["message"]
    )
    assert server.spans()[-1].status == "error" and server.spans()[-1].attributes["http.response.status_code"] >= 502
