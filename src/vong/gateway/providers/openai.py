"""Provider for OpenAI, and every other API with the same format: set `base_url`.

The request is sent as the caller wrote it, except for the model name; fields that Vong does not know are forwarded.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from vong.config import ProviderSettings
from vong.errors import UpstreamFailed
from vong.gateway.providers.base import RESPONSES, ProviderRequest, ProviderResponse, Shape
from vong.gateway.providers.http import HttpProvider, RequestTemplate, passed, status
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint
from vong.gateway.upstream.response import UpstreamResponse
from vong.gateway.upstream.sse import whole_events

PUBLIC = "https://api.openai.com/v1"
PATHS: dict[Shape, str] = {"chat": "/chat/completions", "embeddings": "/embeddings", "responses": "/responses"}


class OpenAIProvider:
    """Model API in OpenAI's format."""

    shapes = RESPONSES

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        key = settings.key()
        endpoint = UpstreamEndpoint(settings.base_url or PUBLIC, {"authorization": f"Bearer {key}"} if key else {})
        self.name = name
        self._api = HttpProvider(name, settings, upstream, endpoint)

    @property
    def address(self) -> str:
        """Return the base URL."""
        return self._api.endpoint.url

    def sending(self, shape: Shape) -> RequestTemplate:
        """Return the path of an endpoint; bodies are sent as the caller wrote them."""
        return RequestTemplate(self._api, PATHS[shape])

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Forward a call."""
        return await passed_on(self.sending(ask.shape), ask)

    async def post(self, path: str, body: bytes) -> ProviderResponse:
        """Send any other request to this API and return the response."""
        response = await self._api.post(path, body, None)
        payload = await self._api.whole(response)
        return ProviderResponse(status(response), payload)

    async def models(self) -> list[str]:
        """Return the models that the API lists."""
        return await listed(self._api)


async def passed_on(sending: RequestTemplate, ask: ProviderRequest) -> ProviderResponse:
    """Forward a call in OpenAI's format and return the response unchanged."""
    api = sending.api
    api.ready()
    body = sending.written(ask.body) if sending.written else ask.body
    response = await api.post(sending.path, body, ask.limits)
    if ask.stream:
        return await _streamed(api, response)
    payload = await api.whole(response)
    return ProviderResponse(status(response), payload, passed(response))


async def begun(api: HttpProvider, response: UpstreamResponse) -> ProviderResponse:
    """Return the response to a stream request that was already sent."""
    await api.headed(response)
    return await _streamed(api, response)


async def _streamed(api: HttpProvider, response: UpstreamResponse) -> ProviderResponse:
    headers = passed(response)
    if response.status != 200:
        payload = await api.whole(response)
        return ProviderResponse(status(response), payload, headers)
    api.streams(response)
    return ProviderResponse(response.status, b"", headers, whole_events(response))


async def listed(api: HttpProvider, headers: Mapping[str, str] | None = None) -> list[str]:
    """Return the models that an API in OpenAI's format lists."""
    body = await api.listed("/models", headers)
    try:
        models: list[dict[str, Any]] = msgspec.json.decode(body, type=_Models).data
    except msgspec.DecodeError as error:
        raise UpstreamFailed(f"{api.name!r} returned an invalid model list: {error}") from error
    return sorted(str(model["id"]) for model in models if "id" in model)


class _Models(msgspec.Struct):
    data: list[dict[str, Any]]
