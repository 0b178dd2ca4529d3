"""Conversations as clients send them: unpaired tool results, other spellings of parts, blocks of other models."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.translators.test_target_rules import HI, TOOL, TRANSLATORS, ask, call, turns_of
from vong.errors import InvalidInput
from vong.gateway.endpoints import ENDPOINTS
from vong.gateway.endpoints.messages import MessagesEndpoint
from vong.gateway.pipeline.exchange import UpstreamExchange
from vong.gateway.providers import dialects
from vong.gateway.providers.translation import translate_request
from vong.gateway.translators.anthropic_request import to_chat_request
from vong.gateway.translators.chat_dialect import adapt_translated_chat
from vong.gateway.translators.gemini_schema import reduce_schema
from vong.gateway.translators.reasoning_envelope import pack_reasoning
from vong.gateway.translators.responses_response import to_response_object
from vong.gateway.translators.responses_tools import has_special_tools, request_tools
from vong.gateway.translators.tool_results import MISSING_RESULT_TEXT, move_result_images, pair_tool_results

IMAGE: dict[str, Any] = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
KINDS = list(TRANSLATORS)


def result(id: str | None = "call_a", content: Any = "42") -> dict[str, Any]:
    return {"role": "tool", "content": content, **({} if id is None else {"tool_call_id": id})}


def assistant(*ids: str) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": [call(id) for id in ids]}


MESSAGES = st.lists(
    st.one_of(
        st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=2, unique=True).map(
            lambda ids: assistant(*ids)
        ),
        st.sampled_from(["a", "b", "c", "z"]).map(result),
        st.sampled_from([{"role": "user", "content": "go on"}, {"role": "assistant", "content": "Well."}]),
    ),
    max_size=8,
)


def count_unpaired(messages: list[dict[str, Any]]) -> int:
    """Return the number of calls and results that the other APIs reject, up to the last assistant message."""
    unpaired, called, answered = 0, list[str](), list[str]()
    end: dict[str, Any] = {"role": "assistant"}
    for message in [*messages, end]:
        if message["role"] == "assistant":
            unpaired += called != answered if message is not messages[-1] or not called else 0
            called, answered = sorted(one["id"] for one in message.get("tool_calls") or []), []
        elif message["role"] == "tool":
            answered = sorted([*answered, message["tool_call_id"]])
    return unpaired


@given(MESSAGES)
def test_every_call_has_one_result_and_every_result_a_call(messages: list[dict[str, Any]]) -> None:
    paired = pair_tool_results([*messages, {"role": "user", "content": "end"}])
    assert count_unpaired(paired) == 0
    assert pair_tool_results(paired) == paired
    kept = [message for message in paired if message.get("content") != MISSING_RESULT_TEXT]
    assert [message for message in kept if message["role"] == "assistant"] == [
        message for message in messages if message["role"] == "assistant"
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_unpaired_results_reach_no_api(kind: str) -> None:
    interrupted = json.dumps(ask(kind, [*HI, assistant("call_a", "call_b"), result(), *HI], tools=[TOOL]))
    assert MISSING_RESULT_TEXT in interrupted and interrupted.count("42") == 1
    shortened = json.dumps(ask(kind, [result("call_z"), *HI]))
    assert "earlier tool call" in shortened and "42" in shortened
    repeated = json.dumps(ask(kind, [*HI, assistant("call_a"), result(), result(content="43")], tools=[TOOL]))
    assert "43" in repeated and "42" not in repeated
    without_id = json.dumps(ask(kind, [*HI, assistant("call_a"), result(None)], tools=[TOOL]))
    assert without_id.count("42") == 1 and MISSING_RESULT_TEXT not in without_id
    with pytest.raises(InvalidInput, match="tool_call_id"):
        body = {"model": "claude-x", "messages": [*HI, result(None)]}
        translate_request(json.dumps(body).encode(), TRANSLATORS[kind])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("content", "same_as"),
    [
        (["a", {"type": "text", "text": "b"}], [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]),
        ({"type": "text", "text": "a"}, [{"type": "text", "text": "a"}]),
        ([{"type": "input_text", "text": "a"}], [{"type": "text", "text": "a"}]),
        ([{"type": "image_url", "image_url": IMAGE["image_url"]["url"]}], [IMAGE]),
        ([{"type": "input_image", "image_url": IMAGE["image_url"]["url"]}], [IMAGE]),
    ],
)
def test_other_spellings_of_a_content_are_read(kind: str, content: Any, same_as: Any) -> None:
    first, second = (ask(kind, [{"role": "user", "content": one}]) for one in (content, same_as))
    assert turns_of(kind, first) == turns_of(kind, second)


@pytest.mark.parametrize("kind", KINDS)
def test_objects_instead_of_texts_are_read(kind: str) -> None:
    calls = {"role": "assistant", "content": None, "tool_calls": [call(arguments={"q": 1})]}
    found = json.dumps(ask(kind, [*HI, calls, result(content={"degrees": 31})], tools=[TOOL]))
    assert "degrees" in found and "31" in found
    assert found == json.dumps(
        ask(
            kind,
            [*HI, {**calls, "tool_calls": [call(arguments='{"q":1}')]}, result(content='{"degrees":31}')],
            tools=[TOOL],
        )
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["auto", "none", "required", "any"])
def test_a_tool_choice_may_be_an_object(kind: str, mode: str) -> None:
    assert ask(kind, HI, tools=[TOOL], tool_choice={"type": mode}) == ask(kind, HI, tools=[TOOL], tool_choice=mode)


def test_images_of_results_are_sent_where_the_server_reads_them() -> None:
    shown = result("b", [{"type": "text", "text": "seen"}, IMAGE])
    chat: dict[str, Any] = {"model": "m", "messages": [*HI, assistant("a", "b"), result("a", [IMAGE]), shown, *HI]}
    generic = adapt_translated_chat(chat, dialects.GENERIC, "m")["messages"]
    assert [message["role"] for message in generic] == ["user", "assistant", "tool", "tool", "user", "user"]
    assert all(isinstance(message["content"], str) and message["content"] for message in generic[2:4])
    assert generic[4]["content"] == [IMAGE, IMAGE]
    assert adapt_translated_chat(chat, dialects.NATIVE, "m")["messages"] == chat["messages"]
    assert move_result_images(generic) == generic
    last = move_result_images(chat["messages"][:4])
    assert [message["role"] for message in last[-2:]] == ["tool", "user"]
    turn = ask("gemini", [*HI, assistant("a"), result("a", [IMAGE])], tools=[TOOL])["contents"][-1]
    assert [next(iter(part)) for part in turn["parts"]] == ["functionResponse", "inlineData"]


def test_thinking_of_other_models_is_not_sent_to_claude() -> None:
    own = [
        {"type": "thinking", "thinking": "Hm", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "c2VjcmV0"},
        {"type": "text", "text": "yes"},
    ]
    foreign = [
        {"type": "thinking", "thinking": "Hm", "signature": ""},
        {"type": "thinking", "thinking": "Hm"},
        {"type": "redacted_thinking", "data": pack_reasoning([{"type": "reasoning.text", "text": "x"}])},
    ]
    prepare = MessagesEndpoint().prepare_body

    def sent(*turns: Any) -> Any:
        messages = [*HI, *({"role": "assistant", "content": turn} for turn in turns), *HI]
        body = {"model": "x", "max_tokens": 9, "thinking": {"type": "adaptive"}, "messages": messages}
        return json.loads(prepare(json.dumps(body).encode(), "m", True))["messages"][1:-1]

    assert sent(own) == [{"role": "assistant", "content": own}]
    assert sent([*foreign, *own]) == [{"role": "assistant", "content": own}]
    assert sent(foreign, "text", [*foreign[:1], own[2]]) == [
        {"role": "assistant", "content": "text"},
        {"role": "assistant", "content": [own[2]]},
    ]
    for messages in ("x", [5], [{"role": "assistant", "content": [7, {"type": "thinking"}]}]):
        body = json.dumps({"model": "x", "messages": messages}).encode()
        assert json.loads(prepare(body, "m", False))["model"] == "m"


def test_a_call_without_input_has_no_arguments() -> None:
    for empty in ({"input": None}, {}):
        block = {"type": "tool_use", "id": "t", "name": "look", **empty}
        messages = [*HI, {"role": "assistant", "content": [block]}]
        chat = to_chat_request({"model": "m", "max_tokens": 9, "messages": messages})
        assert chat["messages"][1]["tool_calls"][0]["function"]["arguments"] == "{}"


def test_tools_in_the_input_of_a_response_are_tools() -> None:
    spawn = {"type": "function", "name": "spawn", "parameters": {"type": "object"}}
    items: list[Any] = [
        {
            "type": "additional_tools",
            "role": "developer",
            "tools": [{"type": "namespace", "name": "team", "tools": [spawn]}, {"type": "custom", "name": "patch"}],
        },
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
    ]
    request = {"model": "m", "input": items, "tools": [{"type": "function", "name": "shell"}]}
    exchange = UpstreamExchange("responses", json.dumps(request).encode(), "0" * 32)
    chat = exchange.chat_request()
    assert [tool["function"]["name"] for tool in chat["tools"]] == ["shell", "team__spawn", "patch"]
    assert [message["role"] for message in chat["messages"]] == ["user"]
    assert has_special_tools(request) and len(request_tools({**request, "tools": [*items[0]["tools"]]})) == 2
    labels = ("files", "mail", "files")
    servers = [{"type": "mcp", "server_label": label, "server_url": f"https://{label}.example"} for label in labels]
    assert [tool["server_label"] for tool in request_tools({"tools": servers})] == ["files", "mail"]
    message: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [call()]}
    message["tool_calls"][0]["function"]["name"] = "team__spawn"
    completion = {"id": "x", "model": "m", "choices": [{"index": 0, "message": message}]}
    (item,) = to_response_object(completion, request, "0" * 32)["output"]
    assert (item["type"], item["name"], item["namespace"]) == ("function_call", "spawn", "team")
    assert "responses" in ENDPOINTS


def test_required_properties_that_are_not_declared_are_left_out_for_gemini() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "object", "required": ["x"]}},
        "required": ["a", "ref"],
    }
    reduced = reduce_schema(schema)
    assert reduced == {"type": "object", "properties": {"a": {"type": "object"}}, "required": ["a"]}
