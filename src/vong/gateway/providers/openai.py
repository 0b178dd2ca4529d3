"""Provider for OpenAI, and every other API with the same format: set `base_url`.

The request is sent as the caller wrote it, except for the model name; fields that Vong does not know are forwarded. At
the address of a public API, what this API is known to reject is adapted (`vong.gateway.providers.dialects`).
"""

import re
from collections.abc import AsyncGenerator, Mapping
from functools import partial
from typing import get_args
from urllib.parse import urlsplit

import msgspec

from vong.config import ProviderSettings
from vong.gateway.providers.base import (
    MODEL_SERVER_ENDPOINTS,
    OPENAI_ENDPOINTS,
    TEXT_ENDPOINTS,
    Endpoint,
    MediaOperation,
    MediaProviderRequest,
    ModelKind,
    ProviderRequest,
    ProviderResponse,
)
from vong.gateway.providers.dialects import dialect_of
from vong.gateway.providers.http import (
    HttpApi,
    HttpProvider,
    RequestTemplate,
    check_status,
    forward_headers,
    key_headers,
)
from vong.gateway.providers.response_check import find_media_error
from vong.gateway.translators.chat_dialect import adapt_body
from vong.gateway.upstream.client import JSON_CONTENT_TYPE, UpstreamClient, UpstreamEndpoint
from vong.gateway.upstream.response import UpstreamResponse
from vong.gateway.upstream.sse import read_sse_events

DEFAULT_BASE_URL = "https://api.openai.com/v1"
ENDPOINT_PATHS: dict[Endpoint, str] = {
    "chat": "/chat/completions",
    "embeddings": "/embeddings",
    "responses": "/responses",
    "completions": "/completions",
    "rerank": "/rerank",
}
MAX_ERROR_BYTES = 64 * 1024
"""Bytes of a body that may be an error. A result with an image or a long text is longer, or is none."""
MEDIA_HEADERS = {"content-type", "content-disposition"}
"""Headers of a response with audio or images that are passed on."""
TEXT_MODEL_PATTERN = re.compile(r"(ft:)?(gpt-3\.5-turbo-instruct|davinci-002|babbage-002)\b.*")
"""Models of OpenAI that complete texts. All others only chat."""


class OpenAIProvider(HttpProvider):
    """OpenAI's API, and any API in OpenAI's format."""

    endpoints: frozenset[Endpoint] = OPENAI_ENDPOINTS | TEXT_ENDPOINTS

    def __init__(self, name: str, settings: ProviderSettings, upstream: UpstreamClient) -> None:
        headers = key_headers(settings.resolve_api_key())
        super().__init__(name, settings, upstream, UpstreamEndpoint(settings.base_url or DEFAULT_BASE_URL, headers))
        self.chat_dialect = dialect_of(self.address)
        if not self._is_openai:
            self.endpoints = self.endpoints | MODEL_SERVER_ENDPOINTS

    def request_template(self, endpoint: Endpoint) -> RequestTemplate:
        """Return how calls of an endpoint are sent: as the caller wrote them, unless the API is a known other one."""
        dialect = self.chat_dialect
        if dialect.is_verbatim or endpoint == "responses":
            return RequestTemplate(self._api, ENDPOINT_PATHS[endpoint], None, dialect.max_tokens_name)
        prepare = partial(adapt_body, dialect=dialect, kind=self.name)
        return RequestTemplate(self._api, ENDPOINT_PATHS[endpoint], prepare, dialect.max_tokens_name)

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Forward a call."""
        return await forward(self.request_template(request.endpoint), request)

    def model_kind(self, model: str) -> ModelKind:
        """Return what a model completes, which is known of OpenAI's own models only."""
        if self._is_openai:
            return "text" if TEXT_MODEL_PATTERN.fullmatch(model) else "chat"
        return "either"

    @property
    def _is_openai(self) -> bool:
        return (urlsplit(self.address).hostname or "").endswith(".openai.com")

    media_operations: frozenset[MediaOperation] = frozenset(get_args(MediaOperation))

    async def send_media(self, request: MediaProviderRequest) -> ProviderResponse:
        """Forward a call with audio or images."""
        return await forward_media(self._api, request)

    async def post(self, path: str, body: bytes, content_type: str = JSON_CONTENT_TYPE) -> ProviderResponse:
        """Send any other request to this API and return the response."""
        response = await self._api.post_content(path, body, content_type, None)
        payload = await self._api.read_body(response)
        return ProviderResponse(check_status(response), payload)

    async def get(self, path: str) -> ProviderResponse:
        """Read any other resource of this API and return the response."""
        self._api.require_key()
        response = await self._api.get(path)
        payload = await self._api.read_body(response)
        return ProviderResponse(check_status(response), payload)


async def forward(
    template: RequestTemplate, call: ProviderRequest, headers: Mapping[str, str] | None = None
) -> ProviderResponse:
    """Forward a call in OpenAI's format and return the response unchanged. `headers` are added to the request."""
    api = template.api
    api.require_key()
    body = template.prepare_body(call.body) if template.prepare_body else call.body
    response = await api.post(template.path, body, call.limits, headers)
    return await forward_response(api, response, call.stream)


async def forward_media(api: HttpApi, request: MediaProviderRequest) -> ProviderResponse:
    """Forward a call with audio or images.

    The body of a successful response is passed on in parts. Only a short one that may hold an error is read before.

    Raises: UpstreamFailed if the response breaks before its body has begun.
    """
    api.require_key()
    response = await api.post_content(f"/{request.operation}", request.body, request.content_type, request.limits)
    headers = {**forward_headers(response)}
    for name in MEDIA_HEADERS & response.headers.keys():
        headers[name] = response.headers[name]
    if check_status(response) >= 400:
        return ProviderResponse(response.status, await api.read_body(response), headers)
    content_type = headers.get("content-type", "").strip().lower()
    start, is_whole = b"", False
    if content_type.startswith(("application/json", "text/html")):
        start, is_whole = await _read_start(response)
    if is_whole:
        if (found := find_media_error(start, content_type, request.operation)) is None:
            return ProviderResponse(response.status, start, headers)
        headers["content-type"] = JSON_CONTENT_TYPE
        return ProviderResponse(found.status, msgspec.json.encode({"error": found.error}), headers)
    return ProviderResponse(response.status, headers=headers, events=_read_parts(response, start))


async def _read_start(response: UpstreamResponse) -> tuple[bytes, bool]:
    """Return the first bytes of a body, and True if they are all of it."""
    start, is_whole = b"", False
    try:
        while len(start) <= MAX_ERROR_BYTES and not is_whole:
            part = await response.read_chunk()
            start, is_whole = start + part, not part
    except BaseException:
        response.close()
        raise
    if is_whole:
        response.close()
    return start, is_whole


async def _read_parts(response: UpstreamResponse, start: bytes) -> AsyncGenerator[bytes]:
    try:
        if start:
            yield start
        while part := await response.read_chunk():
            yield part
    finally:
        response.close()


async def receive_stream(api: HttpApi, response: UpstreamResponse) -> ProviderResponse:
    """Return the response to a stream request that was already sent."""
    await api.wait_for_headers(response)
    return await forward_response(api, response, stream=True)


async def forward_response(api: HttpApi, response: UpstreamResponse, stream: bool) -> ProviderResponse:
    """Return a response unchanged, as events if a stream was requested and has started."""
    headers = forward_headers(response)
    if stream and response.status == 200:
        error = await api.check_stream(response)
        return error or ProviderResponse(200, b"", headers, read_sse_events(response))
    payload = await api.read_body(response)
    return ProviderResponse(check_status(response), payload, headers)
