"""Errors as RFC 9457 problem details, with whose fault it is (`fault`), a stable `code`, and the next step (`hint`)."""

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from vong.api.http.missing_paths import describe_missing
from vong.errors import TooManyAttempts, VongError

log = logging.getLogger(__name__)

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
"""Methods that routes may accept."""


def install_handlers(app: FastAPI) -> None:
    """Register the exception handlers that return problem documents."""
    app.add_exception_handler(VongError, _handle_vong_error)
    app.add_exception_handler(RequestValidationError, _handle_validation_error)
    app.add_exception_handler(HTTPException, _handle_http_error)
    app.add_exception_handler(OperationalError, _handle_database_unavailable)
    app.add_exception_handler(InterfaceError, _handle_database_unavailable)
    app.add_exception_handler(DataError, _handle_data_error)
    app.add_exception_handler(Exception, _handle_unexpected_error)


def problem_response(status: int, code: str, fault: str, detail: str, hint: str = "", **more: Any) -> Response:
    """Return a problem document."""
    body = {"type": f"/docs/errors#{code}", "title": code, "status": status, "code": code, "fault": fault}
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    content = {**body, "detail": detail, "hint": hint, **more}
    return JSONResponse(content, status, headers=headers, media_type="application/problem+json")


async def _handle_vong_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, VongError)
    if error.status >= 500:
        log.warning("%s: %s", error.code, error)
    response = problem_response(error.status, error.code, error.fault, error.message, error.hint)
    if isinstance(error, TooManyAttempts) and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def _handle_validation_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [{"where": ".".join(map(str, fault["loc"])), "what": fault["msg"]} for fault in error.errors()]
    detail = "; ".join(f"{_describe_place(fault['loc'])}: {fault['msg']}" for fault in error.errors())
    return problem_response(
        422, "invalid_input", "caller", detail, "see /api/docs for the expected request", errors=faults
    )


def _describe_place(location: Sequence[int | str]) -> str:
    """Return the place of an invalid value in words: `id in the path`, `targets.0.model in the body`."""
    place, *names = map(str, location)
    return f"{'.'.join(names)} in the {place}" if names else f"the {place}"


async def _handle_http_error(request: Request, error: Exception) -> Response:
    """Return the error of Starlette: an unknown path, a wrong method or an invalid form."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 405:
        own = dict(error.headers or {}).get("Allow", "GET, HEAD")
        allowed = ", ".join(_allowed_methods(request)) if path.startswith("/api/") else own
        response = problem_response(
            405, "method_not_allowed", "caller", f"{path} does not accept {request.method}", f"send one of: {allowed}"
        )
        response.headers["Allow"] = allowed
        return response
    if error.status_code == 404:
        return respond_to_missing_path(request)
    return problem_response(error.status_code, "invalid_input", "caller", str(error.detail), "see /api/docs")


def respond_to_missing_path(request: Request) -> Response:
    """Return 404 for a path that does not exist; outside the API also in the format that clients of models read."""
    message, hint = describe_missing(request.url.path, str(request.base_url))
    fields = {"message": f"{message}; {hint}", "type": "invalid_request_error", "param": None, "code": "unknown_url"}
    more = {} if request.url.path.startswith("/api/") else {"error": fields}
    return problem_response(404, "not_found", "caller", message, hint, **more)


def _allowed_methods(request: Request) -> list[str]:
    """Return the methods that the path of a request accepts."""
    scopes = ({**request.scope, "method": method} for method in METHODS)
    router = request.app.router
    return [
        scope["method"] for scope in scopes if any(route.matches(scope)[0] is Match.FULL for route in router.routes)
    ]


async def _handle_database_unavailable(_: Request, error: Exception) -> Response:
    """Return 503: PostgreSQL is down or restarting. Nothing was committed, so the same request may be sent again."""
    log.warning("database does not answer: %s", str(error).splitlines()[0])
    return problem_response(503, "unavailable", "ours", "the database does not answer", "try again in a few seconds")


async def _handle_data_error(request: Request, error: Exception) -> Response:
    """Return 422: no column can store a value, such as a text with NUL, or a number or time out of range."""
    assert isinstance(error, DataError)
    why = str(error.orig).splitlines()[0]
    log.warning("%s %s contains a value that PostgreSQL rejects: %s", request.method, request.url.path, why)
    hint = "check the texts, numbers and dates of the request"
    return problem_response(
        422, "invalid_input", "caller", f"the request contains a value that cannot be stored: {why}", hint
    )


async def _handle_unexpected_error(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem_response(
        500, "internal", "ours", "the server failed on this request", "see the traceback in the server log"
    )
