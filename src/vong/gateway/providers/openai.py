"""OpenAI, and every other API that speaks as OpenAI does: set `base_url`.

The request goes out as the caller wrote it, but for the model's name; fields that Vong does not know pass through.
"""

from typing import Any

import msgspec

from vong.config import ProviderSettings
from vong.errors import Misconfigured, UpstreamFailed, UpstreamTimeout
from vong.gateway.connection import Limits, Response
from vong.gateway.providers.events import whole_events
from vong.gateway.providers.provider import Ask, Reply, Shape
from vong.gateway.upstream import Endpoint, Upstream

PUBLIC = "https://api.openai.com/v1"
PATHS: dict[Shape, str] = {"chat": "/chat/completions", "embeddings": "/embeddings"}
PROBE = Limits(connect=3.0, first_byte=5.0, total=10.0)
PASSED = ("retry-after", "retry-after-ms", "x-ratelimit-", "x-request-id")
"""Headers of the upstream, or beginnings of them, that are of use to a caller or a trace."""


class OpenAI:
    """A model API in OpenAI's shape. `timeout` of its settings bounds one whole call, in seconds."""

    def __init__(self, name: str, settings: ProviderSettings, upstream: Upstream) -> None:
        key = settings.key()
        base_url = settings.base_url or PUBLIC
        self.name = name
        self._missing = settings.api_key_env if settings.api_key_env and not key else None
        self._upstream = upstream
        self._endpoint = Endpoint(base_url, {"authorization": f"Bearer {key}"} if key else {})
        self._limits = Limits(connect=min(10.0, settings.timeout), first_byte=settings.timeout, total=settings.timeout)

    @property
    def address(self) -> str:
        """The base URL."""
        return self._endpoint.url

    async def call(self, ask: Ask) -> Reply:
        """Pass the call on."""
        self._ready()
        response = await self._send(PATHS[ask.shape], ask.body, self._limits.within(ask.limits))
        headers = {name: value for name, value in response.headers.items() if name.startswith(PASSED)}
        if not ask.stream or response.status != 200:
            body = await self._whole(response)
            return Reply(_status(response), body, headers)
        kind = response.headers.get("content-type", "")
        if not kind.startswith("text/event-stream"):
            response.close()
            raise UpstreamFailed(f"{self.name!r} answered a request for a stream with {kind or 'no content type'!r}")
        return Reply(response.status, b"", headers, whole_events(response))

    async def models(self) -> list[str]:
        """What the API lists."""
        self._ready()
        response = await self._send("/models", None, PROBE)
        body = await self._whole(response)
        if response.status != 200:
            raise UpstreamFailed(f"{self.name!r} answers {response.status} when asked for its models", "check its key")
        try:
            listed: list[dict[str, Any]] = msgspec.json.decode(body, type=_Models).data
        except msgspec.DecodeError as error:
            raise UpstreamFailed(f"{self.name!r} lists its models in another form: {error}") from error
        return sorted(str(model["id"]) for model in listed if "id" in model)

    async def _send(self, path: str, body: bytes | None, limits: Limits) -> Response:
        try:
            return await self._upstream.send(self._endpoint, path, body, limits)
        except UpstreamFailed as error:
            raise self._named(error) from error

    async def _whole(self, response: Response) -> bytes:
        try:
            return await response.read()
        except UpstreamFailed as error:
            raise self._named(error) from error
        finally:
            response.close()

    def _named(self, error: UpstreamFailed) -> UpstreamFailed:
        kind = UpstreamTimeout if isinstance(error, UpstreamTimeout) else UpstreamFailed
        return kind(f"{self.name!r}: {error.message}", error.hint)

    def _ready(self) -> None:
        if self._missing:
            hint = f"set the variable {self._missing}, or api_key of [providers.{self.name}] in vong.toml"
            raise Misconfigured(f"the provider {self.name!r} has no API key", hint)


class _Models(msgspec.Struct):
    data: list[dict[str, Any]]


def _status(response: Response) -> int:
    """An answer that no caller may get (an interim one, a redirect, a number that HTTP does not have) is a fault."""
    if 200 <= response.status < 300 or 400 <= response.status < 600:
        return response.status
    raise UpstreamFailed(f"the upstream answered with the status {response.status}", "check its base_url")
