"""Provider for OpenAI, and every other API with the same format: set `base_url`.

The request is sent as the caller wrote it, except for the model name; fields that Vong does not know are forwarded.
"""

from vong.config import ProviderSettings
from vong.gateway.providers.base import OPENAI_ENDPOINTS, Endpoint, ProviderRequest, ProviderResponse
from vong.gateway.providers.http import (
    HttpApi,
    HttpProvider,
    RequestTemplate,
    check_status,
    forward_headers,
    key_headers,
)
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint
from vong.gateway.upstream.response import UpstreamResponse
from vong.gateway.upstream.sse import read_sse_events

DEFAULT_BASE_URL = "https://api.openai.com/v1"
ENDPOINT_PATHS: dict[Endpoint, str] = {
    "chat": "/chat/completions",
    "embeddings": "/embeddings",
    "responses": "/responses",
}


class OpenAIProvider(HttpProvider):
    """OpenAI's API, and any API in OpenAI's format."""

    endpoints = OPENAI_ENDPOINTS

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        headers = key_headers(settings.resolve_api_key())
        super().__init__(name, settings, upstream, UpstreamEndpoint(settings.base_url or DEFAULT_BASE_URL, headers))

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


async def forward(template: RequestTemplate, call: ProviderRequest) -> ProviderResponse:
    """Forward a call in OpenAI's format and return the response unchanged."""
    api = template.api
    api.require_key()
    body = template.prepare_body(call.body) if template.prepare_body else call.body
    response = await api.post(template.path, body, call.limits)
    return await forward_response(api, response, call.stream)


async def receive_stream(api: HttpApi, response: UpstreamResponse) -> ProviderResponse:
    """Return the response to a stream request that was already sent."""
    await api.wait_for_headers(response)
    return await forward_response(api, response, stream=True)


async def forward_response(api: HttpApi, response: UpstreamResponse, stream: bool) -> ProviderResponse:
    """Return a response unchanged, as events if a stream was requested and has started."""
    headers = forward_headers(response)
    if stream and response.status == 200:
        api.require_stream(response)
        return ProviderResponse(200, b"", headers, read_sse_events(response))
    payload = await api.read_body(response)
    return ProviderResponse(check_status(response), payload, headers)
