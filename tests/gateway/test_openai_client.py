"""Tests of the `openai` package with models of the gateway."""

import asyncio
import math
from itertools import product
from typing import Any

import numpy as np
import openai
import pytest

from tests.running_vong import eventually
from vong import gateway
from vong.records import RouteTarget

from .conftest import Server
from .fake_upstream import TOOL_CALL, WORDS, FakeUpstream
from .test_listener import body_of, connected, request

PROMPT = "".join(WORDS)
ASK: list[Any] = [{"role": "user", "content": PROMPT}]


@pytest.fixture
def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)


def test_a_chat_is_answered_and_recorded_as_a_span(client: openai.OpenAI, server: Server) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="echo/echo",
        messages=ASK,
        user="linh",
        metadata={"session_id": "s-1", "index_version": "handbook@1"},
        extra_headers={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    )
    answer = raw.parse()
    assert answer.choices[0].message.content == PROMPT
    assert answer.usage and answer.usage.completion_tokens == 3
    span = server.span()
    assert str(span.id) == raw.headers["x-vong-span-id"]
    assert raw.headers["x-request-id"] == f"req_{span.id.hex}"
    assert span.trace_id == raw.headers["x-vong-trace-id"] == "0af7651916cd43dd8448eb211c80319c"
    assert span.parent_span_id == "b7ad6b7169203331"
    assert (span.kind, span.status, span.model, span.key) == ("chat", "ok", "echo/echo", "tester")
    assert (span.user, span.session, span.versions.index_version) == ("linh", "s-1", "handbook@1")
    assert (span.usage.input_tokens, span.usage.output_tokens) == (3, 3)
    assert span.input["messages"] == ASK
    assert span.output["choices"][0]["message"]["content"] == PROMPT
    assert span.attributes["gen_ai.provider.name"] == "echo"
    assert span.attributes["http.response.status_code"] == 200
    assert span.duration_ms > 0 and span.first_token_ms is None
    assert span.versions.config_hash


def test_a_stream_arrives_in_pieces_and_its_span_has_the_complete_response(
    client: openai.OpenAI, server: Server
) -> None:
    chunks = list(client.chat.completions.create(model="fake/plain", messages=ASK, stream=True))
    assert [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content] == WORDS
    assert all(chunk.usage is None for chunk in chunks) and all(chunk.choices for chunk in chunks)
    span = server.span()
    assert span.output["choices"][0]["message"]["content"] == PROMPT
    assert span.output["choices"][0]["finish_reason"] == "stop"
    assert (span.usage.input_tokens, span.usage.output_tokens, span.usage.cached_tokens) == (7, 3, 2)
    assert span.first_token_ms is not None and 0 < span.first_token_ms <= span.duration_ms


def test_a_stream_has_usage_if_requested(client: openai.OpenAI) -> None:
    asked: Any = {"include_usage": True}
    for model in ("fake/plain", "fake/crlf", "echo/echo"):
        chunks = list(client.chat.completions.create(model=model, messages=ASK, stream=True, stream_options=asked))
        assert [chunk.usage.completion_tokens for chunk in chunks if chunk.usage] == [3]


def test_only_usage_is_removed_from_a_chunk_with_other_fields(client: openai.OpenAI, server: Server) -> None:
    chunks = list(client.chat.completions.create(model="fake/usage-in-last", messages=ASK, stream=True))
    assert all(chunk.usage is None for chunk in chunks)
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert server.span().usage.output_tokens == 3


def test_the_upstream_receives_the_request_unchanged(client: openai.OpenAI, fake: FakeUpstream) -> None:
    body: dict[str, Any] = {"top_k": 5, "nested": {"a": [1.5, None, "Huế"]}}
    client.chat.completions.create(model="fake/plain", messages=ASK, temperature=0.25, seed=7, extra_body=body)
    sent = fake.requests[-1]
    assert sent.body == {"model": "plain", "messages": ASK, "temperature": 0.25, "seed": 7, **body}
    assert sent.headers["authorization"] == "bearer upstream-secret"
    list(client.chat.completions.create(model="fake/plain", messages=ASK, stream=True))
    assert fake.requests[-1].body["stream_options"] == {"include_usage": True}


def test_tool_calls_are_returned_complete_and_streamed(client: openai.OpenAI, server: Server) -> None:
    tools: Any = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
    message = client.chat.completions.create(model="fake/tools", messages=ASK, tools=tools).choices[0].message
    assert message.tool_calls and message.tool_calls[0].model_dump() == TOOL_CALL
    with client.chat.completions.stream(model="fake/tools", messages=ASK) as stream:
        streamed = stream.get_final_completion().choices[0].message
    assert streamed.tool_calls and streamed.tool_calls[0].function.arguments == '{"city": "Huế"}'
    assert [s.output["choices"][0]["message"]["tool_calls"] for s in server.spans()] == [[TOOL_CALL], [TOOL_CALL]]


def test_the_async_client_is_supported(server: Server) -> None:
    async def talk() -> list[str]:
        async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key=server.key) as client:
            stream = await client.chat.completions.create(model="echo/echo", messages=ASK, stream=True)
            return [c.choices[0].delta.content async for c in stream if c.choices and c.choices[0].delta.content]

    assert "".join(asyncio.run(talk())) == PROMPT


def test_embeddings_are_returned_by_any_provider(client: openai.OpenAI, server: Server) -> None:
    made = client.embeddings.create(model="echo/echo", input=["xin chào", "xin chào", "goodbye"]).data
    assert made[0].embedding == made[1].embedding != made[2].embedding
    assert math.isclose(math.hypot(*made[0].embedding), 1, abs_tol=1e-5)
    floats = client.embeddings.create(model="echo/echo", input="xin chào", encoding_format="float").data[0].embedding
    assert floats == pytest.approx(made[0].embedding)
    assert client.embeddings.create(model="fake/e", input="a", encoding_format="float").data[0].embedding == [0.5, 0.25]
    kept = server.spans()[0]
    assert (kept.kind, kept.usage.input_tokens, kept.output["count"]) == ("embeddings", 5, 3)


def test_the_bundled_embedding_model_has_similar_vectors_for_similar_texts(client: openai.OpenAI) -> None:
    texts = ["How do I get my money back?", "I want a refund.", "The weather is fine in Huế."]
    answer = client.embeddings.create(model="all-minilm-l6-v2", input=texts)
    vectors = np.array([item.embedding for item in answer.data])
    likeness = vectors @ vectors.T
    assert vectors.shape == (3, 384) and answer.usage.prompt_tokens > 10
    assert likeness[0, 1] > 0.4 > likeness[0, 2]


def test_the_model_list_has_all_callable_names(client: openai.OpenAI, server: Server) -> None:
    server.client.gateway.set_route("triage", {"echo/echo": 1})
    names = [model.id for model in client.models.list()]
    assert {"triage", "all-minilm-l6-v2", "echo/echo", "fake/one"} <= set(names)
    assert client.models.retrieve("triage").id == "triage"
    with pytest.raises(openai.NotFoundError, match="did you mean 'triage'"):
        client.models.retrieve("triag")


def test_the_span_of_a_route_has_its_name_and_version(client: openai.OpenAI, server: Server) -> None:
    made = server.client.gateway.set_route("triage", {"echo/echo": 1, "fake/plain": 0})
    client.chat.completions.create(model="triage", messages=ASK)
    span = server.span()
    assert (span.versions.route, span.versions.route_version, span.model) == ("triage", made.version, "echo/echo")
    assert span.attributes["gen_ai.request.model"] == "triage"


def test_the_next_calls_use_a_changed_route(client: openai.OpenAI, server: Server) -> None:
    for target in ("echo/echo", "fake/plain", "echo/echo"):
        with server.platform.scope(server.project_id) as connection:
            gateway.set_route(connection, "triage", [RouteTarget(model=target)])
        for _ in range(100):
            client.chat.completions.create(model="triage", messages=ASK)
            if server.spans()[-1].model == target:
                break
        assert server.spans()[-1].model == target
    assert len(server.spans()) < 30


def test_errors_are_those_of_the_package(client: openai.OpenAI, server: Server) -> None:
    with pytest.raises(openai.AuthenticationError, match="unknown API key") as unknown:
        openai.OpenAI(base_url=f"{server.url}/v1", api_key="wrong").models.list()
    assert unknown.value.code == "invalid_api_key"
    with pytest.raises(openai.NotFoundError, match="no model named 'gpt-5'") as missing:
        client.chat.completions.create(model="gpt-5", messages=ASK)
    assert (missing.value.code, missing.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.BadRequestError, match="messages"):
        client.chat.completions.create(model="echo/echo", messages=[])
    with pytest.raises(openai.APIStatusError, match="more than 100000 bytes") as large:
        client.chat.completions.create(model="echo/echo", messages=[{"role": "user", "content": "x" * 200_000}])
    assert large.value.status_code == 413
    with pytest.raises(openai.RateLimitError, match="told to") as limited:
        client.chat.completions.create(model="fake/status-429", messages=ASK)
    assert limited.value.response.headers["retry-after"] == "7"
    assert limited.value.response.headers["x-ratelimit-remaining-requests"] == "0"
    with pytest.raises(openai.InternalServerError, match="no connection") as dead:
        client.chat.completions.create(model="dead/x", messages=ASK)
    assert dead.value.status_code == 502
    with pytest.raises(openai.InternalServerError, match="within 1 s") as slow:
        client.chat.completions.create(model="fake/hang", messages=ASK)
    assert slow.value.status_code == 504
    with pytest.raises(openai.InternalServerError, match="VONG_TEST_NO_SUCH_KEY"):
        client.chat.completions.create(model="keyless/x", messages=ASK)
    statuses = [span.attributes["http.response.status_code"] for span in server.spans()]
    assert statuses == [404, 400, 429, 502, 504, 500]
    assert all(span.status == "error" and span.error for span in server.spans())


def test_upstream_errors_are_returned_with_their_status(client: openai.OpenAI) -> None:
    statuses = [400, 401, 403, 404, 409, 422, 429, 500, 503, 529]
    for status, stream in product(statuses, (False, True)):
        with pytest.raises(openai.APIStatusError, match="told to") as raised:
            client.chat.completions.create(model=f"fake/status-{status}", messages=ASK, stream=stream)
        assert raised.value.status_code == status


def test_a_broken_upstream_is_a_502_with_a_reason(client: openai.OpenAI, server: Server) -> None:
    for model in ("close", "not-http", "cut", "not-json", "redirect"):
        with pytest.raises(openai.InternalServerError) as raised:
            client.chat.completions.create(model=f"fake/{model}", messages=ASK)
        assert raised.value.status_code == 502
        assert server.spans()[-1].status == "error"


def test_a_broken_stream_ends_with_an_error_event(client: openai.OpenAI, server: Server) -> None:
    breaks = {"drop": "during its response", "no-end": "before the response was complete", "error-event": "overloaded"}
    for model, says in breaks.items():
        stream = client.chat.completions.create(model=f"fake/{model}", messages=ASK, stream=True)
        with pytest.raises(openai.APIError, match=says):
            for chunk in stream:
                assert chunk.choices[0].delta.content in ("", WORDS[0])
        span = server.spans()[-1]
        assert span.status == "error" and says in (span.error or "")
        assert span.output["choices"][0]["message"]["content"] == WORDS[0]


def test_a_disconnect_during_a_stream_cancels_the_upstream_within_a_tenth_of_a_second(
    client: openai.OpenAI, server: Server, fake: FakeUpstream
) -> None:
    stream = client.chat.completions.create(model="fake/endless", messages=ASK, stream=True)
    for _ in range(10):
        next(stream)
    stream.close()
    assert fake.wait_broken_off() < 0.1
    span = server.span()
    assert span.attributes["http.response.status_code"] == 499
    assert span.usage.output_tokens and span.usage.output_tokens >= 9
    assert span.attributes["vong.usage_estimated"]


def test_a_disconnect_before_the_response_cancels_the_upstream(server: Server, fake: FakeUpstream) -> None:
    """Measure from the arrival of the upstream request, and use the best of three runs because of busy machines."""
    taken = list[float]()
    for tries in range(3):
        fake.broken_off = 0
        with connected(server) as wire:
            wire.sendall(request(server, body_of("hi", model="fake/hang")))
            eventually(lambda tries=tries: len(fake.requests) > tries)
        taken.append(fake.wait_broken_off(10))
    assert min(taken) < 0.1
    assert "the caller disconnected and left the response incomplete" in {span.error for span in server.spans()}


def test_a_stalled_stream_ends_at_its_timeout(client: openai.OpenAI, server: Server) -> None:
    with pytest.raises(openai.APIError, match="sent no data for 1 s"):
        list(client.chat.completions.create(model="fake/stall", messages=ASK, stream=True))
    assert server.span().error
