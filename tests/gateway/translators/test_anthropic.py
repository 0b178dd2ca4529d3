"""Translation between Anthropic messages and chat completions round trips."""

import asyncio
import json
from typing import Any

import pytest
from pydantic import SecretStr

from vong.config import ProviderSettings
from vong.errors import InvalidInput, Unsupported, UpstreamFailed
from vong.gateway.providers import ProviderRequest
from vong.gateway.providers.anthropic import AnthropicProvider
from vong.gateway.translators.anthropic_request import to_anthropic_request, to_chat_request
from vong.gateway.translators.anthropic_response import (
    AnthropicChunkDecoder,
    AnthropicEventEncoder,
    to_anthropic_message,
    to_chat_completion,
)
from vong.gateway.upstream.client import UpstreamClient

CHAT_REQUEST: dict[str, Any] = {
    "model": "m",
    "max_tokens": 900,
    "system": "Answer in Vietnamese.",
    "stop_sequences": ["END"],
    "temperature": 0.5,
    "metadata": {"user_id": "linh"},
    "tools": [{"name": "weather", "description": "of a city", "input_schema": {"type": "object"}}],
    "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Huế"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "31 °C"}]},
                {"type": "text", "text": "So?"},
            ],
        },
    ],
}
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m-1",
    "content": [
        {"type": "thinking", "thinking": "Hot.", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "eHg="},
        {"type": "text", "text": "It is hot."},
        {"type": "tool_use", "id": "t2", "name": "weather", "input": {"city": "Vinh"}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 5,
        "cache_creation_input_tokens": 2,
        "cache_read_input_tokens": 3,
        "output_tokens": 4,
    },
}


def test_a_request_round_trips() -> None:
    chat = to_chat_request(CHAT_REQUEST)
    assert [message["role"] for message in chat["messages"]] == ["system", "user", "assistant", "tool", "user"]
    back = to_anthropic_request(chat)
    system = [{"type": "text", "text": CHAT_REQUEST["system"]}]
    assert {**back, "system": CHAT_REQUEST["system"]} == CHAT_REQUEST and back["system"] == system


def test_a_response_round_trips() -> None:
    completion = to_chat_completion(MESSAGE)
    assert completion["usage"]["prompt_tokens"] == 10 and completion["choices"][0]["finish_reason"] == "tool_calls"
    assert to_anthropic_message(completion) == MESSAGE


def test_a_stream_round_trips() -> None:
    empty = {**MESSAGE, "content": [], "stop_reason": None, "usage": {**MESSAGE["usage"], "output_tokens": 0}}
    blocks = [
        ({"type": "thinking", "thinking": "", "signature": ""}, {"type": "thinking_delta", "thinking": "Hot."}),
        ({"type": "text", "text": ""}, {"type": "text_delta", "text": "It is hot."}),
        (
            {"type": "tool_use", "id": "t2", "name": "weather", "input": {}},
            {"type": "input_json_delta", "partial_json": '{"city": "Vinh"}'},
        ),
    ]
    events: list[dict[str, Any]] = [{"type": "message_start", "message": empty}]
    for index, (block, delta) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events.append({"type": "content_block_delta", "index": index, "delta": delta})
        events.append({"type": "content_block_stop", "index": index})
    ended = {"stop_reason": "tool_use", "stop_sequence": None}
    events += [{"type": "message_delta", "delta": ended, "usage": MESSAGE["usage"]}, {"type": "message_stop"}]
    chunks, back = AnthropicChunkDecoder(), AnthropicEventEncoder("m")
    made = [event for said in events for chunk in chunks.decode(said) for event in back.encode(chunk)] + back.finish()
    assert made[1:] == events[1:]
    assert made[0]["message"]["id"] == "msg_1" and chunks.ended


@pytest.mark.parametrize("field", ["seed", "n", "logprobs", "frequency_penalty"])
def test_fields_without_a_messages_equivalent_are_rejected(field: str) -> None:
    with pytest.raises(Unsupported, match=field):
        to_anthropic_request({"model": "m", "messages": [{"role": "user", "content": "x"}], field: 2})


def test_invalid_json_arguments_are_an_upstream_failure() -> None:
    completion = to_chat_completion(MESSAGE)
    completion["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] = "{city"
    with pytest.raises(UpstreamFailed, match="weather"):
        to_anthropic_message(completion)


@pytest.mark.parametrize(
    "wrong",
    [
        {"messages": [{"content": "x"}]},
        {"messages": ["x"]},
        {"messages": [{"role": "user", "content": [{"text": "x"}]}]},
        {"tools": [{"type": "function"}]},
        {"temperature": "hot"},
    ],
)
def test_an_invalid_chat_is_a_client_error(wrong: dict[str, Any]) -> None:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x"}], **wrong}).encode()
    settings = ProviderSettings(kind="anthropic", base_url="http://127.0.0.1:9", api_key=SecretStr("secret"))
    upstream = UpstreamClient()
    with pytest.raises(InvalidInput, match="not a chat"):
        asyncio.run(AnthropicProvider("a", settings, upstream).call(ProviderRequest("chat", "m", body)))
    upstream.close()
