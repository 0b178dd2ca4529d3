"""Native passthrough: requests that only one provider supports are sent unchanged and their responses accounted."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from tests.gateway.fake_native_apis import SEARCH, WORDS
from tests.gateway.fake_upstream import FakeUpstream
from vong import plugins
from vong.config import ProviderSettings
from vong.errors import InvalidInput, Unsupported
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.endpoints.responses import ResponsesEndpoint
from vong.gateway.endpoints.stream import parse_usage
from vong.gateway.pipeline.exchange import UpstreamExchange
from vong.gateway.providers import Endpoint, ProviderRequest
from vong.gateway.routing.catalog import ResolvedTarget
from vong.gateway.translators.reasoning_envelope import pack_reasoning
from vong.gateway.upstream.client import UpstreamClient
from vong.records.span import SpanVersions

NATIVE_FIELDS: dict[str, Any] = {"tools": [{"type": "web_search"}], "include": ["web_search_call.action.sources"]}


@pytest.fixture
def fake() -> Iterator[FakeUpstream]:
    started = FakeUpstream().start()
    yield started
    started.stop()


def ask(
    fake: FakeUpstream,
    shape: Endpoint,
    kind: str,
    fields: dict[str, Any],
    *,
    cap: int | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[bytes, dict[str, Any]]:
    """Return the response, and the completion of the span."""

    async def run() -> tuple[bytes, dict[str, Any]]:
        upstream = UpstreamClient()
        settings = ProviderSettings(kind=kind, base_url=fake.url, api_key=SecretStr("secret"))
        provider = plugins.load_extension("provider", kind)("subject", settings, upstream)
        passage = UpstreamExchange(shape, json.dumps({"model": "x", "input": "?", **fields}).encode(), "0" * 32)
        passage.max_tokens = cap
        try:
            asked, body = passage.prepare_for(ResolvedTarget(provider, kind, "plain", f"{kind}/plain", SpanVersions()))
            passed = TraceContext.from_headers(headers or {}).forwarded_headers
            reply = await provider.call(ProviderRequest(asked, "plain", body, passage.stream, headers=passed))
            if reply.events is None:
                completion = passage.parse_response(reply, json.loads(reply.body))
                return reply.body, completion
            transcript = passage.open_stream()
            said = [transcript.feed(batch) async for batch in reply.events]
            assert transcript.ended
            return b"".join([*said, transcript.finish()]), transcript.completion()
        finally:
            upstream.close()

    return asyncio.run(run())


@pytest.mark.parametrize("kind", ["openai", "azure"])
@pytest.mark.parametrize("stream", [False, True])
def test_native_openai_tools_work_at_openai(fake: FakeUpstream, kind: str, stream: bool) -> None:
    out, completion = ask(fake, "responses", kind, {**NATIVE_FIELDS, "stream": stream, "not_known_to_vong": [1]})
    request = fake.requests[-1]
    assert request.path == "/v1/responses"
    assert request.body == {"model": "plain", "input": "?", "stream": stream, "not_known_to_vong": [1], **NATIVE_FIELDS}
    (choice,) = completion["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("".join(WORDS), "stop")
    assert choice["message"]["reasoning_details"][0]["data"] == "c2VjcmV0"
    usage = parse_usage(completion["usage"])
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (7, 3, 2)
    if stream:
        assert out.startswith(b"event: response.created\n") and b"resp_of-openai" in out
    else:
        assert json.loads(out)["id"] == "resp_of-openai" and choice["message"]["output_items"] == [SEARCH]


def test_requests_with_a_chat_equivalent_are_sent_as_chat(fake: FakeUpstream) -> None:
    out, _ = ask(fake, "responses", "openai", {})
    assert fake.requests[-1].path == "/v1/chat/completions"
    assert json.loads(out)["id"] == f"resp_{'0' * 32}"


def test_a_token_cap_ends_a_passthrough_response(fake: FakeUpstream) -> None:
    ask(fake, "responses", "openai", NATIVE_FIELDS, cap=77)
    assert fake.requests[-1].body["max_output_tokens"] == 77


@pytest.mark.parametrize(
    ("fields", "passes"),
    [
        ({"previous_response_id": "resp_68af4030592c81938ec0a5fbab4a3e9f05438e46b5f69a3b"}, True),
        ({"previous_response_id": f"resp_{'1' * 32}", **NATIVE_FIELDS}, False),
        ({"input": [{"type": "reasoning", "summary": [], "encrypted_content": "gAAAA"}]}, True),
        ({"input": [{"type": "reasoning", "summary": [], "encrypted_content": pack_reasoning([])}]}, False),
        ({"background": True}, True),
        ({"input": [5]}, False),
        ({"include": ["reasoning.encrypted_content"]}, False),
    ],
)
def test_only_native_requests_are_passed_through(fields: dict[str, Any], passes: bool) -> None:
    body = json.dumps({"model": "x", "input": "?", **fields}).encode()
    assert ResponsesEndpoint().prefers_native(body, "http://10.0.0.1/v1") is passes


def test_encrypted_reasoning_is_accepted_only_from_openai() -> None:
    body = json.dumps({"model": "x", "input": "?", "include": ["reasoning.encrypted_content"]}).encode()
    assert ResponsesEndpoint().prefers_native(body, "https://api.openai.com/v1")
    assert ResponsesEndpoint().prefers_native(body, "https://mine.openai.azure.com/openai/v1")
    assert not ResponsesEndpoint().prefers_native(body, "https://api.openai.com.evil.example/v1")


def test_native_requests_are_rejected_at_other_providers(fake: FakeUpstream) -> None:
    with pytest.raises(Unsupported, match="a chat cannot include"):
        ask(fake, "responses", "gemini", NATIVE_FIELDS)
    assert not fake.requests


def test_version_and_beta_headers_of_anthropic_are_forwarded(fake: FakeUpstream) -> None:
    asked = {"max_tokens": 9, "messages": [{"role": "user", "content": "?"}]}
    own = {"anthropic-beta": "context-1m", "anthropic-version": "2024-10-22", "x-secret": "mine"}
    ask(fake, "messages", "anthropic", asked, headers=own)
    found = fake.requests[-1].headers
    assert (found["anthropic-beta"], found["anthropic-version"]) == ("context-1m", "2024-10-22")
    assert "x-secret" not in found
    ask(fake, "messages", "anthropic", asked)
    assert fake.requests[-1].headers["anthropic-version"] == "2023-06-01"
    ask(fake, "messages", "openai", asked, headers=own)
    assert not any(name.startswith("anthropic") for name in fake.requests[-1].headers)


def test_a_forwarded_header_cannot_inject_another(fake: FakeUpstream) -> None:
    asked = {"max_tokens": 9, "messages": [{"role": "user", "content": "?"}]}
    with pytest.raises(InvalidInput, match="anthropic-beta"):
        ask(fake, "messages", "anthropic", asked, headers={"anthropic-beta": "a\r\nx-api-key: other"})
    assert not fake.requests
