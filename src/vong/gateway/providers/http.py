"""What all model APIs over HTTP share: sending, reading whole answers, naming errors, and the check for a key."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from vong.config import ProviderSettings
from vong.errors import Misconfigured, UpstreamFailed, UpstreamTimeout
from vong.gateway.providers.base import ProviderResponse, Shape
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint
from vong.gateway.upstream.connection import PASSED
from vong.gateway.upstream.response import ResponseLimits, UpstreamResponse

PROBE = ResponseLimits(connect=3.0, first_byte=5.0, total=10.0)
"""How long a list of models may take."""
EVENTS = "text/event-stream"


class HttpProvider:
    """One API: its endpoint and its limits. `timeout` of its settings bounds one whole call, in seconds.

    `needs` is the variable that commonly holds the key of an API that answers nobody without one. It is only named in
    the error: the key of the server's own environment is used where the settings name its variable, never by itself,
    because providers that a project stores must not spend it.
    """

    def __init__(
        self,
        name: str,
        settings: ProviderSettings,
        upstream: UpstreamClient,
        endpoint: UpstreamEndpoint,
        *,
        needs: str | None = None,
    ) -> None:
        self.name = name
        self.endpoint = endpoint
        self._missing = None if settings.key() else settings.api_key_env or needs
        self._named_variable = settings.api_key_env is not None
        self._upstream = upstream
        self._limits = ResponseLimits(
            connect=min(10.0, settings.timeout), first_byte=settings.timeout, total=settings.timeout
        )

    def ready(self) -> None:
        """Misconfigured where the key is missing."""
        if not self._missing:
            return
        table = f"[providers.{self.name}] in vong.toml"
        hint = f"set the variable {self._missing}, or api_key of {table}"
        if not self._named_variable:
            hint = f'set api_key, or api_key_env = "{self._missing}", of {table}; a stored provider takes --ask-key'
        raise Misconfigured(f"the provider {self.name!r} has no API key", hint)

    async def post(
        self, path: str, body: bytes, limits: ResponseLimits | None, headers: Mapping[str, str] | None = None
    ) -> UpstreamResponse:
        """Send a request; the answer's head has arrived when this returns. `limits` are a route's, `headers` go with
        this request alone.
        """
        own = self._limits if limits is None else self._limits.within(limits)
        return await self._send(path, body, own, headers)

    def begin(self, path: str, body: bytes, arrived: Callable[[], object] | None) -> UpstreamResponse | None:
        """Send a request where a connection is free; see `Upstream.begin`."""
        return self._upstream.begin(self.endpoint, path, body, self._limits, arrived)

    async def headed(self, response: UpstreamResponse) -> None:
        """Wait for the head of an answer to what was begun. UpstreamFailed where none comes."""
        try:
            await response.head()
        except UpstreamFailed as error:
            raise self._named(error) from error

    def reply(self, response: UpstreamResponse) -> ProviderResponse:
        """An answer that is complete, as a reply. UpstreamFailed where it is none."""
        try:
            body = response.body()
        except UpstreamFailed as error:
            raise self._named(error) from error
        return ProviderResponse(status(response), body, passed(response))

    async def listed(self, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        """A list of models. UpstreamFailed where the API does not give it."""
        self.ready()
        response = await self._send(path, None, PROBE, headers)
        body = await self.whole(response)
        if response.status != 200:
            raise UpstreamFailed(f"{self.name!r} answers {response.status} when asked for its models", "check its key")
        return body

    async def whole(self, response: UpstreamResponse) -> bytes:
        """The whole body of an answer."""
        try:
            return await response.read()
        except UpstreamFailed as error:
            raise self._named(error) from error
        finally:
            response.close()

    def streams(self, response: UpstreamResponse, kind: str = EVENTS) -> None:
        """UpstreamFailed where an answer is no stream of events."""
        found = response.headers.get("content-type", "")
        if not found.startswith(kind):
            response.close()
            raise UpstreamFailed(f"{self.name!r} answered a request for a stream with {found or 'no content type'!r}")

    async def _send(
        self, path: str, body: bytes | None, limits: ResponseLimits, headers: Mapping[str, str] | None
    ) -> UpstreamResponse:
        try:
            return await self._upstream.send(self.endpoint, path, body, limits, headers)
        except UpstreamFailed as error:
            raise self._named(error) from error

    def _named(self, error: UpstreamFailed) -> UpstreamFailed:
        kind = UpstreamTimeout if isinstance(error, UpstreamTimeout) else UpstreamFailed
        return kind(f"{self.name!r}: {error.message}", error.hint)


class RequestTemplate(NamedTuple):
    """How calls of a shape go out: to which API, to which of its paths, and what their bodies become on the way."""

    api: HttpProvider
    path: str
    written: Callable[[bytes], bytes] | None = None


class PassthroughProvider(Protocol):
    """A provider that passes a call on as one request, and its answer as it comes."""

    def sending(self, shape: Shape) -> RequestTemplate:
        """How calls of a shape go out. Unsupported where the API has none of them."""
        ...


def passed(response: UpstreamResponse) -> Mapping[str, str]:
    """The headers that go on to the caller."""
    return {name: value for name, value in response.headers.items() if name.startswith(PASSED)}


def status(response: UpstreamResponse) -> int:
    """An answer that no caller may get (an interim one, a redirect, a number that HTTP does not have) is a fault."""
    if 200 <= response.status < 300 or 400 <= response.status < 600:
        return response.status
    raise UpstreamFailed(f"the upstream answered with the status {response.status}", "check its base_url")
