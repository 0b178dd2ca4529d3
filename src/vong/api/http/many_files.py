"""Routes that accept more files in one form than the default of 1000."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import FormData

MAX_FILES = 10_000
"""Maximum number of files in one form."""


class _ManyFilesRequest(Request):
    async def _get_form(self, **options: Any) -> FormData:
        limits = {"max_files": MAX_FILES, "max_fields": MAX_FILES}
        return await super()._get_form(**(options | limits))


class ManyFilesRoute(APIRoute):
    """Route whose form may have up to `MAX_FILES` files."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, which reads the form with the larger limit."""
        handle = super().get_route_handler()

        async def handle_many_files(request: Request) -> Response:
            return await handle(_ManyFilesRequest(request.scope, request.receive))

        return handle_many_files
