"""Provider for Anthropic: translates chats into messages, and responses back."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import msgspec

from vong.config import ProviderSettings
from vong.errors import InvalidInput, Unsupported, UpstreamFailed
from vong.gateway.providers.base import Endpoint, ProviderRequest, ProviderResponse
from vong.gateway.providers.http import HttpProvider, check_status, forward_headers
from vong.gateway.providers.openai import fetch_models
from vong.gateway.translators.anthropic_request import to_anthropic_request
from vong.gateway.translators.anthropic_response import AnthropicChunkDecoder, to_chat_completion
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint
from vong.gateway.upstream.response import UpstreamResponse
from vong.gateway.upstream.sse import DONE, encode_sse_event, read_sse_events

DEFAULT_BASE_URL = "https://api.anthropic.com/v1"
VERSION_HEADERS = {"anthropic-version": "2023-06-01"}
"""API version used for chats; callers of the messages endpoint send their own version."""


class AnthropicProvider:
    """Anthropic's API, and others with the same format."""

    endpoints: frozenset[Endpoint] = frozenset({"chat", "messages"})

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        key = settings.resolve_api_key()
        self.name = name
        endpoint = UpstreamEndpoint(settings.base_url or DEFAULT_BASE_URL, {"x-api-key": key} if key else {})
        self._api = HttpProvider(name, settings, upstream, endpoint, key_variable="ANTHROPIC_API_KEY")

    @property
    def address(self) -> str:
        """Return the base URL."""
        return self._api.endpoint.url

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Send a call as a messages request.

        Raises: Unsupported if the messages format cannot express the request.
        """
        if request.endpoint == "embeddings":
            raise Unsupported("Anthropic has no embeddings", "use a model of another provider")
        self._api.require_key()
        is_native = request.endpoint == "messages"
        body, headers = (
            (request.body, {**VERSION_HEADERS, **(request.headers or {})})
            if is_native
            else (_translate_request(request.body), VERSION_HEADERS)
        )
        response = await self._api.post("/messages", body, request.limits, headers)
        response_headers = forward_headers(response)
        if not request.stream or response.status != 200:
            payload = await self._api.read_body(response)
            return ProviderResponse(
                check_status(response),
                payload if is_native else _translate_response(self.name, response.status, payload),
                response_headers,
            )
        self._api.require_stream(response)
        return ProviderResponse(
            200,
            b"",
            response_headers,
            read_sse_events(response) if is_native else _translate_stream(self.name, response),
        )

    async def count_tokens(self, body: bytes) -> int:
        """Return the number of tokens of a messages request, as counted by Anthropic."""
        self._api.require_key()
        response = await self._api.post("/messages/count_tokens", body, None, VERSION_HEADERS)
        payload = await self._api.read_body(response)
        try:
            return msgspec.json.decode(payload, type=_Count).input_tokens
        except msgspec.DecodeError as error:
            excerpt = payload[:500].decode("utf-8", "replace")
            raise UpstreamFailed(
                f"{self.name!r} failed to count tokens: {response.status} {excerpt}", "see its message"
            ) from error

    async def list_models(self) -> list[str]:
        """Return the models that the API lists."""
        return await fetch_models(self._api, VERSION_HEADERS)


class _Count(msgspec.Struct):
    input_tokens: int


def _translate_request(body: bytes) -> bytes:
    try:
        return msgspec.json.encode(to_anthropic_request(msgspec.json.decode(body)))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        hint = "see docs/guides/gateway.md for an example"
        raise InvalidInput(f"the request is not a chat in OpenAI's format: {error!r}", hint) from error


def _translate_response(name: str, code: int, body: bytes) -> bytes:
    try:
        response: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
        if code >= 400:
            return msgspec.json.encode(_to_openai_error(response["error"]))
        return msgspec.json.encode(to_chat_completion(response))
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
        if code >= 400:
            return body  # not in Anthropic's format: the gateway keeps the original body
        raise UpstreamFailed(f"{name!r} did not respond with a message: {error!r}", "check its base_url") from error


def _to_openai_error(error: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"message": error["message"], "type": error["type"], "param": None, "code": error["type"]}}


async def _translate_stream(name: str, response: UpstreamResponse) -> AsyncGenerator[bytes]:
    decoder = AnthropicChunkDecoder()
    async with aclosing(read_sse_events(response)) as batches:
        async for batch in batches:
            translated = _translate_batch(name, decoder, batch)
            if translated:
                yield translated
    if decoder.ended:
        yield DONE


def _translate_batch(name: str, decoder: AnthropicChunkDecoder, batch: bytes) -> bytes:
    try:
        events = [msgspec.json.decode(line[5:]) for line in batch.split(b"\n") if line[:5] == b"data:"]
        return b"".join(encode_sse_event(chunk) for item in events for chunk in decoder.decode(item))
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
        raise UpstreamFailed(
            f"{name!r} streamed an event that is not part of a message: {error!r}", "try again"
        ) from error
