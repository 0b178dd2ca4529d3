"""Errors in the format of the endpoint: OpenAI's `{"error": {"message", "type", "param", "code"}}`, or Anthropic's."""

from typing import Any, ClassVar

import msgspec

from vong.errors import (
    BudgetExceeded,
    ContentBlocked,
    Fault,
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimitExceeded,
    Unauthenticated,
    VongError,
)
from vong.gateway.endpoints import ENDPOINTS
from vong.gateway.providers import Endpoint
from vong.gateway.upstream.sse import encode_sse_event


class RequestTooLarge(VongError):
    """Request body or uploaded file that exceeds the maximum size."""

    code, fault, status = "request_too_large", "caller", 413


class HeadersTooLarge(VongError):
    """Request with too many or too long headers."""

    code, fault, status = "headers_too_large", "caller", 431


class MalformedHttp(VongError):
    """Data on a connection that is not HTTP."""

    code, fault, status = "malformed_http", "caller", 400


class UnknownPath(VongError):
    """Request for a path that does not exist."""

    code: ClassVar[str] = "unknown_url"
    fault: ClassVar[Fault] = "caller"
    status: ClassVar[int] = 404


class MethodNotAllowed(UnknownPath):
    """Request with a method that the path does not accept."""

    code, status = "method_not_allowed", 405


def http_status(error: VongError) -> int:
    """Return the HTTP status of an error. OpenAI uses 400 where problem documents use 422."""
    return 400 if isinstance(error, InvalidInput) else error.status


def encode_error(error: VongError, endpoint: Endpoint = "chat", request_id: str | None = None) -> bytes:
    """Return the JSON of an error in the format of an endpoint."""
    adapter = ENDPOINTS.get(endpoint)
    fields = error_fields(error)
    body = adapter.error_body(http_status(error), fields, request_id) if adapter else {"error": fields}
    return msgspec.json.encode(body)


def encode_error_event(error: VongError, endpoint: Endpoint, request_id: str | None = None) -> bytes:
    """Return the event that ends a started stream with an error."""
    adapter = ENDPOINTS.get(endpoint)
    if adapter:
        return adapter.error_event(http_status(error), error_fields(error), request_id)
    return encode_sse_event({"error": error_fields(error)})


def error_fields(error: VongError) -> dict[str, Any]:
    """Return OpenAI's error object: the message with its next step, and a type that OpenAI clients know."""
    code, kind, param = error.code, "server_error", getattr(error, "param", None)
    if error.fault == "caller":
        kind = "invalid_request_error"
    if error.fault == "upstream":
        kind = "upstream_error"
    if isinstance(error, Unauthenticated):
        code = "invalid_api_key"
    if isinstance(error, Forbidden):
        kind = "permission_error"
    if isinstance(error, RateLimitExceeded):
        kind, code = "rate_limit_error", "rate_limit_exceeded"
    if isinstance(error, BudgetExceeded):
        kind, code = "insufficient_quota", "insufficient_quota"
    if isinstance(error, ContentBlocked):
        code = "content_filter"
    if isinstance(error, NotFound) and error.code == NotFound.code:
        code, param = "model_not_found", "model"
    return {"message": str(error), "type": kind, "param": param, "code": code}
