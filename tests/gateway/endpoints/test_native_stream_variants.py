"""Streams of the native APIs with fields missing, null or empty: the same answer at every endpoint, or one error."""

import asyncio
import copy
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, cast

import pytest

from tests.gateway import fake_native_apis
from tests.gateway.endpoints.test_provider_matrix import NormalizedResponse, assemble_response, normalize_response
from tests.gateway.endpoints.test_stream_variants import FakeResponse, open_stream
from tests.gateway.fake_upstream import message_events
from vong.errors import UpstreamFailed
from vong.gateway.endpoints.stream import StreamAccumulator
from vong.gateway.providers.bedrock import _translate_stream as translate_binary_stream
from vong.gateway.providers.translation import translate_stream
from vong.gateway.translators.anthropic_response import AnthropicChunkDecoder
from vong.gateway.translators.openai_bedrock_response import BedrockChunkDecoder
from vong.gateway.translators.openai_cohere import CohereChunkDecoder
from vong.gateway.translators.openai_gemini_response import GeminiChunkDecoder
from vong.gateway.upstream.response import UpstreamResponse

Events = list[dict[str, Any]]
DECODERS: dict[str, Callable[[], Any]] = {
    "anthropic": AnthropicChunkDecoder,
    "gemini": lambda: GeminiChunkDecoder("m"),
    "cohere": lambda: CohereChunkDecoder("m"),
    "bedrock": lambda: BedrockChunkDecoder("i", "m"),
}
ENDPOINTS: tuple[Any, ...] = ("chat", "messages", "responses")
CONTENT = {
    *("text", "thinking", "signature", "thoughtSignature", "partial_json", "input", "args", "city", "arguments"),
    *("tool_plan", "content", "parts", "reasoningContent", "functionCall", "toolUse", "tool_calls", "function", "name"),
    *("candidates", "finishReason", "thought", "delta", "start", "message", "usage", "usageMetadata", "billed_units"),
    *("input_tokens", "output_tokens", "cache_read_input_tokens", "cached_tokens", "promptTokenCount", "data"),
    *("candidatesTokenCount", "cachedContentTokenCount", "inputTokens", "outputTokens", "cacheReadInputTokens"),
    *("content_block", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "messageStart"),
    *("metadata",),
}
"""Fields without which an answer is another one."""


def read_events(kind: str, model: str, monkeypatch: pytest.MonkeyPatch) -> Events:
    """Return the events of an answer of the fake upstream."""
    if kind == "anthropic":
        return [json.loads(event.split(b"data: ", 1)[1]) for event in message_events(model)]
    with monkeypatch.context() as patched:
        if kind == "bedrock":
            patched.setattr(fake_native_apis, "event_stream_message", lambda name, content: {name: content})
            return cast(Events, fake_native_apis.stream_events(kind, model))
        return [json.loads(event.split(b"data: ", 1)[1]) for event in fake_native_apis.stream_events(kind, model)]


def encode(kind: str, events: Events) -> bytes:
    if kind == "bedrock":
        return b"".join(fake_native_apis.event_stream_message(*next(iter(event.items()))) for event in events)
    return b"".join(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode() for event in events)


def ask(kind: str, body: bytes, endpoint: Any, cut: int = 400) -> tuple[bytes, StreamAccumulator]:
    """Return what the caller of an endpoint receives of a stream. Raises: UpstreamFailed if it failed."""
    parts = [body[start : start + cut] for start in range(0, len(body), cut)]
    response, stream = cast(UpstreamResponse, FakeResponse(parts)), open_stream(endpoint)
    translate: Any = translate_binary_stream if kind == "bedrock" else translate_stream

    async def receive() -> bytes:
        sent = [stream.feed(batch) async for batch in translate("x", response, DECODERS[kind]())]
        if stream.failure or stream.error or not stream.ended:
            raise stream.failure or UpstreamFailed(str(stream.error))
        return b"".join([*sent, stream.finish()])

    return asyncio.run(receive()), stream


def answer(kind: str, body: bytes, endpoint: Any, cut: int = 400) -> tuple[NormalizedResponse, NormalizedResponse]:
    """Return the content of an answer as the caller receives it, and as the span contains it."""
    sent, stream = ask(kind, body, endpoint, cut)
    seen = normalize_response(endpoint, assemble_response(endpoint, sent, True))
    return seen, normalize_response("chat", stream.completion())


def list_paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from list_paths(item, (*path, key))


def spoil(events: Events, path: tuple[Any, ...], how: str) -> Events:
    """Return the events with one value removed, null or empty."""
    spoiled = copy.deepcopy(events)
    node: Any = spoiled
    for key in path[:-1]:
        node = node[key]
    if how == "missing":
        del node[path[-1]]
    else:
        node[path[-1]] = None if how == "null" else type(node[path[-1]])()
    return spoiled


@pytest.mark.parametrize("model", ["plain", "thinks", "tools"])
@pytest.mark.parametrize("kind", list(DECODERS))
def test_a_native_stream_lacks_any_field(kind: str, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    events = read_events(kind, model, monkeypatch)
    right = answer(kind, encode(kind, events), "chat")[1]
    for path in list_paths(events):
        if len(path) < 2 or (kind == "bedrock" and len(path) == 2):
            continue  # the type of a binary event is in its header
        changes_answer = path[-1] in CONTENT or isinstance(path[-1], int) or path[-1] == "type"
        for how in ("missing", "null", "empty"):
            body = encode(kind, spoil(events, path, how))
            if changes_answer:  # it may be another answer, or one error
                with suppress(UpstreamFailed):
                    ask(kind, body, "messages")
                continue
            for endpoint in ENDPOINTS:
                assert answer(kind, body, endpoint) == (right, right), (path, how, endpoint)


@pytest.mark.parametrize("kind", list(DECODERS))
def test_a_native_stream_is_cut_at_every_byte(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body = encode(kind, read_events(kind, "tools", monkeypatch))
    right = answer(kind, body, "chat")
    assert right[0] == right[1]
    for cut in (1, 7):
        for endpoint in ENDPOINTS:
            assert answer(kind, body, endpoint, cut) == right
    for length in range(0, len(body) * 2 // 3, 7):
        with pytest.raises(UpstreamFailed):
            ask(kind, body[:length], "messages")


def named(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "type"}


def test_events_without_a_type_are_known_by_their_content(monkeypatch: pytest.MonkeyPatch) -> None:
    for model in ("plain", "thinks", "tools"):
        events = read_events("anthropic", model, monkeypatch)
        right = answer("anthropic", encode("anthropic", events), "chat")
        bare = [event if event["type"] in {"message_stop", "content_block_stop"} else named(event) for event in events]
        for endpoint in ENDPOINTS:
            assert answer("anthropic", encode("anthropic", bare), endpoint) == right


@pytest.mark.parametrize("kind", ["gemini", "bedrock"])
def test_a_call_beside_empty_fields_of_other_parts_is_a_call(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    events = read_events(kind, "tools", monkeypatch)
    right = answer(kind, encode(kind, events), "chat")
    for empty in (None, ""):
        full = copy.deepcopy(events)
        for event in full:
            if kind == "gemini":
                for candidate in event["candidates"]:
                    parts = candidate["content"]["parts"]
                    parts[:] = [{"text": empty, "inlineData": None, "thought": None, **part} for part in parts]
            elif "contentBlockDelta" in event:
                event["contentBlockDelta"]["delta"] |= {"text": empty, "reasoningContent": None}
        for endpoint in ENDPOINTS:
            assert answer(kind, encode(kind, full), endpoint) == right


def test_parallel_calls_of_interleaved_blocks_stay_apart() -> None:
    calls = [("a", "look", ['{"q"', ": 1}"]), ("b", "seek", ['{"q"', ": 2}"])]
    anthropic: Events = [{"type": "message_start", "message": {"id": "m", "model": "m"}}]
    bedrock: Events = [{"messageStart": {"role": "assistant"}}]
    cohere: Events = [{"type": "message-start", "id": "m"}]
    for index, (id, name, _) in enumerate(calls):
        block = {"type": "tool_use", "id": id, "name": name, "input": {}}
        anthropic.append({"type": "content_block_start", "index": index, "content_block": block})
        start = {"toolUse": {"toolUseId": id, "name": name}}
        bedrock.append({"contentBlockStart": {"contentBlockIndex": index, "start": start}})
        begun = {"tool_calls": {"id": id, "type": "function", "function": {"name": name, "arguments": ""}}}
        cohere.append({"type": "tool-call-start", "index": index, "delta": {"message": begun}})
    for number in (0, 1):
        for index, (_, _, pieces) in enumerate(calls):
            delta: dict[str, Any] = {"type": "input_json_delta", "partial_json": pieces[number]}
            anthropic.append({"type": "content_block_delta", "index": index, "delta": delta})
            use = {"toolUse": {"input": pieces[number]}}
            bedrock.append({"contentBlockDelta": {"contentBlockIndex": index, "delta": use}})
            part = {"tool_calls": {"function": {"arguments": pieces[number]}}}
            cohere.append({"type": "tool-call-delta", "index": index, "delta": {"message": part}})
    anthropic += [{"type": "message_delta", "delta": {"stop_reason": "tool_use"}}, {"type": "message_stop"}]
    bedrock.append({"messageStop": {"stopReason": "tool_use"}})
    cohere.append({"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}})
    for kind, events in (("anthropic", anthropic), ("bedrock", bedrock), ("cohere", cohere)):
        for endpoint in ENDPOINTS:
            sent, stream = ask(kind, encode(kind, events), endpoint)
            message = stream.completion()["choices"][0]["message"]
            found = [(call["id"], call["function"]["arguments"]) for call in message["tool_calls"]]
            assert found == [(id, "".join(pieces)) for id, _, pieces in calls]
            assert sent.count(b"look") and sent.count(b"seek")
