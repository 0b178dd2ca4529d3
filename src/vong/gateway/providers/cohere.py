"""Provider for Cohere: translates chats into its own format, and responses back."""

from typing import Any

import msgspec

from vong.config import ProviderSettings
from vong.errors import UpstreamFailed
from vong.gateway.providers.base import OPENAI, ProviderRequest, ProviderResponse
from vong.gateway.providers.embeddings import answer, wanted
from vong.gateway.providers.http import HttpProvider, passed
from vong.gateway.providers.translation import MALFORMED, answered, asked, streamed
from vong.gateway.translators.openai_cohere import CohereChunkDecoder, cohere_of, completion_of, error_of
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint

PUBLIC = "https://api.cohere.com"
LISTED = "/v1/models?page_size=1000"
"""Path of the model list, in version 1 because version 2 of the API has no list."""


class CohereProvider:
    """Cohere's API. `base_url` is set without its version."""

    shapes = OPENAI

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        key = settings.key()
        url = (settings.base_url or PUBLIC).rstrip("/").removesuffix("/v2")
        endpoint = UpstreamEndpoint(url, {"authorization": f"Bearer {key}"} if key else {})
        self.name = name
        self._api = HttpProvider(name, settings, upstream, endpoint, needs="COHERE_API_KEY")

    @property
    def address(self) -> str:
        """Return the base URL."""
        return self._api.endpoint.url

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Send a call in Cohere's format.

        Raises: Unsupported if Cohere cannot express the request.
        """
        self._api.ready()
        if ask.shape == "embeddings":
            return await self._embed(ask)
        response = await self._api.post("/v2/chat", asked(ask.body, cohere_of), ask.limits)
        if ask.stream and response.status == 200:
            self._api.streams(response)
            return ProviderResponse(
                200, b"", passed(response), streamed(self.name, response, CohereChunkDecoder(ask.model))
            )
        payload = await self._api.whole(response)
        return answered(self.name, response, payload, lambda decoded: completion_of(decoded, ask.model), _failed)

    async def models(self) -> list[str]:
        """Return the models that the API lists."""
        body = await self._api.listed(LISTED)
        try:
            return sorted(str(model["name"]) for model in msgspec.json.decode(body)["models"])
        except MALFORMED as error:
            raise UpstreamFailed(f"{self.name!r} returned an invalid model list: {error!r}") from error

    async def _embed(self, ask: ProviderRequest) -> ProviderResponse:
        request = wanted(ask.body)
        size = {} if request.dimensions is None else {"output_dimension": request.dimensions}
        body = {"model": ask.model, "texts": request.texts, "input_type": "search_document", **size, **request.more}
        body["embedding_types"] = ["float"]
        response = await self._api.post("/v2/embed", msgspec.json.encode(body), ask.limits)
        payload = await self._api.whole(response)

        def translate(decoded: dict[str, Any]) -> dict[str, Any]:
            tokens = ((decoded.get("meta") or {}).get("billed_units") or {}).get("input_tokens")
            input_tokens = None if tokens is None else int(tokens)
            return answer(ask.model, decoded["embeddings"]["float"], request.encoding_format, input_tokens)

        return answered(self.name, response, payload, translate, _failed)


def _failed(error: dict[str, Any]) -> dict[str, Any]:
    return error_of(error["message"])
