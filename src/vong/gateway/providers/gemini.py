"""Provider for Gemini: translates chats into `generateContent`, and responses back."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from vong.config import ProviderSettings
from vong.errors import UpstreamFailed, error_message, parse_error
from vong.gateway.providers.base import COMMON_ENDPOINTS, ProviderRequest, ProviderResponse, TokenCount, count_error
from vong.gateway.providers.dialects import NATIVE_WITHOUT_SERIAL_CALLS
from vong.gateway.providers.embeddings import build_embedding_response, parse_embedding_request
from vong.gateway.providers.http import HttpProvider, ModelList, key_headers
from vong.gateway.providers.translation import translate_reply, translate_request, translate_response
from vong.gateway.translators.countable_chat import to_countable_chat
from vong.gateway.translators.openai_gemini_request import to_gemini_embed_request, to_gemini_request
from vong.gateway.translators.openai_gemini_response import (
    GeminiChunkDecoder,
    build_error,
    parse_embeddings,
    to_chat_completion,
)
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint

DEFAULT_BASE_URL = "https://generativelanguage.googleapis.com/v1beta"


class GeminiProvider(HttpProvider):
    """Google's Gemini API (`generateContent`)."""

    endpoints = COMMON_ENDPOINTS
    model_list = ModelList("/models?pageSize=1000", "models", "name", name_prefix="models/")

    chat_dialect = NATIVE_WITHOUT_SERIAL_CALLS

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        headers = key_headers(settings.resolve_api_key(), "x-goog-api-key")
        endpoint = UpstreamEndpoint(settings.base_url or DEFAULT_BASE_URL, headers)
        super().__init__(name, settings, upstream, endpoint, key_variable="GEMINI_API_KEY")

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Send a call in Gemini's format.

        Raises: Unsupported if Gemini cannot express the request.
        """
        self._api.require_key()
        if request.endpoint == "embeddings":
            return await self._embed(request)
        body = translate_request(request.body, to_gemini_request)
        action = "streamGenerateContent?alt=sse" if request.stream else "generateContent"
        response = await self._api.post(_path(request.model, action), body, request.limits)
        decoder = GeminiChunkDecoder(request.model) if request.stream else None
        return await translate_reply(
            self._api, response, decoder, lambda decoded: to_chat_completion(decoded, request.model), _translate_error
        )

    async def count_tokens(self, body: bytes, headers: Mapping[str, str] | None = None) -> TokenCount:
        """Return the number of tokens of a messages request, as counted by Gemini."""
        del headers
        self._api.require_key()
        chat = to_countable_chat(body)
        request = {"model": f"models/{chat['model']}", **to_gemini_request(chat)}
        counted = msgspec.json.encode({"generateContentRequest": request})
        response = await self._api.post(_path(chat["model"], "countTokens"), counted, None)
        payload = await self._api.read_body(response)
        if response.status >= 400:
            message = error_message(parse_error(payload)) or payload[:500].decode("utf-8", "replace")
            raise count_error(self.name, response.status, message)
        try:
            return TokenCount(msgspec.json.decode(payload, type=_Count).total_tokens)
        except msgspec.DecodeError as error:
            raise UpstreamFailed(f"{self.name!r} returned no token count: {error}", "check its base_url") from error

    async def _embed(self, call: ProviderRequest) -> ProviderResponse:
        request = parse_embedding_request(call.body)
        body = msgspec.json.encode(
            to_gemini_embed_request(call.model, request.texts, request.dimensions, request.unknown_fields)
        )
        response = await self._api.post(_path(call.model, "batchEmbedContents"), body, call.limits)
        payload = await self._api.read_body(response)

        def translate(decoded: dict[str, Any]) -> dict[str, Any]:
            vectors, tokens = parse_embeddings(decoded)
            return build_embedding_response(call.model, vectors, request.encoding_format, tokens)

        return translate_response(self.name, response, payload, translate, _translate_error)


class _Count(msgspec.Struct, rename="camel"):
    total_tokens: int


def _path(model: str, action: str) -> str:
    return f"/models/{quote(model, safe='')}:{action}"


def _translate_error(body: dict[str, Any]) -> dict[str, Any]:
    return build_error(body["error"])
