"""Echo provider: tool calls, streams, structured output and stop sequences."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import validate

from vong.config import ProviderSettings
from vong.errors import InvalidInput
from vong.gateway.providers import ProviderRequest
from vong.gateway.providers.echo import EchoProvider
from vong.gateway.providers.schema_sampler import SchemaSampler
from vong.gateway.upstream.client import UpstreamClient

WEATHER = {
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"place": {"type": "string"}, "days": {"type": "integer"}}},
}
ADDER = {"name": "add", "parameters": {"properties": {"a": {"type": "integer"}, "b": {"type": "number"}}}}
TOOLS = [{"type": "function", "function": function} for function in (WEATHER, ADDER)]


def ask_echo(text: str | list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}] if isinstance(text, str) else text
    body = msgspec.json.encode({"model": "echo", "messages": messages, **fields})
    echo = EchoProvider("echo", ProviderSettings(kind="echo"), UpstreamClient())
    reply = asyncio.run(echo.call(ProviderRequest("chat", "echo", body)))
    return json.loads(reply.body)["choices"][0]


def streamed(text: str, **fields: Any) -> list[dict[str, Any]]:
    body = msgspec.json.encode({"model": "echo", "messages": [{"role": "user", "content": text}], **fields})
    echo = EchoProvider("echo", ProviderSettings(kind="echo"), UpstreamClient())

    async def read() -> bytes:
        events = (await echo.call(ProviderRequest("chat", "echo", body, stream=True))).events
        return b"".join([event async for event in cast(AsyncGenerator[bytes], events)])

    lines = [line[6:] for line in asyncio.run(read()).split(b"\n\n") if line]
    return [json.loads(line) for line in lines if line != b"[DONE]"]


def call(choice: dict[str, Any]) -> tuple[str, Any]:
    (one,) = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls" and choice["message"]["content"] is None
    return one["function"]["name"], json.loads(one["function"]["arguments"])


@pytest.mark.parametrize(
    ("text", "choice", "expected"),
    [
        ("the weather in 'Huế' for 3 days", "auto", ("get_weather", {"place": "Huế", "days": 3})),
        ("add 2 and 40.5", None, ("add", {"a": 2, "b": 40.5})),
        ("Hello!", "required", ("get_weather", {"place": "Hello!", "days": 0})),
        ("Hello!", {"type": "function", "function": {"name": "add"}}, ("add", {"a": 0, "b": 0.0})),
    ],
)
def test_a_tool_is_called_with_arguments_from_the_message(text: str, choice: Any, expected: Any) -> None:
    assert call(ask_echo(text, tools=TOOLS, tool_choice=choice)) == expected


def test_no_tool_is_called_without_a_match_or_after_a_tool_result() -> None:
    assert ask_echo("Hello!", tools=TOOLS)["message"]["content"] == "Hello!"
    assert ask_echo("the weather", tools=TOOLS, tool_choice="none")["message"]["content"] == "the weather"
    result = [
        {"role": "user", "content": "the weather"},
        {"role": "tool", "tool_call_id": "1", "content": "weather: fine"},
    ]
    assert ask_echo(result, tools=TOOLS)["message"]["content"] == "weather: fine"
    with pytest.raises(InvalidInput, match="not in tools"):
        ask_echo("Hello!", tools=TOOLS, tool_choice={"type": "function", "function": {"name": "sub"}})


def test_a_tool_call_is_streamed_in_pieces_that_add_up() -> None:
    chunks = streamed("the weather in 'Đà Nẵng'", tools=TOOLS)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
    calls = [delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta]
    assert len(calls) > 2 and calls[0]["function"]["name"] == "get_weather" and calls[0]["id"].startswith("call_")
    assert json.loads("".join(one["function"]["arguments"] for one in calls)) == {"place": "Đà Nẵng", "days": 0}
    assert chunks[-1]["usage"]["completion_tokens"] == len(calls) - 1


def test_a_completion_has_the_requested_format() -> None:
    schema = {
        "type": "object",
        "properties": {"color": {"enum": ["red", "blue"]}, "n": {"anyOf": [{"type": "null"}, {"type": "integer"}]}},
    }
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert json.loads(ask_echo("a blue one, 7 times", response_format=form)["message"]["content"]) == {
        "color": "blue",
        "n": 7,
    }
    text = ask_echo("JSON with 'a' and 'b'", response_format={"type": "json_object"})["message"]["content"]
    assert set(json.loads(text)) == {"a", "b"}
    with pytest.raises(InvalidInput, match="invalid schema"):
        ask_echo("x", response_format={"type": "json_schema", "json_schema": {"schema": {"properties": [1]}}})


def test_a_completion_ends_at_a_stop_sequence() -> None:
    assert ask_echo("one two three", stop=["three", "two"])["message"]["content"] == "one "


SCHEMAS = st.recursive(
    st.sampled_from(
        [{"type": "string"}, {"type": "integer"}, {"type": "number"}, {"type": "boolean"}, {"type": "null"}]
    ),
    lambda inner: st.one_of(
        st.dictionaries(st.text(max_size=3), inner, max_size=3).map(
            lambda properties: {"type": "object", "properties": properties, "required": list(properties)}
        ),
        inner.map(lambda item: {"type": "array", "items": item, "minItems": 1}),
        inner.map(lambda form: {"anyOf": [{"type": "null"}, form]}),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(SCHEMAS, st.text(max_size=40))
def test_generated_values_are_valid(schema: dict[str, Any], text: str) -> None:
    validate(SchemaSampler(text, schema).sample(), schema)


def test_a_recursive_schema_terminates() -> None:
    tree = {"type": "object", "properties": {str(n): {"$ref": "#/$defs/tree"} for n in range(10)}}
    value = SchemaSampler("x", {"$defs": {"tree": tree}, "$ref": "#/$defs/tree"}).sample()
    assert len(json.dumps(value)) < 100_000
