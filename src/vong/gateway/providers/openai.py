"""Provider for OpenAI, and every other API with the same format: set `base_url`.

The request is sent as the caller wrote it, except for the model name; fields that Vong does not know are forwarded.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from vong.config import ProviderSettings
from vong.errors import UpstreamFailed
from vong.gateway.providers.base import OPENAI_ENDPOINTS, Endpoint, ProviderRequest, ProviderResponse
from vong.gateway.providers.http import HttpProvider, RequestTemplate, check_status, forward_headers
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint
from vong.gateway.upstream.response import UpstreamResponse
from vong.gateway.upstream.sse import read_sse_events

DEFAULT_BASE_URL = "https://api.openai.com/v1"
ENDPOINT_PATHS: dict[Endpoint, str] = {
    "chat": "/chat/completions",
    "embeddings": "/embeddings",
    "responses": "/responses",
}


class OpenAIProvider:
    """Model API in OpenAI's format."""

    endpoints = OPENAI_ENDPOINTS

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        key = settings.resolve_api_key()
        endpoint = UpstreamEndpoint(
            settings.base_url or DEFAULT_BASE_URL, {"authorization": f"Bearer {key}"} if key else {}
        )
        self.name = name
        self._api = HttpProvider(name, settings, upstream, endpoint)

    @property
    def address(self) -> str:
        """Return the base URL."""
        return self._api.endpoint.url

    def request_template(self, endpoint: Endpoint) -> RequestTemplate:
        """Return the path of an endpoint; bodies are sent as the caller wrote them."""
        return RequestTemplate(self._api, ENDPOINT_PATHS[endpoint])

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Forward a call."""
        return await forward(self.request_template(request.endpoint), request)

    async def post(self, path: str, body: bytes) -> ProviderResponse:
        """Send any other request to this API and return the response."""
        response = await self._api.post(path, body, None)
        payload = await self._api.read_body(response)
        return ProviderResponse(check_status(response), payload)

    async def list_models(self) -> list[str]:
        """Return the models that the API lists."""
        return await fetch_models(self._api)


async def forward(template: RequestTemplate, call: ProviderRequest) -> ProviderResponse:
    """Forward a call in OpenAI's format and return the response unchanged."""
    api = template.api
    api.require_key()
    body = template.prepare_body(call.body) if template.prepare_body else call.body
    response = await api.post(template.path, body, call.limits)
    if call.stream:
        return await _stream_response(api, response)
    payload = await api.read_body(response)
    return ProviderResponse(check_status(response), payload, forward_headers(response))


async def receive_stream(api: HttpProvider, response: UpstreamResponse) -> ProviderResponse:
    """Return the response to a stream request that was already sent."""
    await api.wait_for_headers(response)
    return await _stream_response(api, response)


async def _stream_response(api: HttpProvider, response: UpstreamResponse) -> ProviderResponse:
    headers = forward_headers(response)
    if response.status != 200:
        payload = await api.read_body(response)
        return ProviderResponse(check_status(response), payload, headers)
    api.require_stream(response)
    return ProviderResponse(response.status, b"", headers, read_sse_events(response))


async def fetch_models(api: HttpProvider, headers: Mapping[str, str] | None = None) -> list[str]:
    """Return the models that an API in OpenAI's format lists."""
    body = await api.fetch_model_list("/models", headers)
    try:
        models: list[dict[str, Any]] = msgspec.json.decode(body, type=_Models).data
    except msgspec.DecodeError as error:
        raise UpstreamFailed(f"{api.name!r} returned an invalid model list: {error}") from error
    return sorted(str(model["id"]) for model in models if "id" in model)


class _Models(msgspec.Struct):
    data: list[dict[str, Any]]
