"""Errors of audio and images that a provider reports with the status 200, or in a stream."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import openai
import pytest

from tests.gateway.conftest import Server
from tests.gateway.test_media import MediaUpstream, Received, media_response
from vong.records import RoutePolicy


@pytest.fixture
def upstream(server: Server) -> Iterator[MediaUpstream]:
    """Start the fake API, which the project calls as `media`."""
    started = MediaUpstream()
    server.client.gateway.set_provider("media", kind="openai", base_url=started.url, api_key="sk-media")
    yield started
    started.stop()


@pytest.fixture
def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)


ERROR_WORDS = "the image model is overloaded"


@pytest.mark.parametrize(
    ("body", "content_type", "status", "words"),
    [
        ({"error": {"message": ERROR_WORDS, "code": 503}}, "application/json", 503, ERROR_WORDS),
        ({"error": ERROR_WORDS}, "application/json; charset=utf-8", 502, ERROR_WORDS),
        ({"data": [], "message": ERROR_WORDS}, "application/json", 502, f"without images: {ERROR_WORDS}"),
        ({"data": None}, "application/json", 502, "without images"),
        ([1], "application/json", 502, "did not answer with an object"),
        (f"<html><p>{ERROR_WORDS}</p></html>", "text/html", 502, ERROR_WORDS),
    ],
)
def test_an_error_with_the_status_200_is_an_error(
    client: openai.OpenAI, server: Server, upstream: MediaUpstream, monkeypatch: pytest.MonkeyPatch,
    body: Any, content_type: str, status: int, words: str,
) -> None:  # fmt: skip
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()

    async def answer(request: Received) -> AsyncIterator[bytes]:
        fine = {"created": 1, "data": [{"b64_json": "QUJD"}]}
        yield (
            media_response(data, content_type) if b"bad" in request.body else media_response(json.dumps(fine).encode())
        )

    monkeypatch.setattr(upstream, "_answer", answer)
    with pytest.raises(openai.APIStatusError, match=re.escape(words)) as caught:
        client.images.generate(model="media/bad", prompt="a cat")
    assert caught.value.status_code == status
    assert server.span().status == "error"
    server.client.gateway.set_route("saved", {"media/bad": 1}, policy=RoutePolicy(fallbacks=("media/fine",)))
    assert client.images.generate(model="saved", prompt="a cat").data


@pytest.mark.parametrize("size", [1000, 65_536, 65_537, 300_000])
def test_a_long_result_is_passed_on_completely(
    client: openai.OpenAI, upstream: MediaUpstream, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    async def answer(_: Received) -> AsyncIterator[bytes]:
        yield media_response(json.dumps({"data": [{"b64_json": "A" * size}]}).encode())

    monkeypatch.setattr(upstream, "_answer", answer)
    images = client.images.generate(model="media/fine", prompt="a cat").data
    assert images and images[0].b64_json == "A" * size


def test_an_error_of_a_stream_is_in_the_span(
    client: openai.OpenAI, server: Server, upstream: MediaUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(_: Received) -> AsyncIterator[bytes]:
        events = 'data: {"type": "transcript.text.delta", "delta": "a"}\r\rdata: {"error": {"message": "lost"}}\r\r'
        yield media_response(events.encode(), "text/event-stream")

    monkeypatch.setattr(upstream, "_answer", answer)
    file = ("a.wav", b"RIFF", "audio/wav")
    with pytest.raises(openai.APIError):
        list(client.audio.transcriptions.create(model="media/w", file=file, stream=True))
    assert (server.span().status, server.span().error) == ("error", "lost")
