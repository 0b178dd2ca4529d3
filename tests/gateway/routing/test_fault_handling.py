"""Routes with failing upstreams: retries, Retry-After, circuit breakers and fallbacks."""

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.gateway.conftest import Server
from vong.gateway.providers.fault_server import get_fault_server
from vong.records import CircuitBreakerPolicy, RoutePolicy

TEXT = "one two three four five"


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {server.key}"}, timeout=60) as made:
        yield made


def ask(http: httpx.Client, model: str, shape: str) -> httpx.Response:
    """Return the response to a chat request, complete or streamed."""
    body = {"model": model, "messages": [{"role": "user", "content": TEXT}], "stream": shape == "stream"}
    return http.post("/v1/chat/completions", json=body)


def test_a_disconnect_cancels_a_slow_stream_within_a_tenth_of_a_second(http: httpx.Client, server: Server) -> None:
    body = {"model": "patient/slow-body?seconds=30", "messages": [{"role": "user", "content": TEXT}], "stream": True}
    departures = get_fault_server().disconnects
    with http.stream("POST", "/v1/chat/completions", json=body) as answer:
        events = answer.iter_bytes()  # a reference, because an unreferenced generator closes its connection
        next(events)
        departures.clear()
        left = time.perf_counter()
    while not departures:
        assert time.perf_counter() - left < 10, "the upstream call was not cancelled"
        time.sleep(0.001)
    assert departures[0] - left < 0.1
    assert server.span().attributes["http.response.status_code"] == 499


def test_a_failed_attempt_is_retried(http: httpx.Client, server: Server) -> None:
    server.client.gateway.set_route("again", {"faults/flaky?every=2": 1}, policy=RoutePolicy(retries=2))
    for _ in range(2):
        assert ask(http, "again", "chat").status_code == 200
    first, second = [span.attributes["vong.attempts"] for span in server.spans()]
    statuses = [attempt["status"] for attempt in first + second]
    assert statuses.count(503) == 1 and statuses.count(200) == 2


def test_a_short_retry_after_is_waited_for_and_a_long_one_is_not(http: httpx.Client, server: Server) -> None:
    server.client.gateway.set_route("soon", {"faults/status-429?retry_after=1": 1}, policy=RoutePolicy(retries=1))
    started = time.perf_counter()
    assert ask(http, "soon", "chat").status_code == 429
    assert 1 <= time.perf_counter() - started < 4
    server.client.gateway.set_route("late", {"faults/status-429?retry_after=60": 1}, policy=RoutePolicy(retries=1))
    started = time.perf_counter()
    assert ask(http, "late", "chat").headers["retry-after"] == "60"
    assert time.perf_counter() - started < 1
    assert [len(span.attributes["vong.attempts"]) for span in server.spans()] == [2, 1]


def test_client_errors_are_never_retried(http: httpx.Client, server: Server) -> None:
    policy = RoutePolicy(fallbacks=("echo/echo",), retries=5)
    server.client.gateway.set_route("wrong", {"faults/status-422": 1}, policy=policy)
    before = get_fault_server().call_counts["status-422"]
    assert ask(http, "wrong", "stream").status_code == 422
    assert get_fault_server().call_counts["status-422"] == before + 1


def test_the_circuit_of_a_failing_target_opens_and_is_probed(http: httpx.Client, server: Server) -> None:
    breaker = CircuitBreakerPolicy(failures=2, open_seconds=1)
    policy = RoutePolicy(fallbacks=("echo/echo",), retries=0, breaker=breaker)
    server.client.gateway.set_route("resting", {"faults/status-500": 1}, policy=policy)
    before = get_fault_server().call_counts["status-500"]
    for _ in range(4):
        assert ask(http, "resting", "chat").status_code == 200
    assert get_fault_server().call_counts["status-500"] == before + 2
    assert server.spans()[-1].attributes["vong.attempts"][0]["error"] == "circuit_open"
    time.sleep(1.05)
    for _ in range(2):
        assert ask(http, "resting", "chat").status_code == 200
    assert get_fault_server().call_counts["status-500"] == before + 3  # one probe, which failed


def test_open_circuits_of_all_targets_are_an_error(http: httpx.Client, server: Server) -> None:
    policy = RoutePolicy(retries=0, breaker=CircuitBreakerPolicy(failures=1, open_seconds=60))
    server.client.gateway.set_route("exhausted", {"faults/refused": 1}, policy=policy)
    assert ask(http, "exhausted", "chat").status_code == 502
    answer = ask(http, "exhausted", "chat")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert "circuit open" in answer.json()["error"]["message"]


def test_the_span_of_a_fallback_has_the_versions_of_the_fallback(http: httpx.Client, server: Server) -> None:
    echo = server.client.gateway.set_route("plain", {"echo/echo": 1})
    guarded = server.client.gateway.set_route(
        "plain", {"faults/reset": 1}, policy=RoutePolicy(fallbacks=("echo/echo",))
    )
    assert ask(http, "plain", "stream").status_code == 200
    versions = server.span().versions
    assert (versions.route, versions.route_version) == ("plain", guarded.version) and echo.version != guarded.version
    assert len(server.span().attributes["vong.attempts"]) == 3  # two calls of the target, one of the fallback
    ask(http, "faults/ok", "chat")
    assert server.spans()[-1].versions.config_hash != versions.config_hash


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("stal", "did you mean 'stall'"),
        ("status-200", "no fault named"),
        ("stall?speed=1", "has no option 'speed'"),
        ("stall?after=many", "invalid value 'many'"),
        ("slow-body?seconds=601", "from 0 to 600"),
    ],
)
def test_unknown_faults_are_rejected(http: httpx.Client, model: str, message: str) -> None:
    answer = http.post("/v1/chat/completions", json={"model": f"faults/{model}", "messages": [{"role": "user"}]})
    assert answer.status_code in (400, 404) and message in answer.json()["error"]["message"]
