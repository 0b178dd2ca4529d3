"""Errors as OpenAI's clients expect them: `{"error": {"message", "type", "param", "code"}}`."""

from typing import ClassVar

import msgspec

from vong.errors import Fault, Forbidden, InvalidInput, NotFound, Unauthenticated, VongError


class TooLarge(VongError):
    """The request is larger than the server takes."""

    code, fault, status = "request_too_large", "caller", 413


class Unknown(VongError):
    """No such path, or not with that method."""

    code: ClassVar[str] = "unknown_url"
    fault: ClassVar[Fault] = "caller"
    status: ClassVar[int] = 404


class WrongMethod(Unknown):
    """The path is there, the method is not."""

    code, status = "method_not_allowed", 405


def status_of(error: VongError) -> int:
    """OpenAI answers 400 where problem documents say 422."""
    return 400 if isinstance(error, InvalidInput) else error.status


def body_of(error: VongError) -> bytes:
    """The JSON of an error: the message with its next step, and a type that OpenAI's clients know."""
    code, kind, param = error.code, "server_error", None
    if error.fault == "caller":
        kind = "invalid_request_error"
    if error.fault == "upstream":
        kind = "upstream_error"
    if isinstance(error, Unauthenticated):
        code = "invalid_api_key"
    if isinstance(error, Forbidden):
        kind = "permission_error"
    if isinstance(error, NotFound):
        code, param = "model_not_found", "model"
    return msgspec.json.encode({"error": {"message": str(error), "type": kind, "param": param, "code": code}})
