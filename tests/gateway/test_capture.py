"""What a route keeps of its calls: all, nothing but figures, or a share of the traces."""

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


def test_a_share_is_of_traces_and_everywhere_the_same() -> None:
    traces = [new_id().hex for _ in range(4000)]
    kept = [trace for trace in traces if should_capture(0.25, trace)]
    assert 0.2 < len(kept) / len(traces) < 0.3
    assert all(should_capture(0.5, trace) for trace in kept)
    assert all(should_capture("full", trace) and not should_capture("metadata", trace) for trace in traces[:10])


@pytest.mark.parametrize("stream", [False, True])
def test_of_a_route_with_metadata_nothing_said_is_kept(lasting: Server, stream: bool) -> None:
    lasting.client.gateway.set_route("private", {"faults/ok": 1}, policy=RoutePolicy(capture="metadata"))
    trace = new_id().hex
    assert "confidential" in ask(lasting, "private", trace, stream=stream).text
    span = next(span for span in lasting.spans() if span.trace_id == trace)
    assert (span.input, span.output) == (None, None) and span.attributes["vong.capture"] == "metadata"
    assert span.usage.input_tokens == 2 and span.versions.route == "private" and span.status == "ok"
    (shown,) = lasting.client.traces.list(trace_id=trace)
    assert (shown.input_preview, shown.output_preview) == ("", "")


def test_a_share_keeps_whole_traces(lasting: Server) -> None:
    lasting.client.gateway.set_route("sampled", {"echo/echo": 1}, policy=RoutePolicy(capture=0.5))
    low, high = f"{new_id().hex[:24]}00000001", f"{new_id().hex[:24]}fffffff0"
    for trace in (low, high, low):
        ask(lasting, "sampled", trace)
    kept = {(span.trace_id, span.input is not None) for span in lasting.spans() if span.trace_id in (low, high)}
    assert kept == {(low, True), (high, False)}


def test_what_needs_bodies_says_so(lasting: Server) -> None:
    both = {"targets": [{"model": "echo/echo"}], "policy": {"capture": "metadata", "cache": {"mode": "exact"}}}
    headers = {"authorization": f"Bearer {lasting.key}"}
    refused = httpx.put(f"{lasting.url}/api/v1/gateway/routes/both", json=both, headers=headers)
    assert refused.status_code == 422 and "store bodies" in refused.text
    lasting.client.gateway.set_route("private", {"echo/echo": 1}, policy=RoutePolicy(capture="metadata"))
    client = openai.OpenAI(base_url=f"{lasting.url}/v1", api_key=lasting.key, max_retries=0)
    made = client.responses.create(model="private", input="x")
    with pytest.raises(openai.NotFoundError, match="only the metadata"):
        client.responses.create(model="private", input="y", previous_response_id=made.id)
    assert lasting.spans()[-1].input is None  # of the refused one neither


def test_an_answer_whose_body_is_not_kept_is_not_cached(lasting: Server) -> None:
    policy = RoutePolicy(capture=0.5, cache=CachePolicy(mode="exact"))
    lasting.client.gateway.set_route("cached", {"echo/echo": 1}, policy=policy)
    high = f"{new_id().hex[:24]}fffffff0"
    outcomes = [ask(lasting, "cached", high).headers["x-vong-cache"] for _ in range(2)]
    assert outcomes == ["miss", "miss"]


def test_the_command_line_sets_it(lasting: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VONG_PUBLIC_URL", lasting.url)
    monkeypatch.setenv("VONG_API_KEY", lasting.key)
    for said, kept in (("metadata", "metadata"), ("0.1", 0.1), ("full", "full")):
        result = CliRunner().invoke(group, ["routes", "set", "told", "echo/echo", "--capture", said])
        assert result.exit_code == 0, result.output
        policy = lasting.client.gateway.route("told").policy
        assert policy is not None and policy.capture == kept
    assert CliRunner().invoke(group, ["routes", "set", "told", "echo/echo", "--capture", "2"]).exit_code == 2
