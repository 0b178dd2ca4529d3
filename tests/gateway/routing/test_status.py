"""Status of the targets of routes: circuits and calls in flight."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import RAW
from vong.cli.gateway import group
from vong.client import Client
from vong.errors import Unavailable
from vong.gateway.routing.circuit_breaker import CircuitBreaker
from vong.records import CircuitBreakerPolicy, RoutePolicy
from vong.records.routing_tree import ConcurrencyCap
from vong.records.target_state import TargetState

FAILING_TARGET = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


def state(server: Server, target: str, route: str = "watched") -> TargetState:
    (found,) = [one for one in server.client.gateway.targets().targets if (one.route, one.target) == (route, target)]
    return found


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.02)


def test_the_circuit_of_a_failed_target_is_open_then_half_open_then_closed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RAW, "sick", FAILING_TARGET)
    ask = server.client.gateway.chat

    def route(pause: float) -> None:
        breaker = CircuitBreakerPolicy(failures=2, window=600, open_seconds=pause)
        policy = RoutePolicy(retries=0, fallbacks=("echo/echo",), breaker=breaker)
        server.client.gateway.set_route("watched", {"fake/sick": 1}, policy=policy)

    route(600)
    fresh = state(server, "fake/sick")
    assert (fresh.circuit, fresh.failures, fresh.retry_in) == ("closed", 0, None)
    assert ask("watched", "hi").text == "hi"
    assert (state(server, "fake/sick").circuit, state(server, "fake/sick").failures) == ("closed", 1)
    ask("watched", "hi")
    rests = state(server, "fake/sick")
    assert (rests.circuit, rests.failures, rests.latency_ms) == ("open", 2, None)
    assert rests.retry_in is not None and 0 < rests.retry_in <= 600
    good = state(server, "echo/echo")
    assert (good.circuit, good.failures) == ("closed", 0)
    assert good.latency_ms is not None and good.first_token_ms is None
    list(server.client.gateway.stream("watched", "hi"))
    assert state(server, "echo/echo").first_token_ms is not None
    route(1)
    wait_until(lambda: state(server, "fake/sick").circuit == "half-open")
    assert state(server, "fake/sick").retry_in == 0
    del RAW["sick"]

    def closed() -> bool:
        ask("watched", "hi")  # the server loads the shorter pause within a second
        return state(server, "fake/sick").circuit == "closed"

    wait_until(closed)
    well = state(server, "fake/sick")
    assert (well.failures, well.retry_in) == (0, None) and well.latency_ms is not None


def test_a_circuit_is_half_open_during_a_probe() -> None:
    at = [100.0]
    circuit, rule = CircuitBreaker(lambda: at[0]), CircuitBreakerPolicy(failures=1, window=10, open_seconds=5)
    circuit.record_failure(rule)
    assert circuit.snapshot(rule) == ("open", 1, 5.0)
    at[0] += 5
    assert circuit.snapshot(rule) == ("half-open", 1, 0.0)
    assert circuit.allow(rule) and circuit.snapshot(rule) == ("half-open", 1, 5.0)
    circuit.record_failure(rule)
    assert circuit.snapshot(rule) == ("open", 2, 5.0)
    at[0] += 6
    assert circuit.snapshot(rule) == ("half-open", 1, 0.0)  # the first failure is older than the window
    assert circuit.snapshot(CircuitBreakerPolicy(failures=1, window=10, open_seconds=60)) == (
        "open",
        1,
        54.0,
    )  # for the policy of another route
    circuit.record_success()
    assert circuit.snapshot(rule) == ("closed", 0, None)


def test_calls_in_flight_and_waiting_are_counted(server: Server) -> None:
    target = "faults/slow-headers?seconds=60"
    policy = RoutePolicy(retries=0, cap=ConcurrencyCap(max_in_flight=1, queue=5, wait=60))
    server.client.gateway.set_route("watched", {target: 1}, policy=policy)
    server.client.gateway.set_route("plain", {target: 1})
    first = start_call(server, "watched")
    wait_until(lambda: (state(server, target).in_flight, state(server, target).queued) == (1, 0))
    second = start_call(server, "watched")
    wait_until(lambda: (state(server, target).in_flight, state(server, target).queued) == (1, 1))
    first.close()
    second.close()
    wait_until(lambda: (state(server, target).in_flight, state(server, target).queued) == (0, 0))
    uncounted = state(server, target, "plain").model_dump(exclude={"route", "target"})
    assert set(uncounted.values()) == {None}  # a route without a policy has no circuit


def start_call(server: Server, model: str) -> socket.socket:
    """Start a call without reading its response."""
    place = urlsplit(server.url)
    connection = socket.create_connection((str(place.hostname), int(place.port or 0)))
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "hi"}]})
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: vong\r\nauthorization: Bearer {server.key}\r\n"
    connection.sendall(f"{head}content-length: {len(body)}\r\n\r\n{body}".encode())
    return connection


def test_the_command_lists_every_target_and_the_server_of_the_values(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VONG_PUBLIC_URL", server.url)
    monkeypatch.setenv("VONG_API_KEY", server.key)
    monkeypatch.setenv("VONG_HOME", str(server.platform.settings.home))
    server.client.gateway.set_route("watched", {"echo/echo": 1}, policy=RoutePolicy(fallbacks=("fake/plain",)))
    ran = CliRunner().invoke(group, ["targets", "list", "--json"])
    found: dict[str, Any] = json.loads(ran.stdout)
    assert ran.exit_code == 0 and found["server"] > 0
    assert [one["target"] for one in found["targets"]] == ["echo/echo", "fake/plain"]
    table = CliRunner().invoke(group, ["targets", "list"])
    assert "closed" in table.stdout and f"server process {found['server']}" in table.stderr


def test_a_process_without_calls_reports_no_values(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.platform, "gateway", None)
    with pytest.raises(Unavailable, match="serves no model calls"):
        Client(server.url, server.key, retry_seconds=0).gateway.targets()
