"""Anthropic: a chat is translated into its messages, and the answer back."""

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
"""The version of the API in which chats are asked; callers of messages say their own."""


class AnthropicProvider:
    """Anthropic's API, and others that speak as it does."""

    shapes: frozenset[Shape] = frozenset({"chat", "messages"})

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        key = settings.key()
        self.name = name
        endpoint = UpstreamEndpoint(settings.base_url or PUBLIC, {"x-api-key": key} if key else {})
        self._api = HttpProvider(name, settings, upstream, endpoint, needs="ANTHROPIC_API_KEY")

    @property
    def address(self) -> str:
        """The base URL."""
        return self._api.endpoint.url

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Ask in messages. Unsupported for what they cannot hold."""
        if ask.shape == "embeddings":
            raise Unsupported("Anthropic makes no embeddings", "name a model of another provider")
        self._api.ready()
        native = ask.shape == "messages"
        body, own = (ask.body, {**SPOKEN, **(ask.headers or {})}) if native else (_asked(ask.body), SPOKEN)
        response = await self._api.post("/messages", body, ask.limits, own)
        headers = passed(response)
        if not ask.stream or response.status != 200:
            found = await self._api.whole(response)
            return ProviderResponse(
                status(response), found if native else _answer(self.name, response.status, found), headers
            )
        self._api.streams(response)
        return ProviderResponse(200, b"", headers, whole_events(response) if native else _chunks(self.name, response))

    async def count(self, body: bytes) -> int:
        """The tokens of a messages request, by Anthropic's own count."""
        self._api.ready()
        response = await self._api.post("/messages/count_tokens", body, None, SPOKEN)
        found = await self._api.whole(response)
        try:
            return msgspec.json.decode(found, type=_Count).input_tokens
        except msgspec.DecodeError as error:
            said = found[:500].decode("utf-8", "replace")
            raise UpstreamFailed(f"{self.name!r} did not count: {response.status} {said}", "see its message") from error

    async def models(self) -> list[str]:
        """What the API lists."""
        return await listed(self._api, SPOKEN)


class _Count(msgspec.Struct):
    input_tokens: int


def _asked(body: bytes) -> bytes:
    try:
        return msgspec.json.encode(messages_of(msgspec.json.decode(body)))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        hint = "see docs/guides/gateway.md for an example"
        raise InvalidInput(f"the request is not a chat in OpenAI's shape: {error!r}", hint) from error


def _answer(name: str, code: int, body: bytes) -> bytes:
    try:
        found: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
        if code >= 400:
            return msgspec.json.encode(_error(found["error"]))
        return msgspec.json.encode(completion_of(found))
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
        if code >= 400:
            return body  # not in Anthropic's form: the gateway keeps what was said
        raise UpstreamFailed(f"{name!r} did not answer with a message: {error!r}", "check its base_url") from error


def _error(said: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"message": said["message"], "type": said["type"], "param": None, "code": said["type"]}}


async def _chunks(name: str, response: UpstreamResponse) -> AsyncGenerator[bytes]:
    chunks = AnthropicChunkDecoder()
    async with aclosing(whole_events(response)) as batches:
        async for batch in batches:
            found = _translated(name, chunks, batch)
            if found:
                yield found
    if chunks.ended:
        yield DONE


def _translated(name: str, chunks: AnthropicChunkDecoder, batch: bytes) -> bytes:
    try:
        events = [msgspec.json.decode(line[5:]) for line in batch.split(b"\n") if line[:5] == b"data:"]
        return b"".join(event(chunk) for said in events for chunk in chunks.take(said))
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
        raise UpstreamFailed(
            f"{name!r} streamed an event that is no part of a message: {error!r}", "ask again"
        ) from error
