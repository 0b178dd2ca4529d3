"""Tests of rendered prompts as parts of requests of each endpoint."""

from typing import Any

import pytest

from vong.errors import InvalidInput, Unsupported
from vong.gateway.translators.prompt_request import (
    PromptContent,
    insert_parts,
    merge_chat,
    merge_messages,
    merge_responses,
    separate_parts,
)

FUNCTION = {"name": "close", "parameters": {"type": "object"}}
SYSTEM, USER = {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Question"}


def content(*messages: dict[str, Any], **more: Any) -> PromptContent:
    values: dict[str, Any] = {"tools": [], "output_schema": None, "settings": {}, **more}
    return PromptContent("my prompt", list(messages or (SYSTEM, USER)), **values)


def test_a_field_that_is_null_counts_as_not_sent() -> None:
    request = {"model": "m", "messages": None, "temperature": None, "tools": None, "prompt": {"id": "x"}}
    merged = merge_chat(request, content(settings={"temperature": 0}, tools=[{"type": "function", **FUNCTION}]))
    assert merged == {
        "model": "m",
        "temperature": 0,
        "messages": [SYSTEM, USER],
        "tools": [{"type": "function", "function": FUNCTION}],
    }


@pytest.mark.parametrize("sent", ["max_tokens", "max_completion_tokens", "max_output_tokens"])
@pytest.mark.parametrize("own", ["max_tokens", "max_completion_tokens", "max_output_tokens"])
def test_any_maximum_of_the_request_replaces_that_of_the_prompt(sent: str, own: str) -> None:
    settings = {own: 100}
    assert merge_chat({"model": "m", sent: 5}, content(settings=settings))[sent] == 5
    assert 100 not in merge_chat({"model": "m", sent: 5}, content(settings=settings)).values()
    assert 100 in merge_chat({"model": "m"}, content(settings=settings)).values()
    assert merge_responses({"model": "m"}, content(settings=settings))["max_output_tokens"] == 100


def test_settings_of_a_chat_get_the_names_of_responses() -> None:
    settings = {
        "reasoning_effort": "low",
        "verbosity": "low",
        "stop": ["END"],
        "tool_choice": {"type": "function", "function": {"name": "close"}},
    }
    merged = merge_responses({"model": "m", "text": {"verbosity": "high"}}, content(settings=settings))
    assert merged["reasoning"] == {"effort": "low"} and merged["text"] == {"verbosity": "high"}
    assert merged["stop"] == ["END"] and merged["tool_choice"] == {"type": "function", "name": "close"}
    chat = merge_chat({"model": "m"}, content(settings={"reasoning": {"effort": "high"}}))
    assert chat["reasoning_effort"] == "high" and "reasoning" not in chat


def test_the_schema_of_the_answer_is_strict_only_where_openai_accepts_it() -> None:
    loose = {"type": "object", "properties": {"a": {"type": "string"}}}
    strict = {**loose, "required": ["a"], "additionalProperties": False}
    nested = {**strict, "properties": {"a": {"type": "array", "items": loose}}}
    for schema, is_strict in ((loose, False), (strict, True), (nested, False)):
        format = merge_chat({"model": "m"}, content(output_schema=schema))["response_format"]["json_schema"]
        assert format == {"name": "my_prompt", "schema": schema, **({"strict": True} if is_strict else {})}
        assert merge_responses({"model": "m"}, content(output_schema=schema))["text"]["format"]["schema"] == schema
    own = {"type": "text"}
    assert merge_responses({"text": {"format": own}}, content(output_schema=strict))["text"] == {"format": own}
    assert merge_chat({"response_format": own}, content(output_schema=strict))["response_format"] == own


def test_a_message_of_anthropic_follows_the_prompt() -> None:
    request: dict[str, Any] = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "more"}]}
    tools = [{"type": "function", "function": FUNCTION}]
    merged = merge_messages(request, content(tools=tools, settings={"temperature": 0, "stop": "END", "max_tokens": 9}))
    assert merged["system"] == "Be brief." or merged["system"][0]["text"] == "Be brief."
    assert [message["role"] for message in merged["messages"]] == ["user", "user"]
    assert "Question" in str(merged["messages"][0]) and merged["messages"][1] == request["messages"][0]
    assert "-" not in str(merged["messages"][0]["content"])
    assert (merged["max_tokens"], merged["temperature"], merged["stop_sequences"]) == (5, 0, ["END"])
    assert merged["tools"][0]["name"] == "close"
    assert merge_messages({**request, "system": "Mine"}, content())["system"] == "Mine"
    only_system = merge_messages(request, content(SYSTEM))
    assert only_system["messages"] == request["messages"] and "max_tokens" in only_system
    few_shot = content(SYSTEM, USER, {"role": "assistant", "content": "Answer"})
    assert [one["role"] for one in merge_messages(request, few_shot)["messages"]] == ["user", "assistant", "user"]


def test_images_stand_where_their_variable_stands() -> None:
    image = {"type": "input_image", "image_url": "data:,x"}
    values, parts = separate_parts({"image": image, "text": {"type": "input_text", "text": "t"}, "n": 1})
    assert (values["text"], values["n"]) == ("t", 1)
    marker = values["image"]
    found = insert_parts([{"role": "user", "content": f"a {marker} b"}, USER], parts, as_chat=True)
    assert found[0]["content"] == [
        {"type": "text", "text": "a "},
        {"type": "image_url", "image_url": {"url": "data:,x"}},
        {"type": "text", "text": " b"},
    ]
    assert found[1] == USER
    assert insert_parts([{"role": "user", "content": marker}], parts, as_chat=False)[0]["content"] == [image]
    for message in ({"role": "user", "content": "x", "name": marker}, {"role": "user", "content": marker.upper()}):
        with pytest.raises(InvalidInput, match="'image' is of type 'input_image'"):
            insert_parts([message], parts, as_chat=True)
    file = separate_parts({"file": {"type": "input_file", "file_id": "file-1"}})
    with pytest.raises(Unsupported):
        insert_parts([{"role": "user", "content": file[0]["file"]}], file[1], as_chat=True)
