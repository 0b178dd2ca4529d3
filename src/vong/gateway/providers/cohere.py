"""Provider for Cohere: translates chats into its own format, and responses back."""

from typing import Any

import msgspec

from vong.config import ProviderSettings
from vong.gateway.providers.base import COMMON_ENDPOINTS, Endpoint, ProviderRequest, ProviderResponse
from vong.gateway.providers.dialects import NATIVE_WITHOUT_SERIAL_CALLS
from vong.gateway.providers.embeddings import build_embedding_response, parse_embedding_request
from vong.gateway.providers.http import HttpProvider, ModelList, key_headers
from vong.gateway.providers.rerank import parse_rerank_request
from vong.gateway.providers.translation import translate_reply, translate_request, translate_response
from vong.gateway.translators.openai_cohere import (
    CohereChunkDecoder,
    build_error,
    to_chat_completion,
    to_cohere_request,
)
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint

DEFAULT_BASE_URL = "https://api.cohere.com"


class CohereProvider(HttpProvider):
    """Cohere's API, version 2. Set `base_url` without the version."""

    endpoints: frozenset[Endpoint] = frozenset({*COMMON_ENDPOINTS, "rerank"})
    model_list = ModelList("/v1/models?page_size=1000", "models", "name")
    """Model list of version 1, because version 2 of the API has none."""

    chat_dialect = NATIVE_WITHOUT_SERIAL_CALLS

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        url = (settings.base_url or DEFAULT_BASE_URL).rstrip("/").removesuffix("/v2")
        endpoint = UpstreamEndpoint(url, key_headers(settings.resolve_api_key()))
        super().__init__(name, settings, upstream, endpoint, key_variable="COHERE_API_KEY")

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Send a call in Cohere's format.

        Raises: Unsupported if Cohere cannot express the request.
        """
        self._api.require_key()
        if request.endpoint == "embeddings":
            return await self._embed(request)
        if request.endpoint == "rerank":
            return await self._rerank(request)
        response = await self._api.post("/v2/chat", translate_request(request.body, to_cohere_request), request.limits)
        decoder = CohereChunkDecoder(request.model) if request.stream else None
        return await translate_reply(
            self._api, response, decoder, lambda decoded: to_chat_completion(decoded, request.model), _translate_error
        )

    async def _embed(self, call: ProviderRequest) -> ProviderResponse:
        request = parse_embedding_request(call.body)
        size = {} if request.dimensions is None else {"output_dimension": request.dimensions}
        fields = {"input_type": "search_document", **size, **request.unknown_fields}
        body = {"model": call.model, "texts": request.texts, **fields}
        body["embedding_types"] = ["float"]
        response = await self._api.post("/v2/embed", msgspec.json.encode(body), call.limits)
        payload = await self._api.read_body(response)

        def translate(decoded: dict[str, Any]) -> dict[str, Any]:
            tokens = ((decoded.get("meta") or {}).get("billed_units") or {}).get("input_tokens")
            input_tokens = None if tokens is None else int(tokens)
            return build_embedding_response(
                call.model, decoded["embeddings"]["float"], request.encoding_format, input_tokens
            )

        return translate_response(self.name, response, payload, translate, _translate_error)

    async def _rerank(self, call: ProviderRequest) -> ProviderResponse:
        """Send a rerank request. Version 2 of the API takes texts only and returns no documents."""
        fields = msgspec.json.decode(call.body, type=dict[str, Any])
        request = parse_rerank_request(call.body)
        texts, with_documents = request.texts, request.return_documents
        fields.pop("return_documents", None)
        body = msgspec.json.encode({**fields, "documents": texts})
        response = await self._api.post("/v2/rerank", body, call.limits)
        payload = await self._api.read_body(response)

        def translate(decoded: dict[str, Any]) -> dict[str, Any]:
            results = [
                {**result, "document": {"text": texts[result["index"]]}} if with_documents else result
                for result in decoded["results"]
            ]
            return {**decoded, "object": "list", "model": call.model, "results": results}

        return translate_response(self.name, response, payload, translate, _translate_error)


def _translate_error(error: dict[str, Any]) -> dict[str, Any]:
    return build_error(error["message"])
