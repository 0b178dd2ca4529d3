"""Spans of attempts below the span of their call: shown in its trace and counted nowhere."""

from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from tests.gateway.conftest import Server
from vong.cli.traces import group
from vong.records import RoutePolicy
from vong.records.trace import Trace

HELLO: dict[str, Any] = {"messages": [{"role": "user", "content": "xin chào"}]}


def ask(server: Server, model: str, **fields: Any) -> httpx.Response:
    body = {"model": model, **HELLO, **fields}
    headers = {"authorization": f"Bearer {server.key}"}
    return httpx.post(f"{server.url}/v1/chat/completions", json=body, headers=headers, timeout=60)


def guarded(server: Server, target: str, **policy: Any) -> None:
    server.client.gateway.set_route("guarded", {target: 1}, policy=RoutePolicy(fallbacks=("priced/plain",), **policy))


@pytest.mark.parametrize("stream", [False, True])
def test_each_attempt_is_a_span_below_the_call(server: Server, stream: bool) -> None:
    guarded(server, "faults/status-500", retries=1)
    assert ask(server, "guarded", stream=stream).status_code == 200
    span, attempt_spans = server.span(), server.attempt_spans()
    assert [(step.parent_span_id, step.trace_id) for step in attempt_spans] == [(span.span_id, span.trace_id)] * 3
    assert [step.model for step in attempt_spans] == ["faults/status-500", "faults/status-500", "priced/plain"]
    assert [step.status for step in attempt_spans] == ["error", "error", "ok"]
    assert [step.attributes["http.response.status_code"] for step in attempt_spans] == [500, 500, 200]
    assert [step.attributes["gen_ai.provider.name"] for step in attempt_spans] == ["faults", "faults", "priced"]
    assert attempt_spans[0].error == "the upstream returned status 500" and attempt_spans[2].error is None
    assert (
        attempt_spans[2].versions == span.versions
        and attempt_spans[0].versions.config_hash != span.versions.config_hash
    )
    begun = [span.started_at, *(step.started_at for step in attempt_spans)]
    assert begun == sorted(begun)
    end = span.started_at.timestamp() + span.duration_ms / 1000
    assert all(step.started_at.timestamp() + step.duration_ms / 1000 <= end + 0.001 for step in attempt_spans)
    assert attempt_spans[2].duration_ms > 0


def test_a_single_attempt_has_no_separate_span(server: Server) -> None:
    guarded(server, "fake/plain")
    assert ask(server, "guarded").status_code == 200
    assert len(server.span().attributes["vong.attempts"]) == 1 and server.attempt_spans() == []


def test_attempts_are_not_in_usage_ledger_or_lists(server: Server) -> None:
    guarded(server, "dead/model", retries=0)
    assert ask(server, "guarded").status_code == 200
    span, attempt_spans = server.span(), server.attempt_spans()
    client = server.client
    assert [listed.id for listed in client.traces.list()] == [span.id] and client.traces.count() == 1
    assert client.traces.list(route="guarded", status="error") == []
    assert {listed.id for listed in client.traces.list(kind="attempt")} == {step.id for step in attempt_spans}
    assert client.traces.count(trace_id=span.trace_id) == 3
    (total,) = client.gateway.usage(bucket="hour").totals
    assert (total.calls, total.errors, total.cost) == (1, 0, span.usage.cost) and span.usage.cost
    (minute,) = client.gateway.usage(bucket="minute").totals
    assert minute.calls == 1
    with server.platform.scope(server.project_id) as connection:
        assert connection.exec_driver_sql("SELECT id FROM gateway_ledger").scalars().all() == [span.id]
    facets = httpx.get(f"{server.url}/api/v1/traces/facets", headers={"authorization": f"Bearer {server.key}"}).json()
    assert facets["statuses"] == [{"value": "ok", "count": 1}]
    assert facets["models"] == [{"value": "priced/plain", "count": 1}]
    assert {"value": "attempt", "count": 2} in facets["kinds"]


def test_a_trace_shows_attempts_and_counts_the_call_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    guarded(server, "dead/model", retries=0)
    assert ask(server, "guarded").status_code == 200
    span = server.span()
    trace: Trace = server.client.traces.tree(span.trace_id)
    (root,) = trace.roots
    assert [child.span.name for child in root.children] == ["attempt 1", "attempt 2"]
    assert trace.usage == span.usage
    monkeypatch.setenv("VONG_PUBLIC_URL", server.url)
    monkeypatch.setenv("VONG_API_KEY", server.key)
    shown = CliRunner().invoke(group, ["show", span.trace_id]).stdout
    assert "├─ attempt 1 (dead/model)" in shown and "└─ attempt 2 (priced/plain)" in shown
    assert CliRunner().invoke(group, ["list"]).stdout.count("attempt") == 0


def test_a_target_with_an_open_circuit_is_an_attempt_without_duration(server: Server) -> None:
    guarded(server, "dead/model", retries=0, breaker={"failures": 1, "open_seconds": 60})
    for _ in range(2):
        assert ask(server, "guarded").status_code == 200
    resting = server.attempt_spans()[2]
    assert (resting.error, resting.attributes["error.type"], resting.duration_ms) == ("circuit_open", "circuit_open", 0)
