"""Handlers of `/v1/audio/*` and `/v1/images/*`: JSON or a form in, a body of any type out."""

import asyncio
from contextlib import aclosing
from functools import partial
from typing import get_args

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from vong.api.openai.errors import http_status
from vong.api.openai.model_handlers import AsgiResponseWriter, cancel_on_disconnect
from vong.api.openai.requests import authenticate, limit_body
from vong.api.openai.responder import Headers, close_cancelled, send_error
from vong.errors import InvalidInput, VongError
from vong.gateway.endpoints.json_depth import check_max_depth
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.gateway import Gateway
from vong.gateway.pipeline.media_call import MediaCall
from vong.gateway.pipeline.media_request import (
    FormField,
    MediaRequest,
    UploadedPart,
    create_form_request,
    parse_json_request,
)
from vong.gateway.providers import ProviderResponse
from vong.gateway.providers.base import MediaOperation

MAX_FORM_PARTS = 100
"""Maximum number of fields and of files of a form."""


class MediaHandlers:
    """Handlers of calls with audio or images. `max_body` is the maximum bytes of a request body."""

    def __init__(self, gateway: Gateway, max_body: int) -> None:
        self._gateway = gateway
        self._max_body = max_body

    def routes(self) -> list[Route]:
        """Return the routes of all operations."""
        return [
            Route(f"/v1/{operation}", partial(self.create_call, operation), methods=["POST"])
            for operation in get_args(MediaOperation)
        ]

    async def create_call(self, operation: MediaOperation, request: Request) -> Response:
        """Handle `POST` to the path of an operation."""
        principal = await authenticate(self._gateway, request)
        parsed = await self._parse(operation, limit_body(request, self._max_body, "max_request_bytes"))
        trace = TraceContext.from_headers(request.headers)
        return MediaResponse(self._gateway.create_media_call(principal, parsed, trace))

    async def _parse(self, operation: MediaOperation, request: Request) -> MediaRequest:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "multipart/form-data":
            body = await request.body()
            check_max_depth(body)
            return parse_json_request(operation, body)
        fields: list[FormField] = []
        async with request.form(
            max_files=MAX_FORM_PARTS, max_fields=MAX_FORM_PARTS, max_part_size=self._max_body
        ) as form:
            for name, value in form.multi_items():
                fields.append(FormField(name, await _read_file(value) if isinstance(value, UploadFile) else value))
        if not fields:
            raise InvalidInput("the form is empty", "send its fields: see docs/guides/gateway.md")
        return create_form_request(operation, fields)


class MediaResponse(Response):
    """Response of a call, passed on as it arrives. A client disconnect cancels the call at the upstream."""

    def __init__(self, call: MediaCall) -> None:
        super().__init__()
        self._call = call

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the call and send its response."""
        del scope
        writer = AsgiResponseWriter(send)
        await cancel_on_disconnect(run_media_call(self._call, writer), writer, receive)


async def run_media_call(call: MediaCall, writer: AsgiResponseWriter) -> None:
    """Run a call and write its response. Close the call however it ends.

    Raises: VongError if the response breaks after its first byte: the connection then ends early, because a body of
        any type has no place for an error.
    """
    try:
        await _pass_on(call, writer)
    except asyncio.CancelledError as error:
        close_cancelled(call, writer, error)
    except VongError as error:
        call.close(error, None if writer.started else http_status(error))
        if writer.started:
            raise
        await send_error(writer, error, "chat", _id_headers(call))
    finally:
        unexpected = VongError("the server failed on this request", "see the traceback in the server log")
        call.close(unexpected, None if writer.started else 500)  # does nothing after a close above


async def _pass_on(call: MediaCall, writer: AsgiResponseWriter) -> None:
    reply = await call.open()
    async with aclosing(call.parts(reply)) as parts:
        async for part in parts:
            if not writer.started:
                await writer.start(reply.status, _build_headers(call, reply))
            await writer.write(part, more=True)
    if not writer.started:
        await writer.start(reply.status, _build_headers(call, reply))
    call.close()
    await writer.write(b"", more=False)


async def _read_file(file: UploadFile) -> UploadedPart:
    return UploadedPart(file.filename or "file", file.content_type or "", await file.read())


def _build_headers(call: MediaCall, reply: ProviderResponse) -> Headers:
    own = call.response_headers
    names = {"content-type": "application/json", **reply.headers, **own}
    limited = any(name.startswith("x-ratelimit-") for name in own)
    return [
        *((name.encode(), _header_value(value)) for name, value in names.items() if _is_passed(name, own, limited)),
        *_id_headers(call),
    ]


def _is_passed(name: str, own: dict[str, str], limited: bool) -> bool:
    """Return True unless Vong replaces the header of the upstream."""
    return name != "x-request-id" and (name in own or not (limited and name.startswith("x-ratelimit-")))


def _header_value(value: str) -> bytes:
    return "".join(char if char.isprintable() else " " for char in value).encode("latin-1", "replace")


def _id_headers(call: MediaCall) -> Headers:
    digits = call.id.hex
    return [
        (b"x-request-id", f"req_{digits}".encode()),
        (b"x-vong-span-id", str(call.id).encode()),
        (b"x-vong-trace-id", call.trace.trace_id.encode()),
    ]
