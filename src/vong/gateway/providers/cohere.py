"""Cohere: a chat is translated into its own, and the answer back."""

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
"""The second version of the API has no list."""


class CohereProvider:
    """Cohere's API. `base_url` is given without its version."""

    shapes = OPENAI

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        key = settings.key()
        url = (settings.base_url or PUBLIC).rstrip("/").removesuffix("/v2")
        endpoint = UpstreamEndpoint(url, {"authorization": f"Bearer {key}"} if key else {})
        self.name = name
        self._api = HttpProvider(name, settings, upstream, endpoint, needs="COHERE_API_KEY")

    @property
    def address(self) -> str:
        """The base URL."""
        return self._api.endpoint.url

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Ask in Cohere's form. Unsupported for what it cannot hold."""
        self._api.ready()
        if ask.shape == "embeddings":
            return await self._embed(ask)
        response = await self._api.post("/v2/chat", asked(ask.body, cohere_of), ask.limits)
        if ask.stream and response.status == 200:
            self._api.streams(response)
            return ProviderResponse(
                200, b"", passed(response), streamed(self.name, response, CohereChunkDecoder(ask.model))
            )
        found = await self._api.whole(response)
        return answered(self.name, response, found, lambda said: completion_of(said, ask.model), _failed)

    async def models(self) -> list[str]:
        """What the API lists."""
        body = await self._api.listed(LISTED)
        try:
            return sorted(str(model["name"]) for model in msgspec.json.decode(body)["models"])
        except MALFORMED as error:
            raise UpstreamFailed(f"{self.name!r} lists its models in another form: {error!r}") from error

    async def _embed(self, ask: ProviderRequest) -> ProviderResponse:
        given = wanted(ask.body)
        size = {} if given.dimensions is None else {"output_dimension": given.dimensions}
        body = {"model": ask.model, "texts": given.texts, "input_type": "search_document", **size, **given.more}
        body["embedding_types"] = ["float"]
        response = await self._api.post("/v2/embed", msgspec.json.encode(body), ask.limits)
        found = await self._api.whole(response)

        def made(said: dict[str, Any]) -> dict[str, Any]:
            tokens = ((said.get("meta") or {}).get("billed_units") or {}).get("input_tokens")
            read = None if tokens is None else int(tokens)
            return answer(ask.model, said["embeddings"]["float"], given.encoding_format, read)

        return answered(self.name, response, found, made, _failed)


def _failed(found: dict[str, Any]) -> dict[str, Any]:
    return error_of(found["message"])
