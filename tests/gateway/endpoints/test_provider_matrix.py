"""Every endpoint with every provider type: equal text, tool call, reasoning, usage and finish reason."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from pydantic import SecretStr

from tests.gateway.fake_native_apis import THOUGHT, WORDS
from tests.gateway.fake_upstream import FakeUpstream
from tests.gateway.provider_kinds import create_provider, list_kinds
from vong.config import ProviderSettings
from vong.gateway.endpoints import ENDPOINT_PATHS
from vong.gateway.pipeline.exchange import UpstreamExchange
from vong.gateway.providers import Endpoint, ProviderRequest
from vong.gateway.routing.catalog import ResolvedTarget
from vong.gateway.upstream.client import UpstreamClient
from vong.records.span import SpanVersions

PROMPT = "".join(WORDS)
CALL = ("weather", {"city": "Huế"})
KINDS = sorted(list_kinds() - {"echo", "faults"})
FUNCTION: dict[str, Any] = {"name": "weather", "parameters": {"type": "object", "properties": {}}}
REQUESTS: dict[Endpoint, dict[str, Any]] = {
    "chat": {"messages": [{"role": "user", "content": "?"}], "tools": [{"type": "function", "function": FUNCTION}]},
    "messages": {
        "messages": [{"role": "user", "content": "?"}],
        "max_tokens": 9,
        "tools": [{"name": "weather", "input_schema": FUNCTION["parameters"]}],
    },
    "responses": {"input": "?", "tools": [{"type": "function", **FUNCTION}]},
    "completions": {"prompt": "?"},
}


class NormalizedResponse(NamedTuple):
    """Content of a response of any endpoint. `usage` has input tokens (including cached), output and cached tokens."""

    text: str
    call: tuple[str, Any] | None
    thought: str
    usage: tuple[int, int, int | None]
    finish: str


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeUpstream]:
    started = FakeUpstream().start()
    yield started
    started.stop()


async def ask(fake: FakeUpstream, shape: Endpoint, kind: str, model: str, stream: bool) -> tuple[bytes, dict[str, Any]]:
    """Return the response in the format of the endpoint, and the completion of the span."""
    upstream = UpstreamClient()
    settings = ProviderSettings(kind=kind, base_url=fake.url, api_key=SecretStr("secret"))
    provider = create_provider(kind, settings, upstream)
    streamed: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    body = json.dumps({"model": "x", **REQUESTS[shape], **streamed}).encode()
    try:
        passage = UpstreamExchange(shape, body, "0" * 32)
        asked, written = passage.prepare_for(ResolvedTarget(provider, kind, model, f"{kind}/{model}", SpanVersions()))
        reply = await provider.call(ProviderRequest(asked, model, written, stream))
        if reply.events is None:
            completion = passage.parse_response(reply, json.loads(reply.body))
            return reply.body, completion
        transcript = passage.open_stream()
        said = [transcript.feed(batch) async for batch in reply.events]
        assert transcript.ended
        return b"".join([*said, transcript.finish()]), transcript.completion()
    finally:
        upstream.close()


def assemble_response(shape: Endpoint, out: bytes, stream: bool) -> dict[str, Any]:
    """Assemble a stream as the clients of the endpoint do. Return a complete response unchanged."""
    if not stream:
        return json.loads(out)
    events = [json.loads(line[6:]) for line in out.split(b"\n") if line[:6] == b"data: " and line[6:] != b"[DONE]"]
    if shape == "responses":
        assert events[-1]["type"] == "response.completed"
        return events[-1]["response"]
    if shape == "messages":
        return message(events)
    return choice(shape, events)


def message(events: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {"content": []}
    names = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
    for event in events:
        if event["type"] == "content_block_start":
            found["content"].append({**event["content_block"], "partial_json": ""})
        elif event["type"] == "content_block_delta" and event["delta"]["type"] in names:
            name = names[event["delta"]["type"]]
            found["content"][event["index"]][name] += event["delta"][name]
        elif event["type"] == "message_delta":
            found |= {**event["delta"], "usage": event["usage"]}
    assert events[-1]["type"] == "message_stop"
    for block in found["content"]:
        if block["type"] == "tool_use":
            block["input"] = json.loads(block["partial_json"])
    return found


def choice(shape: Endpoint, events: list[dict[str, Any]]) -> dict[str, Any]:
    said: dict[str, Any] = {"content": "", "reasoning_content": ""}
    call, finish = {"name": "", "arguments": ""}, None
    for one in [one for event in events for one in event["choices"]]:
        delta = one.get("delta") or {"content": one.get("text")}
        for name in said:
            said[name] += delta.get(name) or ""
        for part in delta.get("tool_calls") or []:
            for name in call:
                call[name] += part["function"].get(name) or ""
        finish = one.get("finish_reason") or finish
    said["tool_calls"] = [{"function": call}] if call["name"] else None
    body = {"text": said["content"]} if shape == "completions" else {"message": said}
    usage = [event["usage"] for event in events if event.get("usage")]
    return {"choices": [{**body, "finish_reason": finish}], "usage": usage[-1] if usage else None}


def normalize_response(shape: Endpoint, found: dict[str, Any]) -> NormalizedResponse:
    """Return the content of a response of an endpoint."""
    if shape == "messages":
        blocks = {block["type"]: block for block in found["content"]}
        use, usage = blocks.get("tool_use"), found["usage"]
        text = blocks["text"]["text"] if "text" in blocks else ""
        thought = blocks["thinking"]["thinking"] if "thinking" in blocks else ""
        read = usage["input_tokens"] + usage["cache_read_input_tokens"] + usage["cache_creation_input_tokens"]
        counts = (read, usage["output_tokens"], usage["cache_read_input_tokens"])
        finish = {"end_turn": "stop", "tool_use": "tool_calls"}[found["stop_reason"]]
        return NormalizedResponse(text, (use["name"], use["input"]) if use else None, thought, counts, finish)
    if shape == "responses":
        items = {item["type"]: item for item in found["output"]}
        use, usage = items.get("function_call"), found["usage"]
        text = items["message"]["content"][0]["text"] if "message" in items else ""
        thought = items["reasoning"].get("content", [{"text": ""}])[0]["text"] if "reasoning" in items else ""
        counts = (usage["input_tokens"], usage["output_tokens"], usage["input_tokens_details"]["cached_tokens"])
        call = (use["name"], json.loads(use["arguments"])) if use else None
        return NormalizedResponse(text, call, thought, counts, "tool_calls" if use else "stop")
    (one,), usage = found["choices"], found["usage"]
    counts = (usage["prompt_tokens"], usage["completion_tokens"], usage["prompt_tokens_details"]["cached_tokens"])
    if shape == "completions":
        return NormalizedResponse(one["text"], None, "", counts, one["finish_reason"])
    said = one["message"]
    calls = [call["function"] for call in said.get("tool_calls") or []]
    call = (calls[0]["name"], json.loads(calls[0]["arguments"])) if calls else None
    thought = said.get("reasoning_content") or ""
    return NormalizedResponse(said.get("content") or "", call, thought, counts, one["finish_reason"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", sorted(set(ENDPOINT_PATHS.values()) - {"embeddings", "rerank"}))
@pytest.mark.parametrize("stream", [False, True])
def test_every_endpoint_works_with_every_provider(fake: FakeUpstream, shape: Endpoint, kind: str, stream: bool) -> None:
    usage = (7, 3, 2)
    wanted = {
        "plain": NormalizedResponse(PROMPT, None, "", usage, "stop"),
        "thinks": NormalizedResponse(PROMPT, None, THOUGHT, usage, "stop"),
        "tools": NormalizedResponse("", CALL, THOUGHT if kind == "cohere" else "", usage, "tool_calls"),
    }
    if shape == "completions":
        wanted = {"plain": wanted["plain"]}
    for model, one in wanted.items():
        out, completion = asyncio.run(ask(fake, shape, kind, model, stream))
        assert normalize_response(shape, assemble_response(shape, out, stream)) == one
        assert normalize_response("chat", completion) == one


def test_the_matrix_contains_every_provider_type() -> None:
    assert {"openai", "anthropic", "gemini", "bedrock", "cohere", "deployment"} <= set(KINDS)
