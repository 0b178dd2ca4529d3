"""Provider for Gemini: translates chats into `generateContent`, and responses back."""

from typing import Any
from urllib.parse import quote

import msgspec

from vong.config import ProviderSettings
from vong.errors import UpstreamFailed
from vong.gateway.providers.base import OPENAI, ProviderRequest, ProviderResponse
from vong.gateway.providers.embeddings import answer, wanted
from vong.gateway.providers.http import HttpProvider, passed
from vong.gateway.providers.translation import MALFORMED, answered, asked, streamed
from vong.gateway.translators.openai_gemini_request import embed_of, generate_of
from vong.gateway.translators.openai_gemini_response import GeminiChunkDecoder, completion_of, error_of, vectors_of
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint

PUBLIC = "https://generativelanguage.googleapis.com/v1beta"
LISTED = "/models?pageSize=1000"


class GeminiProvider:
    """Google's Gemini API."""

    shapes = OPENAI

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        key = settings.key()
        endpoint = UpstreamEndpoint(settings.base_url or PUBLIC, {"x-goog-api-key": key} if key else {})
        self.name = name
        self._api = HttpProvider(name, settings, upstream, endpoint, needs="GEMINI_API_KEY")

    @property
    def address(self) -> str:
        """Return the base URL."""
        return self._api.endpoint.url

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Send a call in Gemini's format.

        Raises: Unsupported if Gemini cannot express the request.
        """
        self._api.ready()
        if ask.shape == "embeddings":
            return await self._embed(ask)
        body = asked(ask.body, generate_of)
        action = "streamGenerateContent?alt=sse" if ask.stream else "generateContent"
        response = await self._api.post(_path(ask.model, action), body, ask.limits)
        if ask.stream and response.status == 200:
            self._api.streams(response)
            return ProviderResponse(
                200, b"", passed(response), streamed(self.name, response, GeminiChunkDecoder(ask.model))
            )
        payload = await self._api.whole(response)
        return answered(self.name, response, payload, lambda decoded: completion_of(decoded, ask.model), _failed)

    async def models(self) -> list[str]:
        """Return the models that the API lists."""
        body = await self._api.listed(LISTED)
        try:
            models = msgspec.json.decode(body)["models"]
            return sorted(str(model["name"]).removeprefix("models/") for model in models)
        except MALFORMED as error:
            raise UpstreamFailed(f"{self.name!r} returned an invalid model list: {error!r}") from error

    async def _embed(self, ask: ProviderRequest) -> ProviderResponse:
        request = wanted(ask.body)
        body = msgspec.json.encode(embed_of(ask.model, request.texts, request.dimensions, request.more))
        response = await self._api.post(_path(ask.model, "batchEmbedContents"), body, ask.limits)
        payload = await self._api.whole(response)

        def translate(decoded: dict[str, Any]) -> dict[str, Any]:
            vectors, tokens = vectors_of(decoded)
            return answer(ask.model, vectors, request.encoding_format, tokens)

        return answered(self.name, response, payload, translate, _failed)


def _path(model: str, action: str) -> str:
    return f"/models/{quote(model, safe='')}:{action}"


def _failed(body: dict[str, Any]) -> dict[str, Any]:
    return error_of(body["error"])
