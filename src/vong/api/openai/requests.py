"""Helpers of the handlers under `/v1`: authentication, bounded bodies and JSON responses."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from vong.api.http.credentials import SAFE_METHODS, read_credential
from vong.api.openai.errors import RequestTooLarge
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.gateway import Gateway


async def authenticate(gateway: Gateway, request: Request) -> GatewayPrincipal:
    """Return the principal of a request.

    Raises:
        Unauthenticated: if the credentials are missing or invalid.
        Forbidden: if a viewer uses a method other than GET or HEAD.
    """
    secret = read_credential(request.method, request.headers)
    return await gateway.principals.authenticate(secret, for_call=request.method not in SAFE_METHODS)


def limit_body(request: Request, limit: int, setting: str | None = None) -> Request:
    """Return the request with a body of at most `limit` bytes. `setting` is the setting that can raise the limit.

    Raises:
        RequestTooLarge: now if the declared length exceeds the limit, otherwise as soon as more bytes were read.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit, setting)
    remaining = limit

    async def receive() -> Message:
        nonlocal remaining
        message = await request.receive()
        remaining -= len(message.get("body", b""))
        if remaining < 0:
            raise _too_large(limit, setting)
        return message

    return Request(request.scope, receive)


def json_response(content: Any, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response."""
    return Response(msgspec.json.encode(content), headers=headers, media_type="application/json")


def _too_large(limit: int, setting: str | None) -> RequestTooLarge:
    hint = f"send less, or raise {setting} in vong.toml" if setting else "send less"
    return RequestTooLarge(f"the request has more than {limit} bytes", hint)
