"""Provider for Anthropic: translates chats into messages, and responses back."""

from collections.abc import Mapping
from typing import Any

import msgspec

from vong.config import ProviderSettings
from vong.errors import Unsupported, UpstreamFailed, error_message, parse_error
from vong.gateway.providers.base import Endpoint, ProviderRequest, ProviderResponse, TokenCount, count_error
from vong.gateway.providers.dialects import NATIVE
from vong.gateway.providers.http import HttpProvider, key_headers
from vong.gateway.providers.openai import forward_response
from vong.gateway.providers.translation import translate_reply, translate_request
from vong.gateway.translators.anthropic_request import to_anthropic_request
from vong.gateway.translators.anthropic_response import AnthropicChunkDecoder, to_chat_completion
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint

DEFAULT_BASE_URL = "https://api.anthropic.com/v1"
VERSION_HEADERS = {"anthropic-version": "2023-06-01"}
"""API version used for chats; callers of the messages endpoint send their own version."""


class AnthropicProvider(HttpProvider):
    """Anthropic's Messages API, and other APIs with the same format."""

    endpoints: frozenset[Endpoint] = frozenset({"chat", "messages"})
    model_list_headers = VERSION_HEADERS

    chat_dialect = NATIVE

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        headers = key_headers(settings.resolve_api_key(), "x-api-key")
        endpoint = UpstreamEndpoint(settings.base_url or DEFAULT_BASE_URL, headers)
        super().__init__(name, settings, upstream, endpoint, key_variable="ANTHROPIC_API_KEY")

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Send a call as a messages request.

        Raises: Unsupported if the messages format cannot express the request.
        """
        if request.endpoint == "embeddings":
            raise Unsupported("Anthropic has no embeddings", "use a model of another provider")
        self._api.require_key()
        if request.endpoint == "messages":
            headers = {**VERSION_HEADERS, **(request.headers or {})}
            response = await self._api.post("/messages", request.body, request.limits, headers)
            return await forward_response(self._api, response, request.stream)
        body = translate_request(request.body, to_anthropic_request)
        response = await self._api.post("/messages", body, request.limits, VERSION_HEADERS)
        decoder = AnthropicChunkDecoder() if request.stream else None
        return await translate_reply(self._api, response, decoder, to_chat_completion, _translate_error)

    async def count_tokens(self, body: bytes, headers: Mapping[str, str] | None = None) -> TokenCount:
        """Return the number of tokens of a messages request, as counted by Anthropic."""
        self._api.require_key()
        versions = {**VERSION_HEADERS, **(headers or {})}
        response = await self._api.post("/messages/count_tokens", body, None, versions)
        payload = await self._api.read_body(response)
        if response.status >= 400:
            message = error_message(parse_error(payload)) or payload[:500].decode("utf-8", "replace")
            raise count_error(self.name, response.status, message)
        try:
            return TokenCount(msgspec.json.decode(payload, type=_Count).input_tokens)
        except msgspec.DecodeError as error:
            excerpt = payload[:500].decode("utf-8", "replace")
            raise UpstreamFailed(
                f"{self.name!r} failed to count tokens: {response.status} {excerpt}", "see its message"
            ) from error


class _Count(msgspec.Struct):
    input_tokens: int


def _translate_error(body: dict[str, Any]) -> dict[str, Any]:
    error = body["error"]
    return {"error": {"message": error["message"], "type": error["type"], "param": None, "code": error["type"]}}
