"""Provider for Anthropic: translates chats into messages, and responses back."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import msgspec

from vong.config import ProviderSettings
from vong.errors import InvalidInput, Unsupported, UpstreamFailed
from vong.gateway.providers.base import ProviderRequest, ProviderResponse, Shape
from vong.gateway.providers.http import HttpProvider, passed, status
from vong.gateway.providers.openai import listed
from vong.gateway.translators.anthropic_request import messages_of
from vong.gateway.translators.anthropic_response import AnthropicChunkDecoder, completion_of
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint
from vong.gateway.upstream.response import UpstreamResponse
from vong.gateway.upstream.sse import DONE, event, whole_events

PUBLIC = "https://api.anthropic.com/v1"
SPOKEN = {"anthropic-version": "2023-06-01"}
"""API version used for chats; callers of the messages endpoint send their own version."""


class AnthropicProvider:
    """Anthropic's API, and others with the same format."""

    shapes: frozenset[Shape] = frozenset({"chat", "messages"})

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        key = settings.key()
        self.name = name
        endpoint = UpstreamEndpoint(settings.base_url or PUBLIC, {"x-api-key": key} if key else {})
        self._api = HttpProvider(name, settings, upstream, endpoint, needs="ANTHROPIC_API_KEY")

    @property
    def address(self) -> str:
        """Return the base URL."""
        return self._api.endpoint.url

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Send a call as a messages request.

        Raises: Unsupported if the messages format cannot express the request.
        """
        if ask.shape == "embeddings":
            raise Unsupported("Anthropic has no embeddings", "use a model of another provider")
        self._api.ready()
        is_native = ask.shape == "messages"
        body, headers = (ask.body, {**SPOKEN, **(ask.headers or {})}) if is_native else (_asked(ask.body), SPOKEN)
        response = await self._api.post("/messages", body, ask.limits, headers)
        response_headers = passed(response)
        if not ask.stream or response.status != 200:
            payload = await self._api.whole(response)
            return ProviderResponse(
                status(response),
                payload if is_native else _answer(self.name, response.status, payload),
                response_headers,
            )
        self._api.streams(response)
        return ProviderResponse(
            200, b"", response_headers, whole_events(response) if is_native else _chunks(self.name, response)
        )

    async def count(self, body: bytes) -> int:
        """Return the number of tokens of a messages request, as counted by Anthropic."""
        self._api.ready()
        response = await self._api.post("/messages/count_tokens", body, None, SPOKEN)
        payload = await self._api.whole(response)
        try:
            return msgspec.json.decode(payload, type=_Count).input_tokens
        except msgspec.DecodeError as error:
            excerpt = payload[:500].decode("utf-8", "replace")
            raise UpstreamFailed(
                f"{self.name!r} failed to count tokens: {response.status} {excerpt}", "see its message"
            ) from error

    async def models(self) -> list[str]:
        """Return the models that the API lists."""
        return await listed(self._api, SPOKEN)


class _Count(msgspec.Struct):
    input_tokens: int


def _asked(body: bytes) -> bytes:
    try:
        return msgspec.json.encode(messages_of(msgspec.json.decode(body)))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        hint = "see docs/guides/gateway.md for an example"
        raise InvalidInput(f"the request is not a chat in OpenAI's format: {error!r}", hint) from error


def _answer(name: str, code: int, body: bytes) -> bytes:
    try:
        response: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
        if code >= 400:
            return msgspec.json.encode(_error(response["error"]))
        return msgspec.json.encode(completion_of(response))
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
        if code >= 400:
            return body  # not in Anthropic's format: the gateway keeps the original body
        raise UpstreamFailed(f"{name!r} did not respond with a message: {error!r}", "check its base_url") from error


def _error(error: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"message": error["message"], "type": error["type"], "param": None, "code": error["type"]}}


async def _chunks(name: str, response: UpstreamResponse) -> AsyncGenerator[bytes]:
    decoder = AnthropicChunkDecoder()
    async with aclosing(whole_events(response)) as batches:
        async for batch in batches:
            translated = _translated(name, decoder, batch)
            if translated:
                yield translated
    if decoder.ended:
        yield DONE


def _translated(name: str, decoder: AnthropicChunkDecoder, batch: bytes) -> bytes:
    try:
        events = [msgspec.json.decode(line[5:]) for line in batch.split(b"\n") if line[:5] == b"data:"]
        return b"".join(event(chunk) for item in events for chunk in decoder.take(item))
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
        raise UpstreamFailed(
            f"{name!r} streamed an event that is not part of a message: {error!r}", "try again"
        ) from error
