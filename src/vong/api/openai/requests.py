"""Helpers of the handlers under `/v1`: authentication, bounded bodies and JSON responses."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from vong.access import Principal
from vong.api.http.credentials import SAFE_METHODS, read_credential
from vong.api.openai.errors import RequestTooLarge
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.gateway import Gateway
from vong.gateway.upstream.content_encoding import create_decoder, decode_body


async def authenticate(gateway: Gateway, request: Request) -> GatewayPrincipal:
    """Return the principal of a request.

    Raises:
        Unauthenticated: if the credentials are missing or invalid.
        Forbidden: if a viewer uses a method other than GET or HEAD.
    """
    secret = read_credential(request.method, request.headers)
    return await gateway.principals.authenticate(secret, for_call=request.method not in SAFE_METHODS)


async def authenticate_stored(gateway: Gateway, request: Request) -> Principal:
    """Return the principal of a request to stored objects. Raises the errors of `authenticate`."""
    principal = await authenticate(gateway, request)
    assert isinstance(principal, Principal)
    return principal


def limit_body(request: Request, limit: int, setting: str | None = None) -> Request:
    """Return the request with a decoded body of at most `limit` bytes. `setting` is the setting that can raise it.

    Raises:
        RequestTooLarge: now if the declared length exceeds the limit, otherwise as soon as more bytes were read.
        UnknownEncoding: if the body has a content encoding that cannot be decoded.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise too_large_error(limit, setting)
    decoder = create_decoder(request.headers.get("content-encoding", ""))
    remaining = limit

    def consume(part: bytes) -> bytes:
        nonlocal remaining
        remaining -= len(part)
        if remaining < 0:
            raise too_large_error(limit, setting)
        return part

    async def receive() -> Message:
        message = await request.receive()
        body = message.get("body", b"")
        if decoder is None or message["type"] != "http.request":
            consume(body)
            return message
        decoded = b"".join(map(consume, decoder.decode(body)))
        if not message.get("more_body", False):
            decoder.finish()
        return {**message, "body": decoded}

    return Request(request.scope, receive)


def json_response(content: Any, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response."""
    return Response(msgspec.json.encode(content), headers=headers, media_type="application/json")


def decode_request(encoding: str, body: bytes, limit: int, setting: str) -> bytes:
    """Return a complete body without its content encoding.

    Raises:
        RequestTooLarge: if it has more than `limit` bytes.
        UnknownEncoding: if the encoding cannot be decoded.
        MalformedEncoding: if the body does not have the encoding.
    """
    decoded = decode_body(encoding, body, limit)
    if decoded is None:
        raise too_large_error(limit, setting)
    return decoded


def too_large_error(limit: int, setting: str | None) -> RequestTooLarge:
    """Return the error for a body of more than `limit` bytes."""
    hint = f"send less, or raise {setting} in vong.toml" if setting else "send less"
    return RequestTooLarge(f"the request has more than {limit} bytes", hint)
