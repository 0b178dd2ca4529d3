"""Streams from public bug reports of servers and gateways, at every endpoint."""

import json
from typing import Any

import pytest

from tests.gateway.endpoints.test_stream_variants import (
    PLAIN,
    events_of,
    in_chat,
    in_message_events,
    in_response,
    open_stream,
    pass_through,
)
from vong.gateway.translators.responses_upstream import ResponsesChunkDecoder
from vong.gateway.translators.tool_call_tracker import ToolCallTracker

HEAD: dict[str, Any] = {"id": "c", "created": 1, "model": "m", "object": "chat.completion.chunk"}
USAGE = {"prompt_tokens": 12, "completion_tokens": 3}
CALL = {"index": 0, "id": "call_a", "type": "function", "function": {"name": "look", "arguments": '{"q": 1}'}}


def stream(*choices: tuple[dict[str, Any], str | None]) -> bytes:
    made = [{**HEAD, "choices": [{"index": 0, "delta": delta, "finish_reason": end}]} for delta, end in choices]
    made.append({**HEAD, "choices": [], "usage": USAGE})
    return b"".join(b"data: %b\n\n" % json.dumps(one).encode() for one in made) + b"data: [DONE]\n\n"


REASONING, TEXT, CALLED = {"reasoning_content": "Hm."}, {"content": "Hi"}, {"tool_calls": [CALL]}
CALLS = [("call_a", "look", {"q": 1})]
STREAMS = {
    # https://github.com/su-kaka/gcli2api/issues/403
    "every chunk says stop": (stream((REASONING, "stop"), (TEXT, "stop"), (CALLED, "stop")), "Hm.", "Hi", CALLS),
    # https://github.com/sgl-project/sglang/issues/3912
    "an empty finish reason": (stream((REASONING, ""), (TEXT, ""), ({}, "stop")), "Hm.", "Hi", []),
    # https://github.com/tashfeenahmed/freellmapi/pull/846
    "a call before the text": (stream((CALLED, None), (TEXT, None), ({}, "tool_calls")), "", "Hi", CALLS),
    # https://github.com/ModelTC/LightLLM/issues/130
    "no finish reason": (stream((TEXT, None), ({}, None)), "", "Hi", []),
}


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("endpoint", ["chat", "messages", "responses"])
def test_a_reported_stream_is_read_completely(name: str, endpoint: str) -> None:
    body, reasoning, text, calls = STREAMS[name]
    opened = open_stream(endpoint)
    events = pass_through(opened, events_of([body]))
    seen = in_chat(opened.completion(), PLAIN)
    if endpoint == "messages":
        seen = in_message_events(events, PLAIN)
    if endpoint == "responses":
        seen = in_response(events[-1]["response"], PLAIN)
        # https://github.com/BerriAI/litellm/pull/36375: each item is announced once, and has a place of its own
        added = [event for event in events if event["type"] == "response.output_item.added"]
        assert [event["output_index"] for event in added] == list(range(len(events[-1]["response"]["output"])))
        ids = [event["item"]["id"] for event in added]
        assert ids == [item["id"] for item in events[-1]["response"]["output"]]
        assert {event["item_id"] for event in events if "item_id" in event} <= set(ids)
    assert (seen.reasoning, seen.text, seen.calls) == (reasoning, text, calls)


@pytest.mark.parametrize("with_index", [True, False])
def test_calls_of_a_response_without_output_index_stay_apart(with_index: bool) -> None:
    """Read what https://github.com/ggml-org/llama.cpp/issues/20607 reports, with an item that is null."""
    events: list[dict[str, Any]] = [{"type": "response.created", "response": {"id": "r"}}]
    events.append({"type": "response.output_item.added", "item": None, "output_index": 0})
    for place, name in enumerate(("look", "seek", "find"), 1):
        item = {"type": "function_call", "call_id": f"call_{name}", "name": name, "arguments": ""}
        events.append({"type": "response.output_item.added", "item": item, "output_index": place})
        for part in ('{"n": ', f"{place}}}"):
            delta = {"type": "response.function_call_arguments.delta", "delta": part, "output_index": place}
            events.append(delta)
        done = {**item, "arguments": f'{{"n": {place}}}'}
        events.append({"type": "response.output_item.done", "item": done, "output_index": place})
    events.append({"type": "response.completed", "response": None})
    decoder, tracker = ResponsesChunkDecoder(), ToolCallTracker()
    for event in events:
        if not with_index:
            event.pop("output_index", None)
        for chunk in decoder.decode(event):
            for choice in chunk["choices"]:
                tracker.feed(choice["delta"].get("tool_calls") or [])
    assert decoder.ended
    expected = [("look", '{"n": 1}'), ("seek", '{"n": 2}'), ("find", '{"n": 3}')]
    assert [(call.name, call.arguments) for call in tracker.calls] == expected
