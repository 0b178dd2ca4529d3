"""Errors as RFC 9457 problem details, with whose fault it is (`fault`), a stable `code`, and the next step (`hint`)."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from vong.errors import TooManyAttempts, VongError

log = logging.getLogger(__name__)


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
    detail = "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults)
    return problem_response(
        422, "invalid_input", "caller", detail, "see /api/docs for the expected request", errors=faults
    )


async def _handle_http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    codes = {404: "not_found", 405: "method_not_allowed"}
    return problem_response(
        error.status_code, codes.get(error.status_code, "invalid_input"), "caller", str(error.detail), "see /api/docs"
    )


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
