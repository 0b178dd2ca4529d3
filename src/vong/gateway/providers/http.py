"""HTTP model API: sending requests, reading responses, naming errors and checking the API key."""

from collections.abc import Callable, Mapping
from typing import ClassVar, NamedTuple, Protocol

import msgspec

from vong.config import ProviderSettings
from vong.errors import Misconfigured, UpstreamFailed, UpstreamTimeout
from vong.gateway.providers.base import Endpoint, ProviderResponse
from vong.gateway.providers.response_check import UpstreamError, excerpt, find_error
from vong.gateway.translators.content import MALFORMED_ERRORS
from vong.gateway.upstream.client import UpstreamClient, UpstreamEndpoint
from vong.gateway.upstream.connection import FORWARDED_HEADERS
from vong.gateway.upstream.response import ResponseLimits, UpstreamResponse
from vong.gateway.upstream.surrogates import repair_surrogates

PROBE_LIMITS = ResponseLimits(connect=3.0, first_byte=5.0, total=10.0)
"""Limits of a request for the model list."""
EVENT_STREAM = "text/event-stream"


class HttpApi:
    """One API with its endpoint and limits.

    `timeout` of its settings bounds a complete response, and in a stream the time without data, in seconds.

    `key_variable` is the variable that commonly holds the key of an API that requires one. It only appears in the
    error: the key of the server's own environment is used only if the settings name its variable, because providers
    stored by a project must not spend it.
    """

    def __init__(
        self,
        name: str,
        settings: ProviderSettings,
        upstream: UpstreamClient,
        endpoint: UpstreamEndpoint,
        *,
        key_variable: str | None = None,
    ) -> None:
        self.name = name
        self.endpoint = endpoint
        self._missing_variable = None if settings.resolve_api_key() else settings.api_key_env or key_variable
        self._variable_configured = settings.api_key_env is not None
        self._upstream = upstream
        self._limits = ResponseLimits(
            connect=min(10.0, settings.timeout), first_byte=settings.timeout, total=settings.timeout
        )

    def require_key(self) -> None:
        """Check that an API key is set.

        Raises: Misconfigured if the key is missing.
        """
        if not self._missing_variable:
            return
        table = f"[providers.{self.name}] in vong.toml"
        hint = f"set the variable {self._missing_variable}, or api_key in {table}"
        if not self._variable_configured:
            setting = f'api_key or api_key_env = "{self._missing_variable}"'
            hint = f"set {setting} in {table}; for a stored provider, use --ask-key"
        raise Misconfigured(f"the provider {self.name!r} has no API key", hint)

    async def post(
        self, path: str, body: bytes, limits: ResponseLimits | None, headers: Mapping[str, str] | None = None
    ) -> UpstreamResponse:
        """Send a request and return the response as soon as its headers have arrived.

        `limits` are those of the route, `headers` are sent with this request only.
        """
        effective = self._limits if limits is None else self._limits.narrowed_by(limits)
        return await self._send(path, body, effective, headers)

    async def post_content(
        self, path: str, body: bytes, content_type: str, limits: ResponseLimits | None
    ) -> UpstreamResponse:
        """Send a request whose body is of any type, and return the response as soon as its headers have arrived."""
        effective = self._limits if limits is None else self._limits.narrowed_by(limits)
        try:
            return await self._upstream.send(self.endpoint, path, body, effective, None, content_type)
        except UpstreamFailed as error:
            raise self._with_provider_name(error) from error

    async def get(self, path: str) -> UpstreamResponse:
        """Send a request without a body and return the response as soon as its headers have arrived."""
        return await self._send(path, None, self._limits, None)

    def try_send(self, path: str, body: bytes, on_complete: Callable[[], object] | None) -> UpstreamResponse | None:
        """Send a request if a connection is idle; see `UpstreamClient.try_send`."""
        return self._upstream.try_send(self.endpoint, path, body, self._limits, on_complete)

    async def wait_for_headers(self, response: UpstreamResponse) -> None:
        """Wait for the headers of the response to a request sent with `try_send`.

        Raises: UpstreamFailed if none arrive.
        """
        try:
            await response.wait_for_headers()
        except UpstreamFailed as error:
            raise self._with_provider_name(error) from error

    def to_response(self, response: UpstreamResponse) -> ProviderResponse:
        """Convert a complete response.

        Raises: UpstreamFailed if the response failed.
        """
        try:
            body = response.body()
        except UpstreamFailed as error:
            raise self._with_provider_name(error) from error
        return ProviderResponse(check_status(response), repair_surrogates(body), forward_headers(response))

    async def fetch_model_list(self, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        """Return the body of the model list.

        Raises: UpstreamFailed if the API does not return the list.
        """
        self.require_key()
        response = await self._send(path, None, PROBE_LIMITS, headers)
        body = await self.read_body(response)
        if response.status != 200:
            raise UpstreamFailed(
                f"{self.name!r} responded to the request for its models with {response.status}", "check its key"
            )
        return body

    async def read_body(self, response: UpstreamResponse) -> bytes:
        """Return the complete body of a response, with repaired surrogates."""
        try:
            return repair_surrogates(await response.read())
        except UpstreamFailed as error:
            raise self._with_provider_name(error) from error
        finally:
            response.close()

    async def check_stream(
        self, response: UpstreamResponse, content_type_prefix: str = EVENT_STREAM
    ) -> ProviderResponse | None:
        """Return None for an event stream, and the error that an API sent instead of it.

        Raises: UpstreamFailed if the response is neither. The message contains its beginning.
        """
        content_type = response.headers.get("content-type", "")
        if content_type.lower().startswith(content_type_prefix):
            return None
        body = await self.read_body(response)
        found = _find_json_error(body)
        if found is None:
            raise UpstreamFailed(
                f"{self.name!r} responded to a stream request with {content_type or 'no content type'!r}: "
                f"{excerpt(body)}"
            )
        return ProviderResponse(found.status, msgspec.json.encode({"error": found.error}), forward_headers(response))

    async def _send(
        self, path: str, body: bytes | None, limits: ResponseLimits, headers: Mapping[str, str] | None
    ) -> UpstreamResponse:
        try:
            return await self._upstream.send(self.endpoint, path, body, limits, headers)
        except UpstreamFailed as error:
            raise self._with_provider_name(error) from error

    def _with_provider_name(self, error: UpstreamFailed) -> UpstreamFailed:
        error_type = UpstreamTimeout if isinstance(error, UpstreamTimeout) else UpstreamFailed
        return error_type(f"{self.name!r}: {error.message}", error.hint)


class ModelList(NamedTuple):
    """Location and format of the model list of an API."""

    path: str = "/models"
    list_field: str = "data"
    name_field: str = "id"
    name_prefix: str = ""
    """Prefix that is removed from each name."""


class HttpProvider:
    """Base of the providers for one HTTP API, with its address and model list."""

    model_list: ClassVar[ModelList] = ModelList()
    model_list_headers: ClassVar[Mapping[str, str] | None] = None

    def __init__(
        self,
        name: str,
        settings: ProviderSettings,
        upstream: UpstreamClient,
        endpoint: UpstreamEndpoint,
        *,
        key_variable: str | None = None,
    ) -> None:
        self.name = name
        self._api = HttpApi(name, settings, upstream, endpoint, key_variable=key_variable)

    @property
    def address(self) -> str:
        """Return the base URL."""
        return self._api.endpoint.url

    async def list_models(self) -> list[str]:
        """Return the models that the API lists."""
        return await fetch_models(self._api, self.model_list, self.model_list_headers)


async def fetch_models(api: HttpApi, model_list: ModelList, headers: Mapping[str, str] | None = None) -> list[str]:
    """Return the sorted names of the models that an API lists. An entry without a name is skipped.

    Raises: UpstreamFailed if the API does not return the list in the expected format.
    """
    body = await api.fetch_model_list(model_list.path, headers)
    try:
        models = [model.get(model_list.name_field) for model in msgspec.json.decode(body)[model_list.list_field]]
    except MALFORMED_ERRORS as error:
        raise UpstreamFailed(f"{api.name!r} returned an invalid model list: {error!r}") from error
    return sorted(str(name).removeprefix(model_list.name_prefix) for name in models if name is not None)


def key_headers(key: str | None, header: str = "authorization") -> dict[str, str]:
    """Return the header that carries an API key, or no header if there is no key."""
    if not key:
        return {}
    return {header: f"Bearer {key}" if header == "authorization" else key}


def _default_max_tokens_name(model: str) -> str:
    del model
    return "max_completion_tokens"


class RequestTemplate(NamedTuple):
    """How calls of an endpoint are sent: the API, its path, and an optional rewrite of the body.

    `max_tokens_name` returns the field that sets the maximum of output tokens of a model.
    """

    api: HttpApi
    path: str
    prepare_body: Callable[[bytes], bytes] | None = None
    max_tokens_name: Callable[[str], str] = _default_max_tokens_name


class PassthroughProvider(Protocol):
    """Provider that forwards a call as one request, and the response unchanged."""

    def request_template(self, endpoint: Endpoint) -> RequestTemplate:
        """Return how calls of an endpoint are sent.

        Raises: Unsupported if the API does not have the endpoint.
        """
        ...


def forward_headers(response: UpstreamResponse) -> Mapping[str, str]:
    """Return the response headers that are forwarded to the caller."""
    return {name: value for name, value in response.headers.items() if name.startswith(FORWARDED_HEADERS)}


def check_status(response: UpstreamResponse) -> int:
    """Return the status of a response.

    Raises: UpstreamFailed for a status that no caller may receive: an interim one, a redirect, or an invalid number.
    """
    if 200 <= response.status < 300 or 400 <= response.status < 600:
        return response.status
    raise UpstreamFailed(f"the upstream responded with the status {response.status}", "check its base_url")


def _find_json_error(body: bytes) -> UpstreamError | None:
    """Return the error in a body, or None if it is not JSON or contains no error."""
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return find_error(decoded, None)
