"""HTTP transport of the client: one connection pool, retries during server restarts, typed errors."""

from collections.abc import Iterator
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from httpx_sse import EventSource, ServerSentEvent
from pydantic import BaseModel, TypeAdapter
from tenacity import retry_if_exception, retry_if_result, stop_after_delay, wait_fixed

from vong import errors
from vong.errors import Unavailable, VongError, error_message, parse_error
from vong.retries import call_with_retries

T = TypeVar("T")

REQUEST_TIMEOUT_SECONDS = 120.0
RETRY_DELAY_SECONDS = 0.3
"""Delay between two attempts."""

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
    """

    def __init__(self, url: str, api_key: str | None, *, retry_seconds: float = 10.0) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self.url = url.rstrip("/")
        self.retry_seconds = retry_seconds
        self.http = httpx.Client(base_url=self.url, headers=headers, timeout=REQUEST_TIMEOUT_SECONDS, trust_env=False)

    def get(self, path: str, kind: Any = Any, /, **params: Any) -> Any:
        """Send a GET request and return the response as that type."""
        return self.request("GET", path, kind, params=params)

    def post(self, path: str, kind: Any = Any, /, *, body: Any = None, **options: Any) -> Any:
        """Send a POST request with an `Idempotency-Key`, so that a retry has no second effect."""
        return self.request("POST", path, kind, body=body, **options)

    def request(self, method: str, path: str, kind: Any = Any, /, *, body: Any = None, **options: Any) -> Any:
        """Send a request. The server's problem documents are raised as the errors they describe."""
        if isinstance(body, BaseModel):
            body = body.model_dump(mode="json", exclude_unset=True)
        if body is not None:
            options["json"] = body
        if "params" in options:
            options["params"] = {name: value for name, value in options["params"].items() if value is not None}
        if method != "GET":
            key = options.pop("idempotency_key", None) or str(uuid4())
            options["headers"] = {**options.pop("headers", {}), "Idempotency-Key": key}
        response = self._send_with_retries(method, path, options)
        raise_for_problem(response)
        return TypeAdapter(kind).validate_json(response.content) if response.content else None

    def events(self, path: str, /, **params: Any) -> Iterator[ServerSentEvent]:
        """Yield the server-sent events of a streamed response as they arrive."""
        with self.http.stream("GET", path, params=params, timeout=httpx.Timeout(30, read=None)) as response:
            if response.status_code >= 400:
                response.read()
                raise_for_problem(response)
            yield from iter_events(response)

    def _send_with_retries(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        try:
            return call_with_retries(
                lambda: self.http.request(method, path, **options),
                retry=retry_if_exception(_is_retryable) | retry_if_result(_is_unavailable),
                wait=wait_fixed(RETRY_DELAY_SECONDS),
                stop=stop_after_delay(self.retry_seconds),
            )
        except httpx.TransportError as error:
            message = f"the server at {self.url} is unreachable ({type(error).__name__})"
            raise Unavailable(message, "check it with: vong status; start it with: vong up") from error

    def close(self) -> None:
        """Close the connection pool."""
        self.http.close()


def _is_retryable(error: BaseException) -> bool:
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.ReadTimeout)


def _is_unavailable(response: httpx.Response) -> bool:
    return response.status_code == 503


def raise_for_problem(response: httpx.Response) -> None:
    """Raise the error that a problem document describes."""
    if response.status_code < 400:
        return
    try:
        problem = response.json()
        code, detail, hint = problem["code"], problem["detail"], problem.get("hint", "")
    except (ValueError, KeyError, TypeError):
        raise Unavailable(
            f"the server returned status {response.status_code}", "check the server with: vong status"
        ) from None
    kind = ERRORS_BY_CODE.get(code, VongError)
    error = kind.__new__(kind)
    VongError.__init__(error, detail, hint)
    raise error


def raise_for_error(response: httpx.Response) -> None:
    """Raise the error that a response in OpenAI's error format describes."""
    message = error_message(parse_error(response.content)) or f"the server returned status {response.status_code}"
    raise ERRORS_BY_STATUS.get(response.status_code, errors.UpstreamFailed)(message)


def iter_events(response: httpx.Response) -> Iterator[ServerSentEvent]:
    """Yield the server-sent events with data of a streamed response."""
    return (event for event in EventSource(response).iter_sse() if event.data)
