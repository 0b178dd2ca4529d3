"""Rerank calls pass the gateway: parsing, guards, providers that support them, and Cohere's format."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr

from vong.config import ProviderSettings
from vong.errors import InvalidInput
from vong.gateway.endpoints.parsing import parse
from vong.gateway.guards.registry import GuardFactory
from vong.gateway.guards.request_texts import GuardedRequest
from vong.gateway.providers.base import ProviderRequest
from vong.gateway.providers.cohere import CohereProvider
from vong.gateway.providers.openai import OpenAIProvider
from vong.gateway.self_test import InProcessGateway
from vong.gateway.upstream.client import UpstreamClient

BODY = {"model": "echo/echo", "query": "red apple", "documents": ["a blue car", {"text": "a red apple"}]}


def test_documents_are_ordered_by_their_score() -> None:
    body = {**BODY, "top_n": 1, "return_documents": True}
    captured = asyncio.run(InProcessGateway(GuardFactory(), []).call("rerank", json.dumps(body).encode()))
    results = json.loads(captured.response)["results"]
    assert [(item["index"], item["document"]) for item in results] == [(1, {"text": "a red apple"})]
    assert captured.span.kind == "rerank"
    assert captured.span.attributes["vong.endpoint"] == "rerank"
    assert captured.span.usage.input_tokens == 8


def test_guards_read_the_query_and_all_documents() -> None:
    request = GuardedRequest("rerank", json.dumps(BODY).encode())
    assert [one.text for one in request.texts.segments] == ["red apple", "a blue car", "a red apple"]
    assert [one.is_last_user_text for one in request.texts.segments][:2] == [True, True]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"query": ""}, "query is missing"),
        ({"documents": []}, "documents is missing"),
        ({"documents": "a"}, "documents"),
    ],
)
def test_incomplete_requests_name_the_field(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        parse("rerank", json.dumps(BODY | change).encode())


def test_only_providers_with_rerankers_are_called() -> None:
    upstream = UpstreamClient()
    own = OpenAIProvider("own", ProviderSettings(kind="openai", base_url="http://127.0.0.1:1/v1"), upstream)
    openai = OpenAIProvider("openai", ProviderSettings(kind="openai", api_key=SecretStr("k")), upstream)
    assert "rerank" in own.endpoints
    assert "rerank" not in openai.endpoints


def test_cohere_gets_texts_and_its_answer_gets_the_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = CohereProvider("cohere", ProviderSettings(kind="cohere", api_key=SecretStr("k")), UpstreamClient())
    sent: dict[str, Any] = {}

    class Response:
        status = 200
        headers: dict[str, str] = {}

    async def post(path: str, body: bytes, limits: Any) -> Response:
        sent.update(msgspec.json.decode(body), path=path)
        return Response()

    async def read_body(_: Any) -> bytes:
        return b'{"id":"x","results":[{"index":1,"relevance_score":0.9}],"meta":{"billed_units":{"search_units":1}}}'

    monkeypatch.setattr(provider._api, "post", post)
    monkeypatch.setattr(provider._api, "read_body", read_body)
    body = json.dumps({**BODY, "model": "rerank-v3.5", "return_documents": True}).encode()
    answer = asyncio.run(provider.call(ProviderRequest("rerank", "rerank-v3.5", body)))
    assert sent["path"] == "/v2/rerank"
    assert sent["documents"] == ["a blue car", "a red apple"]
    assert "return_documents" not in sent
    decoded = msgspec.json.decode(answer.body)
    assert decoded["results"][0]["document"] == {"text": "a red apple"}
    assert decoded["model"] == "rerank-v3.5"
