"""Tests of the `anthropic` package with models of every provider."""

import asyncio
import json
from typing import Any

import anthropic
import httpx
import pytest

from vong.records.guard import GuardConfig

from .conftest import Server
from .fake_upstream import WORDS, FakeUpstream

SAID = "".join(WORDS)
ASK: list[Any] = [{"role": "user", "content": SAID}]
WEATHER: Any = {
    "name": "weather",
    "description": "The weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
BOTH = pytest.mark.parametrize("provider", ["fake", "claude"])
"""Provider of chat completions, and provider of messages."""


@pytest.fixture
def client(server: Server) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=server.url, api_key=server.key, max_retries=0)


@BOTH
def test_messages_are_answered_by_any_model(client: anthropic.Anthropic, server: Server, provider: str) -> None:
    raw = client.messages.with_raw_response.create(
        model=f"{provider}/plain",
        max_tokens=50,
        system="Be brief.",
        messages=ASK,
        metadata={"user_id": "linh"},
    )
    answer = raw.parse()
    assert [block.text for block in answer.content if block.type == "text"] == [SAID]
    assert (answer.role, answer.type, answer.stop_reason) == ("assistant", "message", "end_turn")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (5, 3)
    assert answer.usage.cache_read_input_tokens == 2
    span = server.span()
    assert raw.headers["request-id"] == f"req_{span.id.hex}"
    assert (span.kind, span.status, span.model, span.user) == ("chat", "ok", f"{provider}/plain", "linh")
    assert span.input["messages"] == [{"role": "system", "content": "Be brief."}, *ASK]
    assert span.output["choices"][0]["message"]["content"] == SAID
    assert (span.usage.input_tokens, span.usage.output_tokens, span.usage.cached_tokens) == (7, 3, 2)
    assert span.attributes["vong.endpoint"] == "messages"


@BOTH
def test_message_streams_are_answered_by_any_model(client: anthropic.Anthropic, server: Server, provider: str) -> None:
    with client.messages.stream(model=f"{provider}/plain", max_tokens=50, messages=ASK) as stream:
        assert list(stream.text_stream) == WORDS
        message = stream.get_final_message()
    assert message.stop_reason == "end_turn"
    assert message.usage.output_tokens == 3
    span = server.span()
    assert span.output["choices"][0]["message"]["content"] == SAID
    assert (span.usage.input_tokens, span.usage.output_tokens) == (7, 3)
    assert span.first_token_ms is not None


@BOTH
def test_a_tool_is_called(client: anthropic.Anthropic, server: Server, provider: str) -> None:
    answer = client.messages.create(model=f"{provider}/tools", max_tokens=50, messages=ASK, tools=[WEATHER])
    (call,) = [block for block in answer.content if block.type == "tool_use"]
    assert (call.name, call.input, answer.stop_reason) == ("weather", {"city": "Huế"}, "tool_use")
    with client.messages.stream(model=f"{provider}/tools", max_tokens=50, messages=ASK, tools=[WEATHER]) as stream:
        streamed = stream.get_final_message()
    (again,) = [block for block in streamed.content if block.type == "tool_use"]
    assert (again.name, again.input) == ("weather", {"city": "Huế"})
    for span in server.spans():
        assert span.output["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "weather"


def test_a_chat_model_receives_chat_requests(client: anthropic.Anthropic, fake: FakeUpstream) -> None:
    client.messages.create(
        model="fake/plain",
        max_tokens=50,
        messages=ASK,
        tools=[WEATHER],
        stop_sequences=["END"],
        extra_body={"temperature": 0.5},
    )
    asked = fake.requests[-1]
    assert asked.path.endswith("/chat/completions")
    assert asked.body["tools"][0]["function"]["parameters"] == WEATHER["input_schema"]
    assert (asked.body["max_tokens"], asked.body["stop"]) == (50, ["END"])
    assert (asked.body["model"], asked.body["temperature"]) == ("plain", 0.5)


def test_an_anthropic_model_receives_the_request_unchanged(client: anthropic.Anthropic, fake: FakeUpstream) -> None:
    thinking: Any = {"type": "enabled", "budget_tokens": 1024}
    more = {"container": "c-1", "new_field": {"a": 1.5}}
    client.messages.create(model="claude/plain", max_tokens=2000, messages=ASK, thinking=thinking, extra_body=more)
    asked = fake.requests[-1]
    assert asked.path.endswith("/messages")
    assert asked.body == {"model": "plain", "max_tokens": 2000, "messages": ASK, "thinking": thinking, **more}


def test_fields_without_a_chat_equivalent_are_rejected(
    client: anthropic.Anthropic, fake: FakeUpstream, server: Server
) -> None:
    with pytest.raises(anthropic.BadRequestError, match="only Anthropic supports container"):
        client.messages.create(model="fake/plain", max_tokens=5, messages=ASK, extra_body={"container": "c-1"})
    assert not fake.requests
    assert server.span().attributes["error.type"] == "unsupported"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"messages": None}, "messages"),
        ({"messages": [{"role": "user"}]}, "invalid messages request"),
        ({"messages": [{"role": "user", "content": 5}]}, "invalid messages request"),
        ({"tools": [5]}, "invalid messages request"),
        ({"model": ""}, "model is empty"),
    ],
)
def test_a_malformed_request_is_a_client_error(server: Server, change: dict[str, Any], message: str) -> None:
    body: dict[str, Any] = {"model": "fake/plain", "max_tokens": 5, "messages": ASK, **change}
    sent = {name: value for name, value in body.items() if value is not None}
    answer = httpx.post(f"{server.url}/v1/messages", headers={"x-api-key": server.key}, json=sent)
    assert answer.status_code == 400
    assert answer.json()["type"] == "error"
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert message in answer.json()["error"]["message"]


@BOTH
def test_an_upstream_error_has_the_format_of_the_endpoint(
    client: anthropic.Anthropic, server: Server, provider: str
) -> None:
    with pytest.raises(anthropic.RateLimitError) as caught:
        client.messages.create(model=f"{provider}/status-429", max_tokens=5, messages=ASK)
    assert caught.value.response.headers["retry-after"] == "7"
    body: Any = caught.value.body
    assert (body["type"], body["error"]["type"], body["error"]["message"]) == ("error", "rate_limit_error", "told to")
    span = server.span()
    assert (span.status, span.error) == ("error", "told to")


def test_an_unknown_key_is_rejected_in_the_format_of_the_endpoint(server: Server) -> None:
    stranger = anthropic.Anthropic(base_url=server.url, api_key="vong-nobody", max_retries=0)
    with pytest.raises(anthropic.AuthenticationError) as caught:
        stranger.messages.create(model="fake/plain", max_tokens=5, messages=ASK)
    body: Any = caught.value.body
    assert body["error"]["type"] == "authentication_error"


@pytest.mark.parametrize("model", ["drop", "no-end", "error-event"])
def test_a_broken_stream_ends_with_an_error_event(server: Server, model: str) -> None:
    body = {"model": f"fake/{model}", "max_tokens": 5, "messages": ASK, "stream": True}
    answer = httpx.post(f"{server.url}/v1/messages", headers={"x-api-key": server.key}, json=body)
    events = [event for event in answer.text.split("\n\n") if event]
    name, _, data = events[-1].partition("\n")
    assert name == "event: error"
    error = json.loads(data.removeprefix("data: "))
    assert error["error"]["type"] == "api_error" and error["request_id"] == answer.headers["request-id"]
    assert not any(event.startswith("event: message_stop") for event in events)
    assert server.span().status == "error"


def test_a_client_disconnect_cancels_the_upstream_call(server: Server, fake: FakeUpstream) -> None:
    body = {"model": "claude/endless", "max_tokens": 5, "messages": ASK, "stream": True}
    with httpx.stream("POST", f"{server.url}/v1/messages", headers={"x-api-key": server.key}, json=body) as answer:
        next(answer.iter_bytes())
    fake.wait_broken_off()


def count(client: anthropic.Anthropic, model: str, **more: Any) -> tuple[int, bool]:
    """Return the token count of a request, and if it is an estimate."""
    fields: dict[str, Any] = {"model": model, "messages": ASK, **more}
    raw = client.messages.with_raw_response.count_tokens(**fields)
    return raw.parse().input_tokens, raw.headers.get("x-vong-usage-estimated") == "true"


def test_tokens_are_counted_by_providers_that_can_and_estimated_for_others(
    client: anthropic.Anthropic, fake: FakeUpstream, server: Server
) -> None:
    assert count(client, "claude/plain", extra_headers={"anthropic-beta": "b-1"}) == (11, False)
    assert fake.requests[-1].body == {"model": "plain", "messages": ASK}
    assert fake.requests[-1].headers["anthropic-beta"] == "b-1"
    server.client.gateway.set_provider("google", kind="gemini", base_url=fake.url, api_key="k")
    assert count(client, "google/plain", tools=[WEATHER], system="Be brief.") == (12, False)
    counted = fake.requests[-1].body["generateContentRequest"]
    assert counted["model"] == "models/plain" and counted["tools"] and counted["contents"]
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
    for model in ("fake/plain", "echo/echo", "all-minilm-l6-v2"):
        tokens, is_estimated = count(client, model)
        assert is_estimated and 1 <= tokens < 20
        assert count(client, model, tools=[WEATHER])[0] > tokens
        assert count(client, model, messages=[{"role": "user", "content": [image]}])[0] > 1000
    assert server.spans() == []


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("claude/status-400", anthropic.BadRequestError),
        ("claude/status-404", anthropic.NotFoundError),
        ("claude/status-429", anthropic.RateLimitError),
        ("claude/status-401", anthropic.InternalServerError),  # the key of the provider, not of the caller
        ("nothing/plain", anthropic.NotFoundError),
    ],
)
def test_errors_of_a_token_count_are_raised(client: anthropic.Anthropic, model: str, error: Any) -> None:
    with pytest.raises(error):
        count(client, model)


@pytest.mark.parametrize("messages", [[], ["hi"], [{"role": "user"}], "hi", None])
def test_a_malformed_token_count_is_rejected(client: anthropic.Anthropic, messages: Any) -> None:
    with pytest.raises(anthropic.BadRequestError, match="messages"):
        count(client, "echo/echo", messages=messages)


def test_a_target_counts_no_text_that_guards_mask(
    client: anthropic.Anthropic, server: Server, fake: FakeUpstream
) -> None:
    server.client.gateway.guards.set([GuardConfig(guard="pii", action="mask")])
    count(client, "claude/plain", messages=[{"role": "user", "content": "write to linh@example.com"}])
    assert "linh@example.com" not in str(fake.requests[-1].body)


def test_the_async_client_is_supported(server: Server) -> None:
    async def ask() -> list[str]:
        async with anthropic.AsyncAnthropic(base_url=server.url, api_key=server.key, max_retries=0) as client:
            asked = [
                client.messages.create(model=model, max_tokens=9, messages=ASK)
                for model in ("fake/plain", "claude/plain", "echo/echo") * 4
            ]
            answers = await asyncio.gather(*asked)
            return ["".join(block.text for block in answer.content if block.type == "text") for answer in answers]

    assert asyncio.run(ask()) == [SAID] * 12


def test_a_stored_provider_with_listed_models_answers_messages_and_counts_tokens(
    server: Server, fake: FakeUpstream
) -> None:
    for kind in ("anthropic", "openai"):
        server.client.gateway.set_provider(f"my-{kind}", kind=kind, base_url=fake.url, api_key="k", models=["plain"])
    client = anthropic.Anthropic(base_url=server.url, api_key=server.key, max_retries=0)
    asked: Any = {"max_tokens": 5, "messages": ASK, "extra_body": {"container": "c"}}
    assert client.messages.create(model="my-anthropic/plain", **asked).content
    assert fake.requests[-1].path.endswith("/messages")
    assert client.messages.count_tokens(model="my-anthropic/plain", messages=ASK).input_tokens == 11
    assert count(client, "my-anthropic/plain") == (11, False)
    assert count(client, "my-openai/plain")[1]
