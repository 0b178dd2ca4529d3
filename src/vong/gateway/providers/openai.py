"""OpenAI, and every other API that speaks as OpenAI does: set `base_url`.

The request goes out as the caller wrote it, but for the model's name; fields that Vong does not know pass through.
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
    """A model API in OpenAI's shape."""

    shapes = RESPONSES

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        key = settings.key()
        endpoint = UpstreamEndpoint(settings.base_url or PUBLIC, {"authorization": f"Bearer {key}"} if key else {})
        self.name = name
        self._api = HttpProvider(name, settings, upstream, endpoint)

    @property
    def address(self) -> str:
        """The base URL."""
        return self._api.endpoint.url

    def sending(self, shape: Shape) -> RequestTemplate:
        """Calls go out as the caller wrote them."""
        return RequestTemplate(self._api, PATHS[shape])

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Pass the call on."""
        return await passed_on(self.sending(ask.shape), ask)

    async def post(self, path: str, body: bytes) -> ProviderResponse:
        """The answer to any other call of this API."""
        response = await self._api.post(path, body, None)
        found = await self._api.whole(response)
        return ProviderResponse(status(response), found)

    async def models(self) -> list[str]:
        """What the API lists."""
        return await listed(self._api)


async def passed_on(sending: RequestTemplate, ask: ProviderRequest) -> ProviderResponse:
    """The answer to a call in OpenAI's shape, as it came."""
    api = sending.api
    api.ready()
    body = sending.written(ask.body) if sending.written else ask.body
    response = await api.post(sending.path, body, ask.limits)
    if ask.stream:
        return await _streamed(api, response)
    found = await api.whole(response)
    return ProviderResponse(status(response), found, passed(response))


async def begun(api: HttpProvider, response: UpstreamResponse) -> ProviderResponse:
    """The answer to a call for a stream that was sent already."""
    await api.headed(response)
    return await _streamed(api, response)


async def _streamed(api: HttpProvider, response: UpstreamResponse) -> ProviderResponse:
    headers = passed(response)
    if response.status != 200:
        found = await api.whole(response)
        return ProviderResponse(status(response), found, headers)
    api.streams(response)
    return ProviderResponse(response.status, b"", headers, whole_events(response))


async def listed(api: HttpProvider, headers: Mapping[str, str] | None = None) -> list[str]:
    """The models that an API in OpenAI's shape lists."""
    body = await api.listed("/models", headers)
    try:
        found: list[dict[str, Any]] = msgspec.json.decode(body, type=_Models).data
    except msgspec.DecodeError as error:
        raise UpstreamFailed(f"{api.name!r} lists its models in another form: {error}") from error
    return sorted(str(model["id"]) for model in found if "id" in model)


class _Models(msgspec.Struct):
    data: list[dict[str, Any]]
