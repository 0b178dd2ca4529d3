"""Prometheus metrics of rejections, costs and circuits, added over all servers of a port."""

import time
from pathlib import Path

import httpx
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families as families

from tests.running_vong import eventually
from vong.api import metrics
from vong.api.metrics import MetricsSnapshot
from vong.config import METRICS_FOLDER
from vong.errors import UpstreamFailed
from vong.records import CircuitBreakerPolicy, RoutePolicy, Span, Usage, new_id, now
from vong.records.limit import LimitMetric, LimitSubject, LimitWindow
from vong.records.span import SpanVersions

from .conftest import Server

PLAIN = 12_000_000
"""Cost of a call of priced/plain: 5 input tokens, 2 cached at half the price, 3 output tokens at twice the price."""


def value(text: str, name: str, **labels: str) -> float:
    found = [
        one.value for family in families(text) for one in family.samples if (one.name, one.labels) == (name, labels)
    ]
    return sum(found)


def read(server: Server, name: str, **labels: str) -> float:
    return value(httpx.get(f"{server.url}/metrics", timeout=60, trust_env=False).text, name, **labels)


def wait_for_error_code(server: Server, model: str) -> str:
    """Send calls until a new limit applies and return the error code."""
    until = time.monotonic() + 60
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 4}
    while True:
        headers = {"authorization": f"Bearer {server.key}"}
        answer = httpx.post(
            f"{server.url}/v1/chat/completions", json=body, headers=headers, timeout=60, trust_env=False
        )
        if answer.status_code in (402, 429):
            return answer.json()["error"]["code"]
        assert time.monotonic() < until, "nobody refused it"


def test_costs_of_calls_are_counted_when_known(server: Server) -> None:
    server.client.gateway.set_route("costly", {"priced/plain": 1})
    for _ in range(2):
        server.client.gateway.chat("costly", "hi")
    server.spans()
    assert read(server, "vong_gateway_cost_micros_total", route="costly", provider="priced") == 2 * PLAIN
    server.client.gateway.set_route("free", {"echo/echo": 1})
    server.client.gateway.chat("free", "hi")
    server.spans()
    assert read(server, "vong_gateway_cost_micros_total", route="free", provider="echo") == 0


@pytest.mark.parametrize(
    ("limit", "model", "code", "reason"),
    [
        (("project", "requests", "day", 1), "echo/echo", "rate_limit_exceeded", "rate_limit_exceeded"),
        (("project", "tokens", "day", 1), "echo/echo", "rate_limit_exceeded", "rate_limit_exceeded"),
        (("project", "cost", "day", 1), "priced/plain", "insufficient_quota", "budget_exceeded"),
        (("project", "cost", "day", 1), "fake/plain", "price_unknown", "price_unknown"),
    ],
)
def test_rejections_are_counted_by_kind_of_limit(
    server: Server, limit: tuple[LimitSubject, LimitMetric, LimitWindow, int], model: str, code: str, reason: str
) -> None:
    what = limit[1]
    before = read(server, "vong_gateway_rejected_total", limit=what, reason=reason)
    server.client.gateway.set_limit(*limit)
    assert wait_for_error_code(server, model) == code
    until = time.monotonic() + 60
    while read(server, "vong_gateway_rejected_total", limit=what, reason=reason) != before + 1:
        assert time.monotonic() < until, "it was not counted"  # counted a moment after the response
    assert server.spans()[-1].attributes["vong.limit"] == what


def test_open_circuits_are_shown(server: Server) -> None:
    policy = RoutePolicy(retries=0, breaker=CircuitBreakerPolicy(failures=1, open_seconds=600))
    server.client.gateway.set_route("resting", {"dead/resting": 1}, policy=policy)
    server.client.gateway.set_route("well", {"echo/echo?first=0": 1}, policy=policy)
    with pytest.raises(UpstreamFailed):
        server.client.gateway.chat("resting", "hi")
    server.client.gateway.chat("well", "hi")
    text = httpx.get(f"{server.url}/metrics", timeout=60, trust_env=False).text
    assert value(text, "vong_gateway_circuits_open", target="dead/resting") == 1
    assert 'vong_gateway_circuits_open{target="echo/echo?first=0"} 0.0' in text
    server.client.gateway.delete_route("resting")

    def forgotten() -> bool:
        server.client.gateway.chat("well", "hi")  # a call loads the routes
        return "dead/resting" not in httpx.get(f"{server.url}/metrics", timeout=60, trust_env=False).text

    eventually(forgotten)


def test_metrics_of_servers_are_added_and_an_ended_server_has_no_circuits(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = server.platform.settings.model_copy(update={"server_processes": 2, "home": tmp_path})
    monkeypatch.setattr(server.platform, "settings", settings)
    left = MetricsSnapshot(
        rejected=[(("requests", "added"), 3)], costs=[(("added", "echo"), 5)], circuits=[(("added/target",), 1)]
    )
    folder = Path(settings.home_folder / METRICS_FOLDER)
    folder.mkdir(parents=True)
    for process in (1, 2**22 + 1):  # the first id has a process, the second cannot have one
        (folder / f"{process}.json").write_bytes(msgspec.json.encode(left))
    text = metrics.render_metrics(metrics.take_all_snapshots(server.platform)).decode()
    assert value(text, "vong_gateway_rejected_total", limit="requests", reason="added") == 6
    assert value(text, "vong_gateway_cost_micros_total", route="added", provider="echo") == 10
    assert value(text, "vong_gateway_circuits_open", target="added/target") == 1


def test_the_number_of_labels_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_costs", {})
    monkeypatch.setattr(metrics, "_routes", set[str]())
    monkeypatch.setattr(metrics, "MAX_LABEL_VALUES", 3)
    for number in range(5):
        metrics.count_cost(f"route-{number}", "echo", 7)
    text = metrics.render_metrics([MetricsSnapshot(costs=list(metrics.__dict__["_costs"].items()))]).decode()
    assert value(text, "vong_gateway_cost_micros_total", route="route-2", provider="echo") == 7
    assert value(text, "vong_gateway_cost_micros_total", route="other", provider="echo") == 14
    assert "route-3" not in text


def span(route: str) -> Span:
    id = new_id()
    return Span(
        id=id,
        trace_id=id.hex,
        span_id=id.hex[16:],
        name="chat",
        kind="chat",
        status="ok",
        started_at=now(),
        duration_ms=1.0,
        usage=Usage(cost=7),
        versions=SpanVersions(route=route),
        attributes={"gen_ai.provider.name": "echo"},
    )
