"""Tools that run at the caller: sent to any model as functions, their calls returned in the form of the tool."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from vong.errors import Unsupported
from vong.gateway.endpoints.responses import ResponsesEndpoint
from vong.gateway.translators.anthropic_request import to_chat_request as messages_to_chat
from vong.gateway.translators.anthropic_response import to_anthropic_message
from vong.gateway.translators.anthropic_tools import CLIENT_TOOLS as ANTHROPIC_TOOLS
from vong.gateway.translators.responses_request import to_chat_request
from vong.gateway.translators.responses_response import ResponsesEventEncoder, to_response_object

EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
HI: list[Any] = [{"role": "user", "content": "hi"}]
FUNCTION: dict[str, Any] = {"type": "function", "name": "look", "parameters": {"type": "object"}}
GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: hunk+"}
TOOLS: dict[str, dict[str, Any]] = {
    "edit": {"type": "custom", "name": "edit", "description": "Edit.", "format": GRAMMAR},
    "local_shell": {"type": "local_shell"},
    "shell": {"type": "shell", "environment": {"type": "local"}},
    "apply_patch": {"type": "apply_patch"},
    "mail__send": {
        "type": "namespace",
        "name": "mail",
        "description": "Mail.",
        "tools": [{**FUNCTION, "name": "send"}],
    },
}
CALLS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "edit": ({"input": "*** Begin"}, {"type": "custom_tool_call", "name": "edit", "input": "*** Begin"}),
    "local_shell": (
        {"command": ["ls", "-l"], "timeout_ms": 9},
        {"type": "local_shell_call", "action": {"type": "exec", "command": ["ls", "-l"], "env": {}, "timeout_ms": 9}},
    ),
    "shell": (
        {"commands": ["ls"]},
        {"type": "shell_call", "action": {"commands": ["ls"], "timeout_ms": None, "max_output_length": None}},
    ),
    "apply_patch": (
        {"type": "update_file", "path": "a.py", "diff": "+x"},
        {"type": "apply_patch_call", "operation": {"type": "update_file", "path": "a.py", "diff": "+x"}},
    ),
    "mail__send": (
        {"to": "a"},
        {"type": "function_call", "name": "send", "namespace": "mail", "arguments": '{"to": "a"}'},
    ),
}
OUTPUTS: dict[str, tuple[dict[str, Any], str]] = {
    "edit": ({"type": "custom_tool_call_output", "output": "done"}, "done"),
    "local_shell": ({"type": "local_shell_call_output", "output": "a.py"}, "a.py"),
    "shell": (
        {
            "type": "shell_call_output",
            "output": [{"stdout": "a", "stderr": "", "outcome": {"type": "exit", "exit_code": 1}}],
        },
        "a\n(exit code 1)",
    ),
    "apply_patch": ({"type": "apply_patch_call_output", "status": "failed", "output": "no"}, "The patch failed. no"),
    "mail__send": ({"type": "function_call_output", "output": "sent"}, "sent"),
}


def request(*tools: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"model": "m", "input": "hi", "tools": list(tools), **fields}


def completion(name: str, arguments: str) -> dict[str, Any]:
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
    choice = {"index": 0, "message": {"role": "assistant", "content": None, "tool_calls": [call]}}
    return {"id": "x", "model": "m", "choices": [{**choice, "finish_reason": "tool_calls"}], "usage": None}


def streamed(asked: dict[str, Any], name: str, arguments: str) -> list[dict[str, Any]]:
    encoder = ResponsesEventEncoder(asked, "0" * 32)
    deltas = [{"index": 0, "id": "call_1", "function": {"name": name, "arguments": ""}}]
    deltas += [{"index": 0, "function": {"arguments": letter}} for letter in arguments]
    chunks: list[dict[str, Any]] = [{"delta": {"tool_calls": [delta]}} for delta in deltas]
    chunks.append({"delta": {}, "finish_reason": "tool_calls"})
    events = [event for one in chunks for event in encoder.encode({"model": "m", "choices": [{"index": 0, **one}]})]
    return events + encoder.finish()


@pytest.mark.parametrize("name", list(TOOLS))
def test_a_call_has_the_form_of_its_tool_whole_and_streamed(name: str) -> None:
    asked, (arguments, item) = request(TOOLS[name]), CALLS[name]
    (tool,) = to_chat_request(asked)["tools"]
    assert tool["type"] == "function" and tool["function"]["name"] == name
    text = json.dumps(arguments)
    response = to_response_object(completion(name, text), asked, "0" * 32)
    (found,) = response["output"]
    assert found["call_id"] == "call_1" and found["status"] == "completed"
    assert {field: found[field] for field in item} == item
    Response.model_validate(response)
    events = streamed(asked, name, text)
    for event in events:
        EVENT.validate_python(event)
    assert events[-1]["response"]["output"] == [found]
    done = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    assert done == [found]
    deltas = [event for event in events if event["type"].endswith(".delta")]
    if item["type"] == "custom_tool_call":
        assert "".join(event["delta"] for event in deltas) == found["input"]


@pytest.mark.parametrize("name", list(TOOLS))
def test_a_call_goes_back_to_the_model_with_its_output(name: str) -> None:
    asked, (arguments, _) = request(TOOLS[name]), CALLS[name]
    items = to_response_object(completion(name, json.dumps(arguments)), asked, "0" * 32)["output"]
    output, text = OUTPUTS[name]
    for id in ({"call_id": "call_1"}, {"id": items[0]["id"]}):
        if "call_id" not in id and name != "local_shell":  # only this output may name the item instead
            continue
        turns = to_chat_request({**asked, "input": [*HI, *items, {**output, **id}]})["messages"]
        assert [turn["role"] for turn in turns] == ["user", "assistant", "tool"]
        (call,) = turns[1]["tool_calls"]
        sent = {key: value for key, value in json.loads(call["function"]["arguments"]).items() if value}
        assert call["function"]["name"] == name and sent == arguments
        assert turns[2] == {"role": "tool", "tool_call_id": call["id"], "content": text}


@given(st.text(), st.sampled_from(list(TOOLS)))
def test_any_arguments_of_a_model_become_a_valid_item(arguments: str, name: str) -> None:
    for text in (
        arguments,
        json.dumps(arguments),
        json.dumps({"input": arguments, "command": arguments, "path": arguments}),
    ):
        response = to_response_object(completion(name, text), request(TOOLS[name]), "0" * 32)
        assert len(response["output"]) == 1 and response["output"][0]["call_id"] == "call_1"


def test_the_grammar_is_described() -> None:
    (tool,) = to_chat_request(request(TOOLS["edit"]))["tools"]
    assert "start: hunk+" in tool["function"]["description"]


def test_tool_choice_names_the_function() -> None:
    for choice, name in (
        ({"type": "custom", "name": "edit"}, "edit"),
        ({"type": "shell"}, "shell"),
        ({"type": "apply_patch"}, "apply_patch"),
        ({"type": "function", "name": "look"}, "look"),
    ):
        chat = to_chat_request(request(*TOOLS.values(), FUNCTION, tool_choice=choice))
        assert chat["tool_choice"] == {"type": "function", "function": {"name": name}}
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "custom", "name": "edit"}]}
    chat = to_chat_request(request(*TOOLS.values(), tool_choice=allowed))
    assert chat["tool_choice"] == "required" and [tool["function"]["name"] for tool in chat["tools"]] == ["edit"]


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [{"type": "web_search"}]},
        {"tools": [{"type": "file_search"}, FUNCTION]},
        {"tools": [{"type": "shell", "environment": {"type": "container_auto"}}, FUNCTION]},
        {"tools": [{"type": "web_search"}, FUNCTION], "tool_choice": {"type": "web_search"}},
    ],
)
def test_tools_that_openai_runs_are_rejected(fields: dict[str, Any]) -> None:
    with pytest.raises(Unsupported, match="runs at OpenAI only"):
        to_chat_request(request(**fields))


def test_a_search_that_openai_runs_is_optional_beside_other_tools() -> None:
    tools = to_chat_request(request({"type": "web_search"}, FUNCTION))["tools"]
    assert [tool["function"]["name"] for tool in tools] == ["look"]


@pytest.mark.parametrize("model", ["x", "company/gpt-5.1", "o3"])
@pytest.mark.parametrize("tool", list(TOOLS.values()))
def test_models_of_openai_get_the_tools_themselves(model: str, tool: dict[str, Any]) -> None:
    body = json.dumps({**request(tool), "model": model}).encode()
    endpoint = ResponsesEndpoint()
    assert endpoint.prefers_native(body, "https://api.openai.com/v1")
    assert endpoint.prefers_native(body, "http://10.0.0.1/v1") is (model != "x")


def test_fields_of_responses_do_not_reach_the_chat() -> None:
    fields = {
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "x",
        "truncation": "disabled",
        "service_tier": "auto",
        "client_metadata": {"a": "b"},
        "max_tokens": 5,
        "unknown_to_vong": 1,
        "temperature": 0.5,
        "chat_template_kwargs": {"a": 1},
    }
    chat = to_chat_request({"model": "m", "input": "hi", **fields})
    assert chat.keys() == {"model", "messages", "temperature", "chat_template_kwargs"}


# Anthropic's tools


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("bash_20250124", "bash"),
        ("bash_20241022", "bash"),
        ("text_editor_20250124", "str_replace_editor"),
        ("text_editor_20250728", "str_replace_based_edit_tool"),
        ("computer_20250124", "computer"),
        ("computer_20251124", "computer"),
        ("memory_20250818", "memory"),
    ],
)
def test_tools_of_anthropic_that_the_caller_runs_become_functions(kind: str, name: str) -> None:
    tool = {"type": kind, "name": name, "display_width_px": 800, "display_height_px": 600}
    choice = {"type": "tool", "name": name}
    chat = messages_to_chat({"model": "m", "max_tokens": 9, "messages": HI, "tools": [tool], "tool_choice": choice})
    (function,) = [one["function"] for one in chat["tools"]]
    assert function["name"] == name and function["parameters"]["properties"] and "800" in function["description"]
    assert chat["tool_choice"]["function"]["name"] == name
    arguments = {key: "x" for key in function["parameters"]["required"]}
    (block,) = to_anthropic_message(completion(name, json.dumps(arguments)))["content"]
    assert block == {"type": "tool_use", "id": "call_1", "name": name, "input": arguments}
    assert {"bash", "text_editor", "computer", "memory"} == set(ANTHROPIC_TOOLS)


def test_tools_that_anthropic_runs_are_rejected_unless_optional() -> None:
    search, own = {"type": "web_search_20250305", "name": "web_search"}, {"name": "look", "input_schema": {}}
    loader = {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"}
    base: dict[str, Any] = {"model": "m", "max_tokens": 9, "messages": HI}
    chat = messages_to_chat({**base, "tools": [search, loader, {**own, "defer_loading": True}]})
    assert [tool["function"]["name"] for tool in chat["tools"]] == ["look"]
    chosen = {"tools": [search, own], "tool_choice": {"type": "tool", "name": "web_search"}}
    code = {"tools": [{"type": "code_execution_20250825", "name": "code_execution"}, own]}
    for fields in ({"tools": [search]}, chosen, code):
        with pytest.raises(Unsupported, match="runs at Anthropic only"):
            messages_to_chat({**base, **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {"container": "c"},
        {"mcp_servers": [{"type": "url"}]},
        {"context_management": {"edits": [{"type": "rewrite_20270101"}]}},
        {"inference_geo": "us"},
    ],
)
def test_fields_that_change_the_answer_are_rejected(fields: dict[str, Any]) -> None:
    with pytest.raises(Unsupported, match=next(iter(fields)) if "edits" not in str(fields) else "rewrite"):
        messages_to_chat({"model": "m", "max_tokens": 9, "messages": HI, **fields})


# reasoning


def test_reasoning_of_messages_goes_back_with_its_signature() -> None:
    def turn(*blocks: dict[str, Any]) -> dict[str, Any]:
        message = {"role": "assistant", "content": [*blocks, {"type": "text", "text": "x"}]}
        return messages_to_chat({"model": "m", "max_tokens": 9, "messages": [*HI, message]})["messages"][1]

    own = turn({"type": "thinking", "thinking": "Hm.", "signature": ""})
    assert own["reasoning_content"] == "Hm." and "reasoning_details" not in own
    signed = turn({"type": "thinking", "thinking": "Hm.", "signature": "s"}, {"type": "redacted_thinking", "data": "d"})
    assert [detail["type"] for detail in signed["reasoning_details"]] == ["reasoning.text", "reasoning.encrypted"]
    assert {detail["format"] for detail in signed["reasoning_details"]} == {"anthropic-claude-v1"}
    details = [{"type": "reasoning.encrypted", "data": "g", "format": "google-gemini-v1", "id": "call_1", "index": 0}]
    answer = completion("look", "{}")
    answer["choices"][0]["message"] |= {"reasoning_content": "Hm.", "reasoning_details": details}
    back = to_anthropic_message(answer)["content"]
    chat = messages_to_chat({"model": "m", "max_tokens": 9, "messages": [{"role": "assistant", "content": back}]})
    assert chat["messages"][0]["reasoning_details"] == details
    assert chat["messages"][0]["reasoning_content"] == "Hm."


def test_reasoning_that_openai_encrypted_is_not_taken_for_that_of_claude() -> None:
    item = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": "gAAAA"}
    (turn,) = to_chat_request({"model": "m", "input": [item]})["messages"]
    assert turn["reasoning_content"] == "Hm." and turn["reasoning_details"][0]["format"] == "openai-responses-v1"
