"""Provider for Gemini: translates chats into `generateContent`, and responses back."""

from typing import Any
from urllib.parse import quote

import msgspec

from vong.config import ProviderSettings
from vong.errors import UpstreamFailed
from vong.gateway.providers.base import COMMON_ENDPOINTS, ProviderRequest, ProviderResponse
from vong.gateway.providers.embeddings import build_embedding_response, parse_embedding_request
from vong.gateway.providers.http import HttpProvider, forward_headers
from vong.gateway.providers.translation import MALFORMED_ERRORS, translate_request, translate_response, translate_stream
from vong.gateway.translators.openai_gemini_request import to_gemini_embed_request, to_gemini_request
from vong.gateway.translators.openai_gemini_response import (
    GeminiChunkDecoder,
    build_error,
    parse_embeddings,
    to_chat_completion,
)
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint

DEFAULT_BASE_URL = "https://generativelanguage.googleapis.com/v1beta"
MODELS_PATH = "/models?pageSize=1000"


class GeminiProvider:
    """Google's Gemini API."""

    endpoints = COMMON_ENDPOINTS

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        key = settings.resolve_api_key()
        endpoint = UpstreamEndpoint(settings.base_url or DEFAULT_BASE_URL, {"x-goog-api-key": key} if key else {})
        self.name = name
        self._api = HttpProvider(name, settings, upstream, endpoint, key_variable="GEMINI_API_KEY")

    @property
    def address(self) -> str:
        """Return the base URL."""
        return self._api.endpoint.url

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
        if request.stream and response.status == 200:
            self._api.require_stream(response)
            return ProviderResponse(
                200,
                b"",
                forward_headers(response),
                translate_stream(self.name, response, GeminiChunkDecoder(request.model)),
            )
        payload = await self._api.read_body(response)
        return translate_response(
            self.name, response, payload, lambda decoded: to_chat_completion(decoded, request.model), _translate_error
        )

    async def list_models(self) -> list[str]:
        """Return the models that the API lists."""
        body = await self._api.fetch_model_list(MODELS_PATH)
        try:
            models = msgspec.json.decode(body)["models"]
            return sorted(str(model["name"]).removeprefix("models/") for model in models)
        except MALFORMED_ERRORS as error:
            raise UpstreamFailed(f"{self.name!r} returned an invalid model list: {error!r}") from error

    async def _embed(self, call: ProviderRequest) -> ProviderResponse:
        request = parse_embedding_request(call.body)
        body = msgspec.json.encode(to_gemini_embed_request(call.model, request.texts, request.dimensions, request.more))
        response = await self._api.post(_path(call.model, "batchEmbedContents"), body, call.limits)
        payload = await self._api.read_body(response)

        def translate(decoded: dict[str, Any]) -> dict[str, Any]:
            vectors, tokens = parse_embeddings(decoded)
            return build_embedding_response(call.model, vectors, request.encoding_format, tokens)

        return translate_response(self.name, response, payload, translate, _translate_error)


def _path(model: str, action: str) -> str:
    return f"/models/{quote(model, safe='')}:{action}"


def _translate_error(body: dict[str, Any]) -> dict[str, Any]:
    return build_error(body["error"])
