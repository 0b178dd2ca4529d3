"""Capture policy of routes: everything, metadata only, or a share of the traces."""

from typing import Any

import httpx
import openai
import pytest
from click.testing import CliRunner

from vong.cli.gateway import group
from vong.records import RoutePolicy, new_id
from vong.records.cache import CachePolicy
from vong.records.capture import should_capture

from .conftest import Server


def ask(server: Server, model: str, trace_id: str, **more: Any) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": "confidential words"}], **more}
    headers = {"authorization": f"Bearer {server.key}", "traceparent": f"00-{trace_id}-{trace_id[:16]}-01"}
    return httpx.post(f"{server.url}/v1/chat/completions", json=body, headers=headers, timeout=60)


def test_a_share_selects_the_same_traces_on_every_server() -> None:
    traces = [new_id().hex for _ in range(4000)]
    kept = [trace for trace in traces if should_capture(0.25, trace)]
    assert 0.2 < len(kept) / len(traces) < 0.3
    assert all(should_capture(0.5, trace) for trace in kept)
    assert all(should_capture("full", trace) and not should_capture("metadata", trace) for trace in traces[:10])


@pytest.mark.parametrize("stream", [False, True])
def test_a_route_with_metadata_capture_stores_no_text(module_server: Server, stream: bool) -> None:
    module_server.client.gateway.set_route("private", {"faults/ok": 1}, policy=RoutePolicy(capture="metadata"))
    trace = new_id().hex
    assert "confidential" in ask(module_server, "private", trace, stream=stream).text
    span = next(span for span in module_server.spans() if span.trace_id == trace)
    assert (span.input, span.output) == (None, None) and span.attributes["vong.capture"] == "metadata"
    assert span.usage.input_tokens == 2 and span.versions.route == "private" and span.status == "ok"
    (shown,) = module_server.client.traces.list(trace_id=trace)
    assert (shown.input_preview, shown.output_preview) == ("", "")


def test_a_share_stores_complete_traces(module_server: Server) -> None:
    module_server.client.gateway.set_route("sampled", {"echo/echo": 1}, policy=RoutePolicy(capture=0.5))
    low, high = f"{new_id().hex[:24]}00000001", f"{new_id().hex[:24]}fffffff0"
    for trace in (low, high, low):
        ask(module_server, "sampled", trace)
    kept = {(span.trace_id, span.input is not None) for span in module_server.spans() if span.trace_id in (low, high)}
    assert kept == {(low, True), (high, False)}


def test_features_that_need_bodies_report_missing_ones(module_server: Server) -> None:
    both = {"targets": [{"model": "echo/echo"}], "policy": {"capture": "metadata", "cache": {"mode": "exact"}}}
    headers = {"authorization": f"Bearer {module_server.key}"}
    refused = httpx.put(f"{module_server.url}/api/v1/gateway/routes/both", json=both, headers=headers)
    assert refused.status_code == 422 and "store bodies" in refused.text
    module_server.client.gateway.set_route("private", {"echo/echo": 1}, policy=RoutePolicy(capture="metadata"))
    client = openai.OpenAI(base_url=f"{module_server.url}/v1", api_key=module_server.key, max_retries=0)
    made = client.responses.create(model="private", input="x")
    with pytest.raises(openai.BadRequestError, match="only the metadata"):
        client.responses.create(model="private", input="y", previous_response_id=made.id)
    assert module_server.spans()[-1].input is None  # nor of the rejected call


def test_responses_without_captured_bodies_are_not_cached(module_server: Server) -> None:
    policy = RoutePolicy(capture=0.5, cache=CachePolicy(mode="exact"))
    module_server.client.gateway.set_route("cached", {"echo/echo": 1}, policy=policy)
    high = f"{new_id().hex[:24]}fffffff0"
    outcomes = [ask(module_server, "cached", high).headers["x-vong-cache"] for _ in range(2)]
    assert outcomes == ["miss", "miss"]


def test_a_command_sets_the_capture_policy(module_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VONG_PUBLIC_URL", module_server.url)
    monkeypatch.setenv("VONG_API_KEY", module_server.key)
    for said, kept in (("metadata", "metadata"), ("0.1", 0.1), ("full", "full")):
        result = CliRunner().invoke(group, ["routes", "set", "told", "echo/echo", "--capture", said])
        assert result.exit_code == 0, result.output
        policy = module_server.client.gateway.route("told").policy
        assert policy is not None and policy.capture == kept
    assert CliRunner().invoke(group, ["routes", "set", "told", "echo/echo", "--capture", "2"]).exit_code == 2
