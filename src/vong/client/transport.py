"""HTTP transport of the client: one connection pool, retries during server restarts, typed errors."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx
from httpx_sse import EventSource, ServerSentEvent
from pydantic import BaseModel, TypeAdapter, ValidationError
from tenacity import retry_if_exception, retry_if_exception_type, retry_if_result, stop_after_delay, wait_fixed

from vong import errors
from vong.errors import InvalidInput, Unavailable, VongError, error_message, parse_error
from vong.retries import call_with_retries

T = TypeVar("T")

REQUEST_TIMEOUT_SECONDS = 120.0
RETRY_DELAY_SECONDS = 0.3
"""Delay between two attempts."""

URL_HINT = "use http(s)://HOST[:PORT], for example http://127.0.0.1:8400, in VONG_PUBLIC_URL"

ERRORS_BY_CODE: dict[str, type[VongError]] = {
    kind.code: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, VongError)
}

ERRORS_BY_STATUS: dict[int, type[errors.VongError]] = {
    400: errors.InvalidInput,
    402: errors.BudgetExceeded,
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    429: errors.RateLimitExceeded,
    413: errors.InvalidInput,
    503: errors.Unavailable,
    504: errors.UpstreamTimeout,
}


class Transport:
    """Sender of requests that returns typed values.

    `retry_seconds` is how long a request is retried while the server is unreachable or responds with 503.

    Raises: InvalidInput if the URL or the key is invalid.
    """

    def __init__(self, url: str, api_key: str | None, *, retry_seconds: float = 10.0) -> None:
        self.url = url.rstrip("/")
        self.retry_seconds = retry_seconds
        _check_url(self.url)
        if api_key and not (api_key.isascii() and api_key.isprintable() and " " not in api_key):
            raise InvalidInput("the API key contains a character that no key has", "copy the key again")
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self.http = httpx.Client(base_url=self.url, headers=headers, timeout=REQUEST_TIMEOUT_SECONDS, trust_env=False)

    def get(self, path: str, kind: Any = Any, /, **params: Any) -> Any:
        """Send a GET request and return the response as that type."""
        return self.request("GET", path, kind, params=params)

    def get_text(self, path: str) -> str:
        """Send a GET request and return the text of the response."""
        response = self._send_with_retries("GET", path, {})
        raise_for_problem(response)
        return response.text

    def post(self, path: str, kind: Any = Any, /, *, body: Any = None, **options: Any) -> Any:
        """Send a POST request with an `Idempotency-Key`, so that a retry has no second effect."""
        return self.request("POST", path, kind, body=body, **options)

    def request(self, method: str, path: str, kind: Any = Any, /, *, body: Any = None, **options: Any) -> Any:
        """Send a request. The server's problem documents are raised as the errors they describe."""
        if isinstance(body, BaseModel):
            body = body.model_dump(mode="json", exclude_unset=True)
        if body is not None:
            options["json"] = body
        if method != "GET":
            key = options.pop("idempotency_key", None) or str(uuid4())
            options["headers"] = {**options.pop("headers", {}), "Idempotency-Key": key}
        response = self._send_with_retries(method, path, options)
        raise_for_problem(response)
        return self._parse(response, kind)

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request under `/v1`. Only a failed connection is retried, because a sent call may have been processed.

        Raises: the error that the response describes in OpenAI's error format.
        """
        with convert_connection_errors(self.url, is_call=True):
            request = _build_request(self.http, method, path, options)
            response = call_with_retries(
                lambda: self.http.send(request),
                retry=retry_if_exception_type((httpx.ConnectError, httpx.ConnectTimeout)),
                wait=wait_fixed(RETRY_DELAY_SECONDS),
                stop=stop_after_delay(self.retry_seconds),
            )
        raise_for_error(response)
        return response

    @contextmanager
    def stream(self, method: str, path: str, **options: Any) -> Generator[httpx.Response]:
        """Send a request under `/v1`, and yield the response to read its body while it arrives."""
        response = self.open_stream(method, path, **options)
        try:
            with convert_connection_errors(self.url, is_call=True):
                yield response
        finally:
            response.close()

    def open_stream(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request under `/v1`, and return the response as soon as its head has arrived. The caller closes it."""
        with convert_connection_errors(self.url, is_call=True):
            response = self.http.send(_build_request(self.http, method, path, options), stream=True)
            if not response.is_success:
                response.read()
                response.close()
                raise_for_error(response)
        return response

    def open_event_stream(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request under `/api`, and return the response as soon as its head has arrived. The caller closes it.

        Raises: the error of a problem document.
        """
        with convert_connection_errors(self.url, is_call=True):
            response = self.http.send(_build_request(self.http, method, path, options), stream=True)
            if not response.is_success:
                response.read()
                response.close()
                raise_for_problem(response)
        return response

    def events(self, path: str, /, **params: Any) -> Iterator[ServerSentEvent]:
        """Yield the server-sent events of a streamed response as they arrive."""
        options = {"params": params, "timeout": httpx.Timeout(30, read=None)}
        response = self.http.send(_build_request(self.http, "GET", path, options), stream=True)
        try:
            if not response.is_success:
                response.read()
                raise_for_problem(response)
            yield from iter_events(response)
        finally:
            response.close()

    def close(self) -> None:
        """Close the connection pool."""
        self.http.close()

    def _send_with_retries(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        with convert_connection_errors(self.url):
            return call_with_retries(
                lambda: self.http.send(_build_request(self.http, method, path, options)),
                retry=retry_if_exception(_is_retryable) | retry_if_result(_is_unavailable),
                wait=wait_fixed(RETRY_DELAY_SECONDS),
                stop=stop_after_delay(self.retry_seconds),
            )

    def _parse(self, response: httpx.Response, kind: Any) -> Any:
        """Return the body as that type. A response without a body is None, for a request that asks for nothing."""
        if not response.content and kind is Any:
            return None
        try:
            return TypeAdapter(kind).validate_json(response.content)
        except ValidationError:
            message = f"{self.url} answered {response.request.method} {response.request.url.path} with something else"
            hint = "check that the URL is that of a Vong server of this version: vong status"
            raise Unavailable(message, hint) from None


@contextmanager
def convert_connection_errors(url: str, *, is_call: bool = False) -> Generator[None]:
    """Raise Unavailable instead of the errors of a connection to the server. `is_call`: it may be a call of a model."""
    try:
        yield
    except httpx.TransportError as error:
        reason = type(error).__name__
        if is_call and not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            message = f"the server at {url} closed the connection during the call ({reason})"
            hint = "the call may have been processed; send it again only if it may be repeated"
            raise Unavailable(message, hint) from error
        message = f"the server at {url} is unreachable ({reason})"
        raise Unavailable(message, "check it with: vong status; start it with: vong up") from error


def segment(value: object, *, slashes: bool = False) -> str:
    """Return a name or an id as one quoted segment of a path, whatever it contains.

    Raises: InvalidInput if no object can have that name: it is empty, `.`, `..`, or has a slash without `slashes`.
    """
    text = str(value)
    if not text.strip() or text in (".", ".."):
        raise InvalidInput(f"{text!r} is no name or id", "pass the name or id of an existing object")
    if "/" in text and not slashes:
        raise InvalidInput(f"the name {text!r} contains '/'", "pass a name or id without it")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise InvalidInput(f"the name {text!r} is not valid Unicode", "pass the name or id of an object") from None


def iter_text_lines(response: httpx.Response) -> Iterator[str]:
    """Yield the lines of a streamed text, without line feeds.

    Only a line feed ends a line: JSON may contain U+2028 and other characters at which `str.splitlines` splits.
    """
    rest = b""
    for chunk in response.iter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line.decode() for line in lines)
    if rest:
        yield rest.decode()


def _build_request(http: httpx.Client, method: str, path: str, options: Mapping[str, Any]) -> httpx.Request:
    """Build a request without the parameters that are None.

    Raises: InvalidInput if a value cannot be sent: a number that is not finite, or text that is not Unicode.
    """
    given = dict(options)
    if "params" in given:
        given["params"] = {name: value for name, value in given["params"].items() if value is not None}
    try:
        return http.build_request(method, path, **given)
    except UnicodeEncodeError as error:
        raise InvalidInput(f"the text {str(error.object)[:100]!r} is not valid Unicode", "send valid text") from None
    except ValueError as error:  # httpx encodes JSON strictly
        raise InvalidInput(f"a value cannot be sent as JSON: {error}", "send finite numbers") from None


def _check_url(url: str) -> None:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InvalidInput(f"invalid URL of the server {url!r}: {error}", URL_HINT) from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise InvalidInput(f"invalid URL of the server {url!r}", URL_HINT)


def _is_retryable(error: BaseException) -> bool:
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.ReadTimeout)


def _is_unavailable(response: httpx.Response) -> bool:
    return response.status_code == 503


def raise_for_problem(response: httpx.Response) -> None:
    """Raise the error that a problem document describes. Only a status of 200 to 299 is a success."""
    if response.is_success:
        return
    _raise_for_redirect(response)
    try:
        problem = response.json()
        code, detail, hint = problem["code"], problem["detail"], problem.get("hint", "")
    except (ValueError, KeyError, TypeError):
        raise Unavailable(
            f"the server returned status {response.status_code}", "check the server with: vong status"
        ) from None
    raise build_error(code, detail, hint)


def build_error(code: str, message: str, hint: str = "") -> VongError:
    """Return the error of a code that the server sent."""
    kind = ERRORS_BY_CODE.get(code, VongError)
    error = kind.__new__(kind)
    VongError.__init__(error, message, hint)
    return error


def raise_for_error(response: httpx.Response) -> None:
    """Raise the error that a response in OpenAI's error format describes."""
    if response.is_success:
        return
    _raise_for_redirect(response)
    message = error_message(parse_error(response.content)) or f"the server returned status {response.status_code}"
    raise ERRORS_BY_STATUS.get(response.status_code, errors.UpstreamFailed)(message)


def iter_events(response: httpx.Response) -> Iterator[ServerSentEvent]:
    """Yield the server-sent events with data of a streamed response."""
    return (event for event in EventSource(response).iter_sse() if event.data)


def _raise_for_redirect(response: httpx.Response) -> None:
    if response.status_code < 400:
        where = f" to {response.headers['location']}" if "location" in response.headers else ""
        message = f"the server answered with status {response.status_code}{where} instead of a result"
        raise Unavailable(message, "set the URL of the server to its own address (VONG_PUBLIC_URL)")
