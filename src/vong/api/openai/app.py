"""OpenAI-compatible API as a plain ASGI application. A web framework would cost more CPU than the whole call.

Under uvicorn the model calls take an even shorter path (`protocol.model_calls`). Here a client disconnect is noticed
only after WATCH_DELAY_SECONDS, and cancels the call at the upstream.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

import msgspec

from vong.api.http.credentials import read_credential
from vong.api.openai.errors import MethodNotAllowed, RequestTooLarge, UnknownPath
from vong.api.openai.responder import JSON_CONTENT_TYPE, Headers, run_call, send_error
from vong.api.openai.stored_responses import handle_request, serves_path
from vong.errors import NotFound, VongError, did_you_mean
from vong.gateway.endpoints import ENDPOINT_PATHS
from vong.gateway.endpoints.parsing import FORWARDED_HEADERS, TraceContext
from vong.gateway.gateway import Gateway

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

WATCH_DELAY_SECONDS = 0.05
"""Seconds into a call after which client disconnects are watched. Most calls end sooner."""
COUNT_TOKENS_PATH = "/v1/messages/count_tokens"
MODERATIONS_PATH = "/v1/moderations"
READ_HEADERS = {
    name.encode(): name
    for name in (
        # credentials, see api/http/credentials.py
        *("authorization", "x-api-key", "cookie", "host", "origin", "sec-fetch-site"),
        *("content-length", "traceparent", "x-vong-session", "x-vong-tags", "x-vong-cache"),
        *FORWARDED_HEADERS,
    )
}
"""Request headers that the API reads."""


class ClientDisconnected(BaseException):
    """Signal that the connection ended before the request was read."""


def create_openai_app(gateway: Gateway, max_body: int) -> AsgiApp:
    """Return the ASGI application for everything under `/v1/`. `max_body` is the maximum bytes of a request body."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = {
            READ_HEADERS[name]: value.decode("latin-1") for name, value in scope["headers"] if name in READ_HEADERS
        }
        path: str = scope["path"]
        endpoint = "messages" if path == COUNT_TOKENS_PATH else ENDPOINT_PATHS.get(path)
        try:
            if path == COUNT_TOKENS_PATH and scope["method"] == "POST":
                await _handle_count_tokens(gateway, headers, receive, send, max_body)
            elif path == MODERATIONS_PATH and scope["method"] == "POST":
                await _handle_moderations(gateway, headers, receive, send, max_body)
            elif endpoint is None and serves_path(path):
                await _send_json(send, await handle_request(gateway, scope, headers))
            elif endpoint is None:
                await _handle_models(gateway, scope, headers, send)
            elif scope["method"] != "POST":
                raise MethodNotAllowed(f"{path} does not accept {scope['method']}", "send a POST")
            else:
                principal = await gateway.principals.authenticate(read_credential("POST", headers))
                body = await _read_body(headers, receive, max_body)
                call = gateway.create_call(principal, endpoint, body, TraceContext.from_headers(headers))
                writer = _WatchedResponseWriter(send, receive)
                try:
                    await run_call(call, writer)
                finally:
                    writer.stop()
        except VongError as error:
            await send_error(_AsgiResponseWriter(send), error, endpoint or "chat")
        except ClientDisconnected:
            return

    return app


async def _handle_models(gateway: Gateway, scope: Scope, headers: dict[str, str], send: Send) -> None:
    path = unquote(scope["path"])
    if path == MODERATIONS_PATH:
        raise MethodNotAllowed(f"{path} does not accept {scope['method']}", "send a POST")
    if path != "/v1/models" and not path.startswith("/v1/models/"):
        raise UnknownPath(f"path {path} does not exist", "see docs/guides/gateway.md for the paths under /v1")
    if scope["method"] != "GET":
        raise MethodNotAllowed(f"{path} does not accept {scope['method']}", "send a GET")
    principal = await gateway.principals.authenticate(read_credential("GET", headers), for_call=False)
    names = await gateway.list_models(principal)
    model = path.removeprefix("/v1/models").removeprefix("/")
    if model and model not in names:
        raise NotFound(f"no model named {model!r}", did_you_mean(model, names, "vong gateway models"))
    cards = [{"id": name, "object": "model", "created": 0, "owned_by": "vong"} for name in names]
    found = next(card for card in cards if card["id"] == model) if model else {"object": "list", "data": cards}
    await _send_json(send, found)


async def _handle_count_tokens(
    gateway: Gateway, headers: dict[str, str], receive: Receive, send: Send, max_body: int
) -> None:
    principal = await gateway.principals.authenticate(read_credential("POST", headers))
    body = await _read_body(headers, receive, max_body)
    await _send_json(send, {"input_tokens": await gateway.count_tokens(principal, body)})


async def _handle_moderations(
    gateway: Gateway, headers: dict[str, str], receive: Receive, send: Send, max_body: int
) -> None:
    principal = await gateway.principals.authenticate(read_credential("POST", headers))
    body = await _read_body(headers, receive, max_body)
    await _send_json(send, await gateway.moderate(principal, body, TraceContext.from_headers(headers)))


async def _send_json(send: Send, found: Any) -> None:
    body = msgspec.json.encode(found)
    writer = _AsgiResponseWriter(send)
    await writer.start(200, [JSON_CONTENT_TYPE, (b"content-length", b"%d" % len(body))])
    await writer.write(body, more=False)


async def _read_body(headers: dict[str, str], receive: Receive, limit: int) -> bytes:
    """Read the whole body.

    Raises:
        RequestTooLarge: as soon as the body is known to exceed the limit.
        ClientDisconnected: if the client disconnects first.
    """
    declared = headers.get("content-length", "0")
    message = await receive() if declared.isdigit() and int(declared) <= limit else None
    chunks: list[bytes] = []
    size = 0
    while message is not None:
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        chunk = message.get("body", b"")
        if not chunks and not message.get("more_body"):
            return chunk
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            break
        if not message.get("more_body"):
            return b"".join(chunks)
        message = await receive()
    raise RequestTooLarge(
        f"the request has more than {limit} bytes", "send less, or raise max_request_bytes in vong.toml"
    )


class _AsgiResponseWriter:
    """Response writer over ASGI."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        self.client_left = False

    async def start(self, status: int, headers: Headers) -> None:
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})


class _WatchedResponseWriter(_AsgiResponseWriter):
    """Response writer that cancels the task that created it when the client disconnects."""

    def __init__(self, send: Send, receive: Receive) -> None:
        super().__init__(send)
        self._receive = receive
        self._task = asyncio.current_task()
        self._watcher: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(WATCH_DELAY_SECONDS, self._start_watcher)

    def stop(self) -> None:
        """Stop watching, because the call has ended."""
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()

    def _start_watcher(self) -> None:
        self._watcher = asyncio.create_task(self._wait_for_disconnect())

    async def _wait_for_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.client_left = True
        if self._task is not None:
            self._task.cancel()
