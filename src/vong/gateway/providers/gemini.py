"""Gemini: a chat is translated into `generateContent`, and the answer back."""

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
        """The base URL."""
        return self._api.endpoint.url

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Ask in Gemini's form. Unsupported for what it cannot hold."""
        self._api.ready()
        if ask.shape == "embeddings":
            return await self._embed(ask)
        body = asked(ask.body, generate_of)
        do = "streamGenerateContent?alt=sse" if ask.stream else "generateContent"
        response = await self._api.post(_path(ask.model, do), body, ask.limits)
        if ask.stream and response.status == 200:
            self._api.streams(response)
            return ProviderResponse(
                200, b"", passed(response), streamed(self.name, response, GeminiChunkDecoder(ask.model))
            )
        found = await self._api.whole(response)
        return answered(self.name, response, found, lambda said: completion_of(said, ask.model), _failed)

    async def models(self) -> list[str]:
        """What the API lists."""
        body = await self._api.listed(LISTED)
        try:
            found = msgspec.json.decode(body)["models"]
            return sorted(str(model["name"]).removeprefix("models/") for model in found)
        except MALFORMED as error:
            raise UpstreamFailed(f"{self.name!r} lists its models in another form: {error!r}") from error

    async def _embed(self, ask: ProviderRequest) -> ProviderResponse:
        given = wanted(ask.body)
        body = msgspec.json.encode(embed_of(ask.model, given.texts, given.dimensions, given.more))
        response = await self._api.post(_path(ask.model, "batchEmbedContents"), body, ask.limits)
        found = await self._api.whole(response)

        def made(said: dict[str, Any]) -> dict[str, Any]:
            vectors, tokens = vectors_of(said)
            return answer(ask.model, vectors, given.encoding_format, tokens)

        return answered(self.name, response, found, made, _failed)


def _path(model: str, do: str) -> str:
    return f"/models/{quote(model, safe='')}:{do}"


def _failed(found: dict[str, Any]) -> dict[str, Any]:
    return error_of(found["error"])
