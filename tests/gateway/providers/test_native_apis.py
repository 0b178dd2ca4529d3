"""Gemini, Bedrock and Cohere: sent requests, translated responses and rejected fields."""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import botocore.auth
import pytest
from pydantic import SecretStr

from tests.gateway.fake_native_apis import SIGNATURE, THOUGHT, event_stream_message
from tests.gateway.fake_upstream import FakeUpstream
from vong import plugins
from vong.config import ProviderSettings
from vong.errors import InvalidInput, Misconfigured, Unsupported
from vong.gateway.endpoints.stream import StreamAccumulator
from vong.gateway.providers import ProviderRequest, ProviderResponse
from vong.gateway.providers.aws import Credentials, sign
from vong.gateway.translators.openai_bedrock_response import BedrockChunkDecoder as ConverseChunks
from vong.gateway.translators.openai_gemini_response import GeminiChunkDecoder as GeminiChunks
from vong.gateway.translators.openai_gemini_response import to_chat_completion
from vong.gateway.upstream.client import UpstreamClient

KINDS = ["gemini", "bedrock", "cohere"]
IMAGE = "data:image/png;base64,aGk="
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
CALL = {"id": "t1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Huế"}'}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}
FIELDS: dict[str, Any] = {
    "temperature": 0.5,
    "top_p": 0.9,
    "max_completion_tokens": 99,
    "stop": "END",
    "tools": [TOOL],
    "tool_choice": "required",
    "response_format": SCHEMA,
    "user": "linh",
    "stream_options": {"include_usage": True},
    "not_known_to_vong": 1,
    "messages": [
        {"role": "system", "content": "Answer in Vietnamese."},
        {"role": "user", "content": [{"type": "text", "text": "What?"}, {"type": "text", "text": "Where?"}]},
        {"role": "assistant", "content": "I look.", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "t1", "content": '{"degrees": 31}'},
        {"role": "user", "content": "So?"},
    ],
}


@pytest.fixture
def fake() -> Iterator[FakeUpstream]:
    started = FakeUpstream().start()
    yield started
    started.stop()


def call(
    kind: str, url: str, fields: dict[str, Any], key: str = "kEy", stream: bool = False
) -> tuple[ProviderResponse, Any]:
    """Return the response, and the completion of a stream."""

    async def run() -> tuple[ProviderResponse, Any]:
        upstream = UpstreamClient()
        settings = ProviderSettings(kind=kind, base_url=url, api_key=SecretStr(key) if key else None)
        asked: dict[str, Any] = {"model": "plain", **fields}
        if "input" not in fields:
            asked = {"messages": [{"role": "user", "content": "Huế"}], "stream": stream, **asked}
        try:
            provider = plugins.load_extension("provider", kind)("mine", settings, upstream)
            shape = "embeddings" if "input" in fields else "chat"
            reply = await provider.call(ProviderRequest(shape, asked["model"], json.dumps(asked).encode(), stream))
            if reply.events is None:
                return reply, json.loads(reply.body)
            transcript = StreamAccumulator(True)
            async for batch in reply.events:
                transcript.feed(batch)
            return reply, transcript.completion()
        finally:
            upstream.close()

    return asyncio.run(run())


def sent(fake: FakeUpstream, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    assert call(kind, fake.url, fields)[0].status == 200
    return fake.requests[-1].body


def test_gemini_receives_its_own_format(fake: FakeUpstream) -> None:
    assert sent(fake, "gemini", FIELDS) == {
        "systemInstruction": {"parts": [{"text": "Answer in Vietnamese."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "What?"}, {"text": "Where?"}]},
            {
                "role": "model",
                "parts": [
                    {"text": "I look."},
                    {"functionCall": {"name": "weather", "args": {"city": "Huế"}, "id": "t1"}},
                ],
            },
            {
                "role": "user",
                "parts": [
                    {"functionResponse": {"name": "weather", "response": {"degrees": 31}, "id": "t1"}},
                    {"text": "So?"},
                ],
            },
        ],
        "generationConfig": {
            "temperature": 0.5,
            "topP": 0.9,
            "maxOutputTokens": 99,
            "stopSequences": ["END"],
            "responseMimeType": "application/json",
            "responseJsonSchema": {"type": "object"},
        },
        "tools": [{"functionDeclarations": [{"name": "weather", "parametersJsonSchema": {"type": "object"}}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        "not_known_to_vong": 1,
    }
    assert fake.requests[-1].path == "/v1/models/plain:generateContent"
    assert fake.requests[-1].headers["x-goog-api-key"] == "key"


def test_bedrock_receives_converse_requests(fake: FakeUpstream) -> None:
    assert sent(fake, "bedrock", FIELDS) == {
        "system": [{"text": "Answer in Vietnamese."}],
        "messages": [
            {"role": "user", "content": [{"text": "What?"}, {"text": "Where?"}]},
            {
                "role": "assistant",
                "content": [
                    {"text": "I look."},
                    {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Huế"}}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"toolResult": {"toolUseId": "t1", "content": [{"text": '{"degrees": 31}'}]}},
                    {"text": "So?"},
                ],
            },
        ],
        "inferenceConfig": {"temperature": 0.5, "topP": 0.9, "maxTokens": 99, "stopSequences": ["END"]},
        "toolConfig": {
            "tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": {"type": "object"}}}}],
            "toolChoice": {"any": {}},
        },
        "outputConfig": {
            "textFormat": {
                "type": "json_schema",
                "structure": {"jsonSchema": {"name": "answer", "schema": '{"type":"object"}'}},
            }
        },
        "additionalModelRequestFields": {"not_known_to_vong": 1},
    }
    assert fake.requests[-1].path == "/v1/model/plain/converse"
    assert fake.requests[-1].headers["authorization"] == "bearer key"


def test_cohere_receives_its_own_format(fake: FakeUpstream) -> None:
    body = sent(fake, "cohere", FIELDS)
    assert body["messages"][2] == {
        "role": "assistant",
        "content": [{"type": "text", "text": "I look."}],
        "tool_calls": [CALL],
    }
    assert body["messages"][3]["content"] == [{"type": "text", "text": '{"degrees": 31}'}]
    assert {name: body[name] for name in body if name not in {"messages", "stream"}} == {
        "model": "plain",
        "temperature": 0.5,
        "p": 0.9,
        "max_tokens": 99,
        "stop_sequences": ["END"],
        "response_format": {"type": "json_object", "json_schema": {"type": "object"}},
        "tools": [TOOL],
        "tool_choice": "REQUIRED",
        "not_known_to_vong": 1,
    }
    assert fake.requests[-1].path == "/v1/v2/chat"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stream", [False, True])
def test_reasoning_is_returned_and_sent_back_in_the_format_of_the_model(
    fake: FakeUpstream, kind: str, stream: bool
) -> None:
    _, completion = call(kind, fake.url, {"model": "thinks"}, stream=stream)
    answer = completion["choices"][0]["message"]
    assert (answer["content"], answer["reasoning_content"]) == ("Xin chào vòng", THOUGHT)
    body = sent(fake, kind, {"messages": [{"role": "user", "content": "x"}, answer, {"role": "user", "content": "y"}]})
    back = {
        "gemini": lambda: body["contents"][1]["parts"],
        "bedrock": lambda: body["messages"][1]["content"],
        "cohere": lambda: body["messages"][1]["content"],
    }[kind]()
    text = "Xin chào vòng"
    assert (
        back
        == {
            "gemini": [{"text": THOUGHT, "thought": True}, {"text": text, "thoughtSignature": SIGNATURE}],
            "bedrock": [
                {"reasoningContent": {"reasoningText": {"text": THOUGHT, "signature": SIGNATURE}}},
                {"text": text},
            ],
            "cohere": [{"type": "thinking", "thinking": THOUGHT}, {"type": "text", "text": text}],
        }[kind]
    )


def test_the_signature_of_a_tool_call_is_sent_back(fake: FakeUpstream) -> None:
    for stream in (False, True):
        _, completion = call("gemini", fake.url, {"model": "tools"}, stream=stream)
        answer = completion["choices"][0]["message"]
        id = answer["tool_calls"][0]["id"]
        assert id == "call_r1_0" and completion["choices"][0]["finish_reason"] == "tool_calls"
        result = {"role": "tool", "tool_call_id": id, "content": "hot"}
        body = sent(fake, "gemini", {"messages": [{"role": "user", "content": "x"}, answer, result]})
        part = {"name": "weather", "args": {"city": "Huế"}, "id": id}
        assert body["contents"][1]["parts"] == [{"functionCall": part, "thoughtSignature": SIGNATURE}]
        (answer,) = body["contents"][2]["parts"]
        assert answer["functionResponse"]["response"] == {"output": "hot"}


@pytest.mark.parametrize("kind", KINDS)
def test_reasoning_of_another_model_is_not_sent(fake: FakeUpstream, kind: str) -> None:
    detail = {"type": "reasoning.text", "text": "Hm", "signature": "s", "format": "someone-elses", "index": 0}
    answer = {"role": "assistant", "content": "ok", "reasoning_content": "Hm", "reasoning_details": [detail]}
    body = sent(fake, kind, {"messages": [{"role": "user", "content": "x"}, answer, {"role": "user", "content": "y"}]})
    assert "Hm" not in json.dumps(body)


@pytest.mark.parametrize("kind", KINDS)
def test_images_are_sent(fake: FakeUpstream, kind: str) -> None:
    content = [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": IMAGE}}]
    assert "aGk=" in json.dumps(sent(fake, kind, {"messages": [{"role": "user", "content": content}]}))


REFUSED: dict[str, dict[str, Any]] = {
    "gemini": {"logit_bias": {"1": 2}, "parallel_tool_calls": False, "audio": {"voice": "x"}, "verbosity": "low"},
    "bedrock": {"n": 2, "seed": 1, "logprobs": True, "presence_penalty": 1, "response_format": {"type": "json_object"}},
    "cohere": {"n": 2, "top_logprobs": 3, "parallel_tool_calls": False},
}


@pytest.mark.parametrize(("kind", "field"), [(kind, field) for kind in KINDS for field in REFUSED[kind]])
def test_unsupported_fields_are_rejected_before_sending(fake: FakeUpstream, kind: str, field: str) -> None:
    with pytest.raises(Unsupported, match=field):
        call(kind, fake.url, {field: REFUSED[kind][field]})
    assert not fake.requests


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "wrong",
    [
        {"messages": [{"content": "x"}]},
        {"messages": ["x"]},
        {"messages": [{"role": "user", "content": [{"text": "x"}]}]},
        {"tools": ["x"]},
        {"response_format": "json"},
        {"messages": [{"role": "tool", "content": "x"}]},
    ],
)
def test_an_invalid_chat_is_a_client_error(fake: FakeUpstream, kind: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        call(kind, fake.url, wrong)
    assert not fake.requests


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("model", ["a/../../admin", "x\r\nhost: evil", "m?key=1", "m#x", "m:other", "ế"])
def test_a_model_name_is_one_segment_of_the_path(fake: FakeUpstream, kind: str, model: str) -> None:
    call(kind, fake.url, {"model": model})
    assert len(fake.requests) == 1
    path, headers = fake.requests[-1].path, fake.requests[-1].headers
    assert headers["host"] == f"127.0.0.1:{fake.port}"
    assert path.count("/") == {"gemini": 3, "bedrock": 4, "cohere": 3}[kind] and "?" not in path


def test_bedrock_requests_are_signed(fake: FakeUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
    call("bedrock", fake.url, {"model": "eu.anthropic.claude:0"}, key="AKIDEXAMPLE123456:s3cr+t/x:t0ken")
    request = fake.requests[-1]
    assert request.path == "/v1/model/eu.anthropic.claude%3A0/converse"
    assert request.headers["x-amz-security-token"] == "t0ken"
    at = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dt%H%M%Sz")
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: at)
    body = request.raw
    url = f"http://127.0.0.1:{fake.port}{request.path}"
    expected = sign(
        "POST",
        url,
        {"content-type": "application/json"},
        body,
        Credentials("AKIDEXAMPLE123456", "s3cr+t/x", "t0ken"),
        "us-east-1",
    )
    assert request.headers["authorization"] == expected["authorization"].lower()


def test_bedrock_requires_an_address() -> None:
    with pytest.raises(Misconfigured, match="no base_url"):
        plugins.load_extension("provider", "bedrock")("mine", ProviderSettings(kind="bedrock"), None)


def test_a_broken_event_stream_is_an_error() -> None:
    chunks = ConverseChunks("1", "m")
    (found,) = chunks.decode({"throttlingException": {"message": "slow down"}})
    assert found["error"]["message"] == "slow down" and found["error"]["code"] == "throttlingException"
    assert event_stream_message("x", {})[:4] and not chunks.ended


def test_blocks_of_gemini_are_reported(fake: FakeUpstream) -> None:
    del fake
    answer = {"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": "m"}
    (choice,) = to_chat_completion(answer, "m")["choices"]
    assert choice["finish_reason"] == "content_filter" and "SAFETY" in choice["message"]["refusal"]
    chunks = GeminiChunks("m")
    (_, last) = chunks.decode(answer)
    assert last["choices"][0]["finish_reason"] == "content_filter" and chunks.ended


def test_bedrock_supports_embeddings_of_titan_and_cohere_and_rejects_others(fake: FakeUpstream) -> None:
    _, found = call("bedrock", fake.url, {"model": "amazon.titan-embed-text-v2:0", "input": ["a", "b"]})
    assert [one["embedding"] for one in found["data"]] == [[0.5, 0.25], [0.5, 0.25]]
    assert [request.body for request in fake.requests] == [{"inputText": "a"}, {"inputText": "b"}]
    with pytest.raises(Unsupported, match="embeddings of"):
        call("bedrock", fake.url, {"model": "another", "input": "a"})
