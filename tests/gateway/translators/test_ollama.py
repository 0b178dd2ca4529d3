"""Translation of Ollama's requests and responses."""

import base64
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vong.errors import InvalidInput, Unsupported, UpstreamFailed
from vong.gateway.translators.json_lines import encode_json_line
from vong.gateway.translators.ollama_request import (
    IGNORED_OPTIONS,
    IMAGE_TYPES,
    KNOWN_OPTIONS,
    NO_OP_OPTIONS,
    UNSUPPORTED_GENERATE_FIELDS,
    generate_to_chat_request,
    to_chat_request,
    to_embedding_request,
)
from vong.gateway.translators.ollama_response import OllamaCall, OllamaLineEncoder, to_ollama_response

ASK = [{"role": "user", "content": "hi"}]
TEXT = {"model": "m", "stream": True, "stream_options": {"include_usage": True}, "messages": ASK}
CLOSED = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
OPEN = {"type": "object", "properties": {"a": {"type": "string"}}}
CALL = {"function": {"name": "weather", "arguments": {"city": "Huế"}}}


def call(**changed: Any) -> OllamaCall:
    fields: dict[str, Any] = {"model": "m", "is_chat": True, "shows_thinking": True, "started": time.perf_counter()}
    return OllamaCall(**{**fields, **changed})


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ({}, {}),
        ({"stream": None}, {}),
        ({"keep_alive": "5m"}, {}),
        ({"format": ""}, {}),
        ({"options": None}, {}),
        ({"options": {"num_predict": 5}}, {"max_completion_tokens": 5}),
        ({"options": {"num_predict": -1}}, {}),
        ({"options": {"stop": ["a"], "seed": 3}}, {"stop": ["a"], "seed": 3}),
        ({"options": {"stop": []}}, {}),
        ({"options": {"temperature": 0, "top_p": 0.5}}, {"temperature": 0, "top_p": 0.5}),
        ({"options": {"top_k": 40, "min_p": 0.1}}, {"top_k": 40, "min_p": 0.1}),
        ({"options": {"repeat_penalty": 1.1}}, {"repetition_penalty": 1.1}),
        ({"think": True}, {"reasoning_effort": "medium"}),
        ({"think": "high"}, {"reasoning_effort": "high"}),
        ({"think": False}, {}),
        ({"logprobs": True, "top_logprobs": 2}, {"logprobs": True, "top_logprobs": 2}),
        ({"top_logprobs": 2}, {}),
        ({"format": "json"}, {"response_format": {"type": "json_object"}}),
    ],
)
def test_fields_are_translated(more: dict[str, Any], fields: dict[str, Any]) -> None:
    assert to_chat_request({"model": "m", "messages": ASK, **more}) == {**TEXT, **fields}
    generated = generate_to_chat_request({"model": "m", "prompt": "hi", **more})
    assert generated == {**TEXT, **fields}


@pytest.mark.parametrize(
    ("schema", "strict"), [(CLOSED, True), (OPEN, False), ({"type": "array", "items": OPEN}, False)]
)
def test_a_schema_is_strict_if_openai_accepts_it_as_such(schema: dict[str, Any], strict: bool) -> None:
    found = to_chat_request({"model": "m", "messages": ASK, "format": schema})["response_format"]["json_schema"]
    assert found["schema"] == schema and found.get("strict", False) is strict


def test_every_known_option_is_translated_ignored_or_rejected() -> None:
    for name in KNOWN_OPTIONS:
        to_chat_request({"model": "m", "messages": ASK, "options": {name: None}})
        for value in NO_OP_OPTIONS.get(name, ()):
            assert to_chat_request({"model": "m", "messages": ASK, "options": {name: value}}) == TEXT
    for name in IGNORED_OPTIONS:
        assert to_chat_request({"model": "m", "messages": ASK, "options": {name: 7}}) == TEXT
    for name in ("mirostat", "typical_p", "tfs_z", "repeat_last_n"):
        with pytest.raises(Unsupported, match=name):
            to_chat_request({"model": "m", "messages": ASK, "options": {name: 7}})


@pytest.mark.parametrize(
    "fields",
    [
        {"stream": 1},
        {"think": "hard"},
        {"format": "xml"},
        {"format": 1},
        {"options": []},
        {"options": {"temprature": 1}},
        {"tools": {}},
        {"tools": [1]},
        {"messages": {}},
        {"messages": ["hi"]},
        {"messages": [{"content": "hi"}]},
        {"messages": [{"role": "developer", "content": "hi"}]},
        {"messages": [{"role": "user", "content": [1]}]},
        {"messages": [{"role": "user", "content": "hi", "images": "x"}]},
        {"messages": [{"role": "user", "content": "hi", "images": ["?"]}]},
        {"messages": [{"role": "user", "content": "hi", "images": ["aGVsbG8="]}]},
        {"messages": [{"role": "assistant", "tool_calls": [{}]}]},
        {"messages": [{"role": "tool", "content": "x"}]},
        {"messages": [{"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "tool_name": "other"}]},
    ],
)
def test_malformed_requests_are_rejected(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        to_chat_request({"model": "m", "messages": ASK, **fields})


@pytest.mark.parametrize("name", sorted(UNSUPPORTED_GENERATE_FIELDS))
def test_fields_without_an_equivalent_are_rejected_only_with_a_value(name: str) -> None:
    for empty in (None, "", [], False, 0):
        assert generate_to_chat_request({"model": "m", "prompt": "hi", name: empty}) == TEXT
    with pytest.raises(Unsupported, match=name):
        generate_to_chat_request({"model": "m", "prompt": "hi", name: [1]})


def test_system_and_images_of_a_prompt_become_messages() -> None:
    for start, kind in IMAGE_TYPES.items():
        image = base64.b64encode(start + b"0" * 12).decode()
        asked = {"model": "m", "prompt": "what?", "system": "Be brief.", "images": [image]}
        system, user = generate_to_chat_request(asked)["messages"]
        assert system == {"role": "system", "content": "Be brief."}
        text, part = user["content"]
        assert text == {"type": "text", "text": "what?"}
        assert part == {"type": "image_url", "image_url": {"url": f"data:{kind};base64,{image}"}}


@pytest.mark.parametrize(
    ("results", "ids"),
    [
        ([{"tool_name": "weather"}, {"tool_name": "time"}], ["call_1", "call_2"]),
        ([{"tool_name": "time"}, {"tool_name": "weather"}], ["call_2", "call_1"]),
        ([{}, {}], ["call_1", "call_2"]),
        ([{"tool_call_id": "call_2"}, {"tool_call_id": "call_1"}], ["call_2", "call_1"]),
        ([{"tool_call_id": "unknown", "tool_name": "time"}, {"name": "weather"}], ["call_2", "call_1"]),
    ],
)
def test_tool_results_are_matched_with_their_calls(results: list[dict[str, Any]], ids: list[str]) -> None:
    calls = [CALL, {"function": {"name": "time", "arguments": {}}}]
    messages: list[dict[str, Any]] = [*ASK, {"role": "assistant", "content": "", "tool_calls": calls}]
    messages += [{"role": "tool", "content": "x", **result} for result in results]
    chat = to_chat_request({"model": "m", "messages": messages})["messages"]
    assert [call["id"] for call in chat[1]["tool_calls"]] == ["call_1", "call_2"]
    assert json.loads(chat[1]["tool_calls"][0]["function"]["arguments"]) == {"city": "Huế"}
    assert [message["tool_call_id"] for message in chat[2:]] == ids


def test_both_forms_of_embedding_requests_are_translated() -> None:
    assert to_embedding_request({"model": "m", "input": ["a"], "dimensions": 8, "truncate": True}) == {
        "model": "m",
        "input": ["a"],
        "dimensions": 8,
    }
    assert to_embedding_request({"model": "m", "prompt": "a"}) == {"model": "m", "input": "a"}


def test_a_completion_becomes_a_response() -> None:
    function = {"name": "weather", "arguments": '{"city": "Huế"}'}
    message = {
        "content": "a",
        "refusal": "b",
        "reasoning_content": "c",
        "tool_calls": [{"id": "1", "function": function}],
    }
    completion = {
        "choices": [{"message": message, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
    }
    found = to_ollama_response(completion, call())
    assert found["message"]["content"] == "ab" and found["message"]["thinking"] == "c"
    assert found["message"]["tool_calls"][0]["function"]["arguments"] == {"city": "Huế"}
    assert (found["done"], found["done_reason"], found["prompt_eval_count"], found["eval_count"]) == (
        True,
        "length",
        3,
        4,
    )
    generated = to_ollama_response(completion, call(is_chat=False, shows_thinking=False))
    assert generated["response"] == "ab" and "thinking" not in generated and "message" not in generated
    function["arguments"] = "{"
    with pytest.raises(UpstreamFailed, match="invalid JSON"):
        to_ollama_response(completion, call())


@given(
    words=st.lists(st.text(min_size=1, max_size=8), max_size=6),
    arguments=st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
    cut=st.integers(0, 20),
    calls=st.integers(0, 3),
)
def test_a_stream_says_the_same_as_a_complete_response(
    words: list[str], arguments: dict[str, int], cut: int, calls: int
) -> None:
    text = json.dumps(arguments)
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}, *({"content": word} for word in words)]
    for index in range(calls):
        head, rest = {"index": index, "id": f"c{index}", "function": {"name": "f", "arguments": text[:cut]}}, text[cut:]
        deltas += [{"tool_calls": [head]}, {"tool_calls": [{"index": index, "function": {"arguments": rest}}]}]
    encoder, lines = OllamaLineEncoder(call()), b""
    for delta in [*deltas, {}]:
        lines += encoder.encode({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    lines += encoder.encode({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}) + encoder.finish()
    parts = [json.loads(line) for line in lines.splitlines()]
    message: dict[str, Any] = {"content": "".join(words)}
    function = {"name": "f", "arguments": text}
    message["tool_calls"] = [{"id": f"c{index}", "function": function} for index in range(calls)]
    whole = to_ollama_response({"choices": [{"message": message}], "usage": {"completion_tokens": 2}}, call())
    assert "".join(part["message"]["content"] for part in parts) == whole["message"]["content"]
    found = [call for part in parts for call in part["message"].get("tool_calls", ())]
    assert found == whole["message"].get("tool_calls", [])
    assert [part["done"] for part in parts] == [False] * (len(parts) - 1) + [True]
    assert parts[-1]["eval_count"] == 2


def test_an_error_ends_the_lines_of_a_stream() -> None:
    encoder = OllamaLineEncoder(call())
    assert json.loads(encoder.encode({"error": {"message": "gone"}})) == {"error": "gone"}
    assert encoder.finish() == b""


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\u2029", "\x1c", "\x1e", "\r", "\n", "\v", "\f"])
def test_a_line_is_one_line_for_every_client(separator: str) -> None:
    line = encode_json_line({"text": f"a{separator}b"})
    assert len(line.decode().splitlines()) == 1
    assert json.loads(line) == {"text": f"a{separator}b"}
