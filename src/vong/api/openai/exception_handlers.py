"""Exception handlers shared by the applications of model APIs. Each application gives errors its own format."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match

from vong.api.openai.errors import MethodNotAllowed, UnknownPath
from vong.errors import InvalidInput, Unavailable, VongError
from vong.gateway.pipeline.context import CLIENT_CLOSED_REQUEST

log = logging.getLogger(__name__)

FormatError = Callable[[Request, VongError], Response]


def build_exception_handlers(
    format_error: FormatError, describe_missing: Callable[[str], tuple[str, str]], form_hint: str
) -> Mapping[Any, Any]:
    """Return the exception handlers of an application.

    `format_error` builds the response, `describe_missing` returns message and hint for an unknown path, and `form_hint`
    says where valid forms are described.
    """

    async def handle_vong_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, VongError)
        return format_error(request, error)

    async def handle_http_error(request: Request, error: Exception) -> Response:
        """Return the error of Starlette: an unknown path, a wrong method or an invalid form."""
        assert isinstance(error, HTTPException)
        path: str = request.scope["path"]
        if error.status_code == 404:
            return format_error(request, UnknownPath(*describe_missing(path)))
        if error.status_code != 405:
            return format_error(request, InvalidInput(str(error.detail), form_hint))
        allowed = _allowed_methods(request)
        listed = " or a ".join(method for method in allowed if method != "HEAD")
        response = format_error(
            request, MethodNotAllowed(f"{path} does not accept {request.method}", f"send a {listed}")
        )
        response.headers["allow"] = ", ".join(allowed)
        return response

    async def handle_data_error(request: Request, error: Exception) -> Response:
        """Return the error of a value that no column can store, such as a text with NUL."""
        assert isinstance(error, DataError)
        why = str(error.orig).splitlines()[0]
        log.warning("%s %s contains a value that PostgreSQL rejects: %s", request.method, request.url.path, why)
        message = f"the request contains a value that cannot be stored: {why}"
        return format_error(request, InvalidInput(message, "check the texts, numbers and dates of the request"))

    async def handle_database_unavailable(request: Request, error: Exception) -> Response:
        log.warning("database does not answer: %s", str(error).splitlines()[0])
        return format_error(request, Unavailable("the database does not answer", "try again in a few seconds"))

    async def handle_client_disconnect(_: Request, __: Exception) -> Response:
        return Response(status_code=CLIENT_CLOSED_REQUEST)

    async def handle_unexpected_error(request: Request, _: Exception) -> Response:
        """Return 500. Starlette raises the error again afterwards, and uvicorn logs it."""
        return format_error(
            request, VongError("the server failed on this request", "see the traceback in the server log")
        )

    return {
        VongError: handle_vong_error,
        HTTPException: handle_http_error,
        DataError: handle_data_error,
        OperationalError: handle_database_unavailable,
        InterfaceError: handle_database_unavailable,
        ClientDisconnect: handle_client_disconnect,
        Exception: handle_unexpected_error,
    }


def _allowed_methods(request: Request) -> list[str]:
    """Return the methods that the path of a request accepts."""
    matching = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for route in matching for method in route.methods})
