"""Rules that the APIs of Anthropic, Bedrock, Gemini and Cohere enforce, for chats of any origin."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vong.errors import Unsupported
from vong.gateway.translators.anthropic_request import to_anthropic_request, to_chat_request
from vong.gateway.translators.claude import parse_claude_model
from vong.gateway.translators.gemini_schema import PLAIN_KEYWORDS, reduce_schema
from vong.gateway.translators.openai_bedrock_request import to_bedrock_request
from vong.gateway.translators.openai_cohere import to_cohere_request
from vong.gateway.translators.openai_gemini_request import to_gemini_request
from vong.gateway.translators.tool_call_ids import ANTHROPIC_ID_PATTERN

TRANSLATORS = {
    "anthropic": to_anthropic_request,
    "bedrock": to_bedrock_request,
    "gemini": to_gemini_request,
    "cohere": to_cohere_request,
}
HI: list[Any] = [{"role": "user", "content": "hi"}]
CACHED = {"cache_control": {"type": "ephemeral"}}
TOOL: dict[str, Any] = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}


def call(id: Any = "call_a", arguments: Any = "{}") -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": "look", "arguments": arguments}}


def ask(kind: str, messages: list[Any], model: str = "claude-sonnet-4-5", **fields: Any) -> dict[str, Any]:
    return TRANSLATORS[kind]({"model": model, "messages": messages, **fields})


def turns_of(kind: str, request: dict[str, Any]) -> list[dict[str, Any]]:
    return request["contents" if kind == "gemini" else "messages"]


def texts_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for item in value.values() for text in texts_of(item)]
    return [text for item in value for text in texts_of(item)] if isinstance(value, list) else []


# conversations of any form

BLANK = st.sampled_from(["", " ", "\n"])
PART = st.builds(lambda text: {"type": "text", "text": text}, BLANK | st.just("word"))
CONTENT = st.none() | BLANK | st.just("word") | st.lists(PART, max_size=3)
IDS = st.sampled_from(["call_a", "functions.look:0", "x" * 90, "", "tool|1", "a b"])


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return a conversation whose results answer the calls before them."""
    messages = list[dict[str, Any]]()
    for _ in range(draw(st.integers(1, 5))):
        role = draw(st.sampled_from(["system", "user", "assistant", "calls"]))
        if role != "calls":
            messages.append({"role": role, "content": draw(CONTENT)})
            continue
        ids = draw(st.lists(IDS, min_size=1, max_size=3, unique=True))
        messages.append({"role": "assistant", "content": draw(CONTENT), "tool_calls": [call(id) for id in ids]})
        messages += [{"role": "tool", "tool_call_id": id, "content": draw(CONTENT)} for id in ids]
    return [*messages, {"role": "user", "content": "end"}]


@pytest.mark.parametrize("kind", list(TRANSLATORS))
@given(conversations())
def test_no_blank_text_is_sent_and_roles_alternate(kind: str, messages: list[dict[str, Any]]) -> None:
    request = ask(kind, messages, tools=[TOOL])
    assert all(text.strip() for text in texts_of(request))
    turns = turns_of(kind, request)
    assert all(turn.get("content") or turn.get("parts") or turn.get("tool_calls") for turn in turns)
    if kind != "cohere":
        assert [turn["role"] == "user" for turn in turns] == [position % 2 == 0 for position in range(len(turns))]


@pytest.mark.parametrize("kind", ["anthropic", "bedrock"])
@given(conversations())
def test_calls_and_results_have_the_same_accepted_id_once(kind: str, messages: list[dict[str, Any]]) -> None:
    blocks = [block for turn in ask(kind, messages, tools=[TOOL])["messages"] for block in turn["content"]]
    if kind == "anthropic":
        calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
    else:
        calls = [block["toolUse"]["toolUseId"] for block in blocks if "toolUse" in block]
        results = [block["toolResult"]["toolUseId"] for block in blocks if "toolResult" in block]
    assert calls == results and len(set(calls)) == len(calls)
    assert all(ANTHROPIC_ID_PATTERN.fullmatch(id) for id in calls)
    originals = [one["id"] for message in messages for one in message.get("tool_calls") or []]
    if len(set(originals)) == len(originals):
        assert all(new == old for new, old in zip(calls, originals, strict=True) if ANTHROPIC_ID_PATTERN.fullmatch(old))


@pytest.mark.parametrize("kind", ["anthropic", "bedrock", "gemini"])
def test_a_conversation_begins_with_the_user(kind: str) -> None:
    for messages in ([{"role": "assistant", "content": "Hello!"}, *HI], [{"role": "system", "content": "x"}]):
        assert turns_of(kind, ask(kind, messages))[0]["role"] == "user"


def test_results_come_first_in_their_turn() -> None:
    late = [*HI, {"role": "assistant", "tool_calls": [call()]}, {"role": "user", "content": "wait"}]
    late.append({"role": "tool", "tool_call_id": "call_a", "content": "42"})
    assert [b["type"] for b in ask("anthropic", late)["messages"][2]["content"]] == ["tool_result", "text"]
    assert [next(iter(b)) for b in ask("bedrock", late)["messages"][2]["content"]] == ["toolResult", "text"]


@pytest.mark.parametrize("kind", ["anthropic", "bedrock", "gemini"])
@pytest.mark.parametrize(("arguments", "sent"), [(None, {}), ("", {}), (" ", {}), ("null", {}), ('{"q": 1}', {"q": 1})])
def test_arguments_are_sent_as_an_object(kind: str, arguments: Any, sent: Any) -> None:
    request = ask(kind, [*HI, {"role": "assistant", "tool_calls": [call(arguments=arguments)]}])
    assert json.dumps(sent) in json.dumps(request)


@pytest.mark.parametrize("kind", ["anthropic", "bedrock", "gemini"])
@pytest.mark.parametrize("arguments", ['{"q": "cut', "[1]", '"text"', "5"])
def test_arguments_that_are_no_object_are_left_to_other_targets(kind: str, arguments: str) -> None:
    with pytest.raises(Unsupported, match="call_a"):
        ask(kind, [*HI, {"role": "assistant", "tool_calls": [call(arguments=arguments)]}])


# media


@pytest.mark.parametrize("kind", list(TRANSLATORS))
@pytest.mark.parametrize(
    ("given_type", "data", "sent"),
    [
        ("image/jpg", "QUJD", "jpeg"),
        ("image/JPG", "QUJD", "jpeg"),
        ("image/pjpeg", "QUJD", "jpeg"),
        ("image/x-png", "QUJD", "png"),
        ("image/jpeg;name=a.jpg", "QUJD", "jpeg"),
        ("", "iVBORw0KGgoAAAANSUhEUg==", "png"),
        ("application/octet-stream", "/9j/4AAQSkZJRgABAQ==", "jpeg"),
    ],
)
def test_media_types_have_their_registered_name(kind: str, given_type: str, data: str, sent: str) -> None:
    part = {"type": "image_url", "image_url": {"url": f"data:{given_type};base64,{data}"}}
    text = json.dumps(ask(kind, [{"role": "user", "content": [part]}]))
    assert (f'"format": "{sent}"' if kind == "bedrock" else f"image/{sent}") in text and data in text


@pytest.mark.parametrize("kind", ["anthropic", "bedrock"])
def test_images_that_the_api_does_not_read_are_rejected(kind: str) -> None:
    part = {"type": "image_url", "image_url": {"url": "data:image/svg+xml;base64,QUJD"}}
    with pytest.raises(Unsupported, match="svg"):
        ask(kind, [{"role": "user", "content": [part]}])


# caching


def test_cache_control_reaches_anthropic_from_every_place() -> None:
    inner = {**TOOL, "function": {**TOOL["function"], **CACHED}}
    for tool in ({**TOOL, **CACHED}, inner):
        assert ask("anthropic", HI, tools=[tool])["tools"][0]["cache_control"] == CACHED["cache_control"]
        assert ask("bedrock", HI, tools=[tool])["toolConfig"]["tools"][1] == {"cachePoint": {"type": "default"}}
    history = [*HI, {"role": "assistant", "tool_calls": [call()]}, {"role": "tool", "tool_call_id": "call_a"}]
    for position, message in enumerate([{"role": "system", "content": "x"}, *history]):
        messages = [{"role": "system", "content": "x"}, *history]
        messages[position] = {**message, "content": message.get("content") or "x", **CACHED}
        assert json.dumps(ask("anthropic", messages)).count("cache_control") == 1
        assert json.dumps(ask("bedrock", messages)).count("cachePoint") == 1
    hour = [{"role": "user", "content": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    assert ask("bedrock", hour)["messages"][0]["content"][1] == {"cachePoint": {"type": "default", "ttl": "1h"}}
    assert "cachePoint" not in json.dumps(ask("bedrock", hour, "meta.llama3-70b-instruct-v1:0"))


@pytest.mark.parametrize("kind", ["anthropic", "bedrock"])
def test_more_cache_points_than_the_api_accepts_are_reduced(kind: str) -> None:
    parts = [{"type": "text", "text": str(number), **CACHED} for number in range(9)]
    request = ask(kind, [{"role": "system", "content": parts[:1]}, {"role": "user", "content": parts[1:]}])
    text = json.dumps(request)
    assert text.count("cache_control") + text.count("cachePoint") == 4 and text.count('"text"') >= 9


def test_cache_control_of_messages_reaches_bedrock() -> None:
    request = {
        "model": "eu.anthropic.claude-sonnet-4-5-v1:0",
        "max_tokens": 9,
        "system": [{"type": "text", "text": "x", **CACHED}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi", **CACHED}]}],
        "tools": [{"name": "look", "input_schema": {"type": "object"}, **CACHED}],
    }
    assert json.dumps(to_bedrock_request(to_chat_request(request))).count("cachePoint") == 3


# thinking of Claude

TOOL_LOOP = [*HI, {"role": "assistant", "tool_calls": [call()]}, {"role": "tool", "tool_call_id": "call_a"}]
SIGNED = [{"type": "reasoning.text", "text": "Hm", "signature": "s", "format": "anthropic-claude-v1"}]
BEDROCK_NAME = "eu.anthropic.{}-v1:0"


def thinking_of(kind: str, model: str, messages: list[Any] = HI, **fields: Any) -> dict[str, Any]:
    name = BEDROCK_NAME.format(model) if kind == "bedrock" else model
    request = ask(kind, messages, name, **{"reasoning_effort": "high", **fields})
    return request.get("additionalModelRequestFields", {}) if kind == "bedrock" else request


@pytest.mark.parametrize("kind", ["anthropic", "bedrock"])
@pytest.mark.parametrize(
    ("model", "adaptive"),
    [
        ("claude-3-7-sonnet-20250219", False),
        ("claude-sonnet-4-20250514", False),
        ("claude-opus-4-1", False),
        ("claude-sonnet-4-5-20250929", False),
        ("claude-haiku-4-5", False),
        ("claude-opus-4-6", True),
        ("claude-opus-4-7", True),
        ("claude-opus-4.8", True),
        ("claude-opus-5", True),
        ("claude-sonnet-5-20270101", True),
        ("claude-mythos-preview", True),
        ("claude-fable-5", True),
    ],
)
def test_an_effort_has_the_form_of_the_model(kind: str, model: str, adaptive: bool) -> None:
    fields = thinking_of(kind, model)
    assert fields["thinking"]["type"] == ("adaptive" if adaptive else "enabled")
    assert ("budget_tokens" in fields["thinking"]) != adaptive
    assert fields.get("output_config") == ({"effort": "high"} if adaptive else None)
    assert "thinking" not in thinking_of(kind, model, reasoning_effort="none")


@pytest.mark.parametrize("kind", ["anthropic", "bedrock"])
@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "claude-opus-4-7"])
def test_thinking_is_never_sent_beside_what_claude_rejects_with_it(kind: str, model: str) -> None:
    sampling: list[dict[str, Any]] = [
        {"temperature": 0.2},
        {"top_p": 0.5},
        {"top_k": 4},
        {"temperature": 1, "top_p": 1},
    ]
    for fields in sampling:
        text = json.dumps(thinking_of(kind, model, **fields))
        assert "thinking" in text and not re.search(r'"(temperature|top_p|top_k)"', text)
    for choice in ("required", {"type": "function", "function": {"name": "look"}}):
        with pytest.raises(Unsupported, match="forced"):
            thinking_of(kind, model, tools=[TOOL], tool_choice=choice)
    with pytest.raises(Unsupported, match="continue"):
        thinking_of(kind, model, [*HI, {"role": "assistant", "content": "Xin"}])


@pytest.mark.parametrize("kind", ["anthropic", "bedrock"])
def test_thinking_is_off_within_calls_that_began_without_it(kind: str) -> None:
    model = "claude-sonnet-4-5"
    assert "thinking" not in thinking_of(kind, model, TOOL_LOOP, tools=[TOOL])
    signed = [*HI, {**TOOL_LOOP[1], "reasoning_details": SIGNED}, TOOL_LOOP[2]]
    assert thinking_of(kind, model, signed, tools=[TOOL])["thinking"]["type"] == "enabled"
    longer = [*signed, {"role": "assistant", "tool_calls": [call("b")]}, {"role": "tool", "tool_call_id": "b"}]
    assert thinking_of(kind, model, longer, tools=[TOOL])["thinking"]["type"] == "enabled"
    over = [*TOOL_LOOP, {"role": "assistant", "content": "42"}, *HI]
    assert thinking_of(kind, model, over, tools=[TOOL])["thinking"]["type"] == "enabled"
    assert thinking_of(kind, "claude-opus-4-7", TOOL_LOOP, tools=[TOOL])["thinking"]["type"] == "adaptive"


def test_the_budget_is_below_the_maximum() -> None:
    for tokens in (1025, 2000, 100_000, None, -1, 0):
        request = ask("anthropic", HI, reasoning_effort="high", max_tokens=tokens)
        assert 1024 <= request["thinking"]["budget_tokens"] < request["max_tokens"]
    own = {"type": "enabled", "budget_tokens": 10_000}
    assert ask("anthropic", HI, thinking=own, max_tokens=4096)["thinking"]["budget_tokens"] == 4095
    newer = ask("anthropic", HI, "claude-opus-4-7", thinking=own)
    assert newer["thinking"]["type"] == "adaptive" and newer["output_config"] == {"effort": "medium"}
    for kind in ("anthropic", "bedrock"):
        with pytest.raises(Unsupported, match="1024"):
            ask(kind, HI, reasoning_effort="low", max_tokens=500)


def test_sampling_fields_that_a_newer_model_rejects() -> None:
    for kind in ("anthropic", "bedrock"):
        assert "temperature" not in json.dumps(ask(kind, HI, "claude-opus-4-7", temperature=1, top_p=1))
        for field in ("temperature", "top_p", "top_k"):
            with pytest.raises(Unsupported, match=field):
                ask(kind, HI, "claude-opus-5", **{field: 0.5})
        both = json.dumps(ask(kind, HI, "claude-sonnet-4-5", temperature=0.5, top_p=1)).lower()
        assert "temperature" in both and "top" not in both
        with pytest.raises(Unsupported, match="top_p"):
            ask(kind, HI, "claude-sonnet-4-5", temperature=0.5, top_p=0.9)
        ask(kind, HI, "claude-3-5-sonnet", temperature=0.5, top_p=0.9)
    with pytest.raises(Unsupported, match="verbosity"):
        ask("anthropic", HI, verbosity="low")
    assert "verbosity" not in ask("anthropic", HI, verbosity="medium")


def test_a_prefill_is_rejected_by_models_that_do_not_continue_it() -> None:
    prefill = [*HI, {"role": "assistant", "content": "Xin "}]
    assert ask("anthropic", prefill)["messages"][-1]["content"][0]["text"] == "Xin"
    with pytest.raises(Unsupported, match="continue"):
        ask("anthropic", prefill, "claude-opus-4-6")


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("claude-3-5-sonnet-20241022", (3, 5)),
        ("claude-opus-4-1@20250805", (4, 1)),
        ("claude-sonnet-4-20250514", (4, 0)),
        ("anthropic.claude-opus-4-7", (4, 7)),
        ("anthropic/claude-opus-4.7", (4, 7)),
        ("claude-instant-1.2", (1, 2)),
        ("kimi-k2", None),
    ],
)
def test_the_version_of_a_model_is_read_from_its_name(name: str, version: tuple[int, int] | None) -> None:
    assert parse_claude_model(name).version == version


# tools


def test_tools_of_earlier_messages_are_declared() -> None:
    history = [*TOOL_LOOP, {"role": "user", "content": "sum up"}]
    assert ask("bedrock", history)["toolConfig"]["tools"][0]["toolSpec"]["name"] == "look"
    request = ask("anthropic", history)
    assert request["tools"][0]["name"] == "look" and request["tool_choice"] == {"type": "none"}
    assert "toolConfig" not in ask("bedrock", HI) and "tools" not in ask("anthropic", HI)


@pytest.mark.parametrize("kind", ["anthropic", "bedrock", "gemini"])
def test_a_tool_name_that_the_api_rejects_is_left_to_other_targets(kind: str) -> None:
    with pytest.raises(Unsupported, match="tool name"):
        ask(kind, HI, tools=[{"type": "function", "function": {"name": "a name"}}])


def test_limits_are_not_exceeded_by_native_fields() -> None:
    config = {"maxOutputTokens": 99_999, "temperature": 0.1}
    found = ask("gemini", HI, max_tokens=10, generationConfig=config)["generationConfig"]
    assert found == {"maxOutputTokens": 10, "temperature": 0.1}
    with pytest.raises(Unsupported, match="candidates"):
        ask("gemini", HI, generationConfig={"candidateCount": 8})
    with pytest.raises(Unsupported, match="max_tokens"):
        ask("bedrock", HI, max_tokens=10, additionalModelRequestFields={"max_tokens": 99_999})


# Gemini


def test_gemini_gets_only_keywords_that_it_knows() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {
            "const": {"const": "a", "default": "a"},
            "count": {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 9, "multipleOf": 2},
            "link": {"type": "string", "format": "uri", "examples": ["x"]},
            "one": {"allOf": [{"type": "string"}, {"description": "d"}]},
            "list": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/definitions/item", "default": 1}},
            "map": {"type": "object", "additionalProperties": {"not": {}}, "patternProperties": {"x": {}}},
        },
        "definitions": {"item": {"type": "string", "$comment": "c"}},
        "if": {},
        "required": ["const"],
    }
    assert reduce_schema(schema) == {
        "type": "object",
        "properties": {
            "const": {"enum": ["a"]},
            "count": {"type": "integer", "minimum": 1, "maximum": 8},
            "link": {"type": "string"},
            "one": {"type": "string", "description": "d"},
            "list": {"type": "array", "items": {"$ref": "#/$defs/item"}},
            "map": {"type": "object", "additionalProperties": {}},
        },
        "$defs": {"item": {"type": "string"}},
        "required": ["const"],
    }
    assert "default" not in PLAIN_KEYWORDS
    function = {"name": "look", "parameters": schema}
    request = ask("gemini", HI, "gemini-3-pro", tools=[{"type": "function", "function": function}])
    assert request["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"] == reduce_schema(schema)


def test_calls_of_other_models_have_a_signature_where_gemini_requires_one() -> None:
    calls = [*HI, {"role": "assistant", "tool_calls": [call("a"), call("b")]}]
    calls += [{"role": "tool", "tool_call_id": id, "content": "42"} for id in ("a", "b")]
    for model, signed in (("gemini-3-pro", [True, False]), ("gemini-2.5-flash", [False, False])):
        parts = ask("gemini", calls, model)["contents"][1]["parts"]
        assert ["thoughtSignature" in part for part in parts] == signed


@pytest.mark.parametrize(
    ("model", "effort", "config"),
    [
        ("gemini-2.5-flash", "none", {"thinkingBudget": 0}),
        ("gemini-2.5-pro", "none", {"thinkingBudget": 128}),
        ("gemini-3-pro-preview", "medium", {"thinkingLevel": "high", "includeThoughts": True}),
        ("gemini-3-flash", "minimal", {"thinkingLevel": "minimal", "includeThoughts": True}),
        ("gemini-2.0-flash", "none", None),
    ],
)
def test_the_effort_of_gemini(model: str, effort: str, config: dict[str, Any] | None) -> None:
    found = ask("gemini", HI, model, reasoning_effort=effort).get("generationConfig") or {}
    assert found.get("thinkingConfig") == config


def test_combinations_that_gemini_rejects_are_left_to_other_targets() -> None:
    with pytest.raises(Unsupported, match="reason"):
        ask("gemini", HI, "gemini-2.0-flash", reasoning_effort="high")
    with pytest.raises(Unsupported, match="with tools"):
        ask("gemini", HI, "gemini-2.5-pro", tools=[TOOL], response_format={"type": "json_object"})
    ask("gemini", HI, "gemini-3-pro", tools=[TOOL], response_format={"type": "json_object"})
