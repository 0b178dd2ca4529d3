"""Small differences between servers: tool calls, counts, finish reasons, arguments that were cut off."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vong.errors import UpstreamFailed
from vong.gateway.cache.response_cache import completion_content
from vong.gateway.endpoints.stream import parse_usage
from vong.gateway.pricing.token_types import used_types
from vong.gateway.providers.translation import FinishingChunkDecoder
from vong.gateway.translators.anthropic_response import AnthropicChunkDecoder, to_anthropic_message
from vong.gateway.translators.chat_variants import content_text, normalize_completion, resolve_finish_reason
from vong.gateway.translators.openai_bedrock_response import BedrockChunkDecoder
from vong.gateway.translators.openai_cohere import CohereChunkDecoder
from vong.gateway.translators.partial_json import parse_partial_object
from vong.gateway.translators.responses_response import to_response_object
from vong.gateway.translators.responses_upstream import ResponsesChunkDecoder
from vong.gateway.translators.token_counts import find_usage, token_count
from vong.gateway.translators.tool_call_tracker import ToolCallTracker
from vong.records import Usage


def part(index: Any = None, id: Any = None, name: str | None = None, arguments: Any = None) -> dict[str, Any]:
    """Return a part of a streamed tool call, with nulls left out."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    fields = {key: value for key, value in (("index", index), ("id", id)) if value is not None}
    return {**fields, "function": function}


LOOK, SEEK = ("look", '{"q": 1}'), ("seek", '{"q": 2}')
BOTH = [part(None, "a", "look"), part(None, "b", "seek")]


@pytest.mark.parametrize(
    ("deltas", "calls"),
    [
        ([[part(0, "a", *LOOK)], [part(0, "b", *SEEK)]], [LOOK, SEEK]),
        ([[part(0, "a", *LOOK)], [part(0, "b", *LOOK)]], [LOOK, LOOK]),
        ([[part(0, "a", "look", "")], [part(0, "b", *SEEK)]], [("look", ""), SEEK]),
        ([[part(None, "a", *LOOK), part(None, "b", *SEEK)]], [LOOK, SEEK]),
        ([[part(None, None, *LOOK), part(None, None, *LOOK)]], [LOOK, LOOK]),
        ([[part(None, "", *LOOK)], [part(None, "", *SEEK)]], [LOOK, SEEK]),
        ([[part(0, None, *LOOK)], [part(0, None, *SEEK)]], [LOOK, SEEK]),
        ([[part(0, "a", *LOOK)], [part(0, "a", *SEEK)]], [LOOK, SEEK]),
        ([[part(0, "a", *LOOK)], [part(1, "a", *SEEK)]], [LOOK, SEEK]),
        ([[part(0, "a", "look", "")], [part(0, "x", None, '{"q":')], [part(0, "y", None, " 1}")]], [LOOK]),
        ([[part(0, "a", "look", '{"q":')], [part(0, "x", "look", " 1}")]], [LOOK]),
        ([[part(0, "a", "look", '{"q":')], [part(0, "a", "look", " 1}")]], [LOOK]),
        ([[part(0, None, "look")], [part(0, "a")], [part(0, None, None, '{"q": 1}')]], [LOOK]),
        ([[part(0, "a", "lo")], [part(0, None, "ok")], [part(0, None, None, '{"q": 1}')]], [LOOK]),
        ([[part(None, "a", "look", "")], [part(0, None, None, '{"q":')], [part(None, None, None, " 1}")]], [LOOK]),
        ([[part(None, None, None, '{"q": ')], [part(None, "a", None, "1}")], [part(None, "a", "look")]], [LOOK]),
        ([[part(1, "b", "seek", "")], [part(0, "a", *LOOK)], [part(1, None, None, '{"q": 2}')]], [SEEK, LOOK]),
        ([[part("0", "a", "look", "")], [part(0.0, None, None, '{"q": 1}')]], [LOOK]),
        ([[part(0, "a", "look", {"q": 1})]], [("look", '{"q":1}')]),
        ([BOTH, [part(arguments=LOOK[1]), part(arguments=SEEK[1])]], [LOOK, SEEK]),
        ([["x", None, {"function": None}]], [("", "")]),
    ],
)  # fmt: skip
def test_parts_of_tool_calls_are_assigned_by_id_index_and_order(
    deltas: list[list[Any]], calls: list[tuple[str, str]]
) -> None:
    tracker = ToolCallTracker()
    for parts in deltas:
        tracker.feed(parts)
    assert [(call.name, call.arguments) for call in tracker.calls] == calls
    assert len({call.index for call in tracker.calls}) == len(calls)


def anthropic_events(block: dict[str, Any], deltas: list[Any], *, stop: bool = True) -> list[dict[str, Any]]:
    made = [
        {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": one}} for one in deltas
    ]
    return [
        {"type": "message_start", "message": {"id": "m", "model": "m", "usage": None}},
        {"type": "content_block_start", "content_block": {"type": "tool_use", "id": "t", "name": "look", **block}},
        *({**event, "index": 0} for event in made),
        *([{"type": "content_block_stop", "index": 0}] if stop else []),
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": "4"}},
        {"type": "message_stop"},
    ]


def bedrock_events(inputs: list[Any], *, stop: bool = True) -> list[dict[str, Any]]:
    return [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockStart": {"start": {"toolUse": {"toolUseId": "t", "name": "look"}}, "contentBlockIndex": 1}},
        *({"contentBlockDelta": {"delta": {"toolUse": {"input": one}}, "contentBlockIndex": 1}} for one in inputs),
        *([{"contentBlockStop": {"contentBlockIndex": 1}}] if stop else []),
        {"messageStop": {"stopReason": "end_turn"}},
    ]


def cohere_events(arguments: list[Any], *, stop: bool = True) -> list[dict[str, Any]]:
    call = {"id": "t", "type": "function", "function": {"name": "look", "arguments": None}}
    return [
        {"type": "message-start", "id": "m"},
        {"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": call}}},
        *(
            {
                "type": "tool-call-delta",
                "index": 0,
                "delta": {"message": {"tool_calls": {"function": {"arguments": one}}}},
            }
            for one in arguments
        ),
        *([{"type": "tool-call-end", "index": 0}] if stop else []),
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}},
    ]


def response_events(arguments: list[Any], *, stop: bool = True) -> list[dict[str, Any]]:
    item = {"type": "function_call", "call_id": "t", "name": "look", "arguments": ""}
    done = {**item, "arguments": "".join(one or "" for one in arguments) or "{}"}
    return [
        {"type": "response.created", "response": {"id": "m"}},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        *({"type": "response.function_call_arguments.delta", "output_index": 0, "delta": one} for one in arguments),
        *([{"type": "response.output_item.done", "output_index": 0, "item": done}] if stop else []),
        {"type": "response.completed", "response": {"status": "completed", "usage": None}},
    ]


@pytest.mark.parametrize("stop", [True, False])
@pytest.mark.parametrize(
    ("decoder", "events"),
    [
        (AnthropicChunkDecoder, lambda pieces, stop: anthropic_events({"input": {}}, pieces, stop=stop)),
        (AnthropicChunkDecoder, lambda pieces, stop: anthropic_events({"input": None}, pieces, stop=stop)),
        (lambda: BedrockChunkDecoder("m", "m"), lambda pieces, stop: bedrock_events(pieces, stop=stop)),
        (lambda: CohereChunkDecoder("m"), lambda pieces, stop: cohere_events(pieces, stop=stop)),
        (ResponsesChunkDecoder, lambda pieces, stop: response_events(pieces, stop=stop)),
    ],
)
@pytest.mark.parametrize("pieces", [[], [""], [None], ["", '{"q": ', "1}"]])
def test_streamed_arguments_of_other_apis_are_json(decoder: Any, events: Any, pieces: list[Any], stop: bool) -> None:
    translator: FinishingChunkDecoder = decoder()
    chunks = [chunk for event in events(pieces, stop) for chunk in translator.decode(event)]
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    tracker = ToolCallTracker()
    for choice in choices:
        tracker.feed(choice["delta"].get("tool_calls") or ())
    assert [(call.id, call.arguments) for call in tracker.calls] == [("t", "".join(filter(None, pieces)) or "{}")]
    assert [choice["finish_reason"] for choice in choices if choice["finish_reason"]] == ["tool_calls"]


def test_blocks_that_start_with_content_are_read() -> None:
    decoder = AnthropicChunkDecoder()
    events = anthropic_events({"input": {"q": 1}}, [])
    events[1:1] = [
        {"type": "content_block_start", "content_block": {"type": "thinking", "thinking": "Hm", "signature": "s"}},
        {"type": "content_block_start", "content_block": {"type": "text", "text": "Hi"}},
    ]
    deltas = [choice["delta"] for event in events for chunk in decoder.decode(event) for choice in chunk["choices"]]
    assert "".join(delta.get("reasoning_content", "") + (delta.get("content") or "") for delta in deltas) == "HmHi"
    calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
    assert "".join(call["function"]["arguments"] for call in calls) == '{"q":1}'


@pytest.mark.parametrize(
    ("value", "count"),
    [(12, 12), (12.0, 12), ("12", 12), ("12.0", 12), (1.2e1, 12), (0, 0), *((one, None) for one in (None, True, 1.5))]
    + [(one, None) for one in (-1, "x", "", "nan", float("inf"), 10**13, [], {})],
)
def test_token_counts_in_any_spelling(value: Any, count: int | None) -> None:
    assert token_count(value) == count
    usage = {
        "prompt_tokens": value,
        "completion_tokens": value,
        "completion_tokens_details": {"reasoning_tokens": value},
    }
    assert parse_usage(usage) == Usage(input_tokens=count, output_tokens=count)
    assert used_types(usage) == ({"reasoning": count} if count else {})


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 5, "total_tokens": 7}, (5, 2, None)),
        ({"completion_tokens": 2, "total_tokens": 7}, (5, 2, None)),
        ({"completion_tokens": 9, "total_tokens": 7}, (None, 9, None)),
        ({"input_tokens": 5, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 1}}, (5, 2, 1)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": None}, (5, 2, None)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": [1]}, (5, 2, None)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "prompt_cache_hit_tokens": 4}, (5, 2, 4)),
        ([], (None, None, None)),
    ],
)
def test_usage_in_any_form(usage: Any, counts: tuple[int | None, ...]) -> None:
    found = parse_usage(usage)
    assert (found.input_tokens, found.output_tokens, found.cached_tokens) == counts


def test_usage_is_found_where_servers_put_it() -> None:
    usage = {"prompt_tokens": 1}
    for chunk in ({"usage": usage}, {"usage": None, "choices": [{"usage": usage}]}, {"x_groq": {"usage": usage}}):
        assert find_usage(chunk) == usage
    assert find_usage({"usage": {}, "choices": [None]}) is None


@pytest.mark.parametrize(
    ("reason", "has_calls", "resolved"),
    [
        ("stop", True, "tool_calls"),
        ("eos", True, "tool_calls"),
        ("function_call", True, "tool_calls"),
        (None, True, "tool_calls"),
        ("length", True, "length"),
        ("MAX_TOKENS", True, "length"),
        ("content-filter", True, "content_filter"),
        ("tool_calls", False, "stop"),
        ("end_turn", False, "stop"),
        ("something", False, "stop"),
        (None, False, None),
        ("", False, None),
        (7, False, None),
    ],
)
def test_a_finish_reason_is_read_with_the_content(reason: Any, has_calls: bool, resolved: str | None) -> None:
    assert resolve_finish_reason(reason, has_calls) == resolved


def completion(message: dict[str, Any], finish: str | None) -> dict[str, Any]:
    return {"id": "x", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": finish}]}


@pytest.mark.parametrize(
    ("arguments", "found"),
    [('{"q": "a long te', {"q": "a long te"}), ("", {}), ("{", {}), ("nothing", {}), ('{"q": 1, "n": tr', {"q": 1})],
)
def test_a_tool_call_that_was_cut_off_is_an_answer(arguments: str, found: dict[str, Any]) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": arguments}}
    answer = completion({"content": "I look.", "tool_calls": [call]}, "length")
    message = to_anthropic_message(answer)
    assert message["content"][-1]["input"] == found and message["stop_reason"] == "max_tokens"
    response = to_response_object(answer, {"model": "m"}, "0" * 32)
    assert response["status"] == "incomplete" and response["output"][-1]["arguments"] == (arguments or "{}")
    if arguments:
        with pytest.raises(UpstreamFailed, match="look"):
            to_anthropic_message(completion({"tool_calls": [call]}, "tool_calls"))


@pytest.mark.parametrize("arguments", ['"{\\"q\\": 1}"', {"q": 1}, '{"q": 1}'])
def test_arguments_in_any_encoding_become_an_object(arguments: Any) -> None:
    call = {"id": None, "function": {"name": "look", "arguments": arguments}}
    first, second = to_anthropic_message(completion({"tool_calls": [call, call]}, None))["content"]
    assert first["input"] == second["input"] == {"q": 1} and first["id"] != second["id"]
    legacy = completion({"content": None, "function_call": {"name": "look", "arguments": '{"q": 1}'}}, "function_call")
    message = to_anthropic_message(legacy)
    assert (message["content"][0]["input"], message["stop_reason"]) == ({"q": 1}, "tool_use")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(['"', "\\", "{", "]", ",", "😀"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3), JSON_VALUES, max_size=3), st.booleans(), st.data())
def test_the_beginning_of_an_object_is_read_as_far_as_it_goes(
    value: Any, ascii_only: bool, data: st.DataObject
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    cut = data.draw(st.integers(0, len(text)))
    assert is_beginning(parse_partial_object(text[:cut]), value)
    assert parse_partial_object(text) == value


def is_beginning(part: Any, value: Any) -> bool:
    if isinstance(part, Mapping) and isinstance(value, Mapping):
        return all(name in value and is_beginning(item, value[name]) for name, item in part.items())
    if isinstance(part, list) and isinstance(value, list):
        return len(part) <= len(value) and all(map(is_beginning, part, value))
    return value.startswith(part) if isinstance(part, str) and isinstance(value, str) else part == value


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, ""),
        ("a", "a"),
        (["a", {"type": "text", "text": "b"}], "ab"),
        ([{"type": "text", "text": None}, {"type": "image_url", "image_url": {"url": "u"}}, None, 3], ""),
        ([{"type": "thinking", "thinking": "x"}, {"type": "output_text", "text": "b"}], "b"),
        ({"type": "text", "text": {"value": "c"}}, "c"),
    ],
)
def test_texts_are_read_from_any_content(content: Any, text: str) -> None:
    assert content_text(content) == text
    answer = completion({"content": content}, "stop")
    assert (normalize_completion(answer)["choices"][0]["message"]["content"] or "") == text
    assert completion_content(answer)[0] == text


@pytest.mark.parametrize(
    "body", [{}, {"choices": []}, {"choices": [None]}, {"choices": [{}]}, {"choices": [{"message": 1}]}]
)
def test_a_completion_without_a_message_is_malformed(body: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, AttributeError, IndexError)):
        to_anthropic_message(msgspec.json.decode(msgspec.json.encode(body)))
