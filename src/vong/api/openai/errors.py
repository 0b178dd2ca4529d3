"""Errors as callers expect them: OpenAI's `{"error": {"message", "type", "param", "code"}}`, or their shape's own."""

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
from vong.gateway.endpoints import SERVED
from vong.gateway.providers import Shape


class RequestTooLarge(VongError):
    """The request is larger than the server takes."""

    code, fault, status = "request_too_large", "caller", 413


class HeadersTooLarge(VongError):
    """The headers of a request are more, or longer, than the server takes."""

    code, fault, status = "head_too_large", "caller", 431


class MalformedHttp(VongError):
    """What came over a connection is no HTTP."""

    code, fault, status = "malformed_http", "caller", 400


class UnknownPath(VongError):
    """No such path, or not with that method."""

    code: ClassVar[str] = "unknown_url"
    fault: ClassVar[Fault] = "caller"
    status: ClassVar[int] = 404


class MethodNotAllowed(UnknownPath):
    """The path is there, the method is not."""

    code, status = "method_not_allowed", 405


def status_of(error: VongError) -> int:
    """OpenAI answers 400 where problem documents say 422."""
    return 400 if isinstance(error, InvalidInput) else error.status


def body_of(error: VongError, shape: Shape = "chat") -> bytes:
    """The JSON of an error, in the form of the caller's shape."""
    served = SERVED.get(shape)
    said = said_of(error)
    return msgspec.json.encode(served.error(status_of(error), said) if served else {"error": said})


def event_of(error: VongError, shape: Shape) -> bytes:
    """The event by which a stream that was begun says that it breaks off."""
    served = SERVED.get(shape)
    if served:
        return served.error_event(status_of(error), said_of(error))
    return b"data: " + body_of(error) + b"\n\n"


def said_of(error: VongError) -> dict[str, Any]:
    """OpenAI's error object: the message with its next step, and a type that OpenAI's clients know."""
    code, kind, param = error.code, "server_error", None
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
