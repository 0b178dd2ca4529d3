"""OpenAI-compatible API as a plain ASGI application. A web framework would cost more CPU than the whole call.

Under uvicorn the model calls take an even shorter path (`protocol.model_calls`). Here a client disconnect is noticed
only after WATCH_DELAY_SECONDS, and cancels the call at the upstream.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

import msgspec

from vong.api.http.credentials import credential
from vong.api.openai.errors import MethodNotAllowed, RequestTooLarge, UnknownPath
from vong.api.openai.responder import JSON, Headers, answer, refuse
from vong.api.openai.stored_responses import is_kept, kept
from vong.errors import NotFound, VongError, nearest
from vong.gateway.endpoints import PATHS
from vong.gateway.endpoints.parsing import PASSED, TraceContext
from vong.gateway.gateway import Gateway

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Surface = Callable[[Scope, Receive, Send], Awaitable[None]]

WATCH = 0.05
"""Seconds into a call after which client disconnects are watched. Most calls end sooner."""
COUNTED = "/v1/messages/count_tokens"
MODERATIONS = "/v1/moderations"
READ = {
    name.encode(): name
    for name in (
        # credentials, see api/http/credentials.py
        *("authorization", "x-api-key", "cookie", "host", "origin", "sec-fetch-site"),
        *("content-length", "traceparent", "x-vong-session", "x-vong-tags", "x-vong-cache"),
        *PASSED,
    )
}
"""Request headers that the API reads."""


class ClientDisconnected(BaseException):
    """Signal that the connection ended before the request was read."""


def create_surface(gateway: Gateway, max_body: int) -> Surface:
    """Return the ASGI application for everything under `/v1/`. `max_body` is the maximum bytes of a request body."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = {READ[name]: value.decode("latin-1") for name, value in scope["headers"] if name in READ}
        path: str = scope["path"]
        shape = "messages" if path == COUNTED else PATHS.get(path)
        try:
            if path == COUNTED and scope["method"] == "POST":
                await _count(gateway, headers, receive, send, max_body)
            elif path == MODERATIONS and scope["method"] == "POST":
                await _moderate(gateway, headers, receive, send, max_body)
            elif shape is None and is_kept(path):
                await _json(send, await kept(gateway, scope, headers))
            elif shape is None:
                await _models(gateway, scope, headers, send)
            elif scope["method"] != "POST":
                raise MethodNotAllowed(f"{path} does not accept {scope['method']}", "send a POST")
            else:
                principal = await gateway.keys.principal(credential("POST", headers))
                body = await _body(headers, receive, max_body)
                call = gateway.call(principal, shape, body, TraceContext.of(headers))
                writer = _Watched(send, receive)
                try:
                    await answer(call, writer)
                finally:
                    writer.stop()
        except VongError as error:
            await refuse(_Sent(send), error, shape or "chat")
        except ClientDisconnected:
            return

    return app


async def _models(gateway: Gateway, scope: Scope, headers: dict[str, str], send: Send) -> None:
    path = unquote(scope["path"])
    if path == MODERATIONS:
        raise MethodNotAllowed(f"{path} does not accept {scope['method']}", "send a POST")
    if path != "/v1/models" and not path.startswith("/v1/models/"):
        raise UnknownPath(f"path {path} does not exist", "see docs/guides/gateway.md for the paths under /v1")
    if scope["method"] != "GET":
        raise MethodNotAllowed(f"{path} does not accept {scope['method']}", "send a GET")
    principal = await gateway.keys.principal(credential("GET", headers), calls=False)
    names = await gateway.offered(principal)
    model = path.removeprefix("/v1/models").removeprefix("/")
    if model and model not in names:
        raise NotFound(f"no model named {model!r}", nearest(model, names, "vong gateway models"))
    cards = [{"id": name, "object": "model", "created": 0, "owned_by": "vong"} for name in names]
    found = next(card for card in cards if card["id"] == model) if model else {"object": "list", "data": cards}
    await _json(send, found)


async def _count(gateway: Gateway, headers: dict[str, str], receive: Receive, send: Send, max_body: int) -> None:
    principal = await gateway.keys.principal(credential("POST", headers))
    body = await _body(headers, receive, max_body)
    await _json(send, {"input_tokens": await gateway.count(principal, body)})


async def _moderate(gateway: Gateway, headers: dict[str, str], receive: Receive, send: Send, max_body: int) -> None:
    principal = await gateway.keys.principal(credential("POST", headers))
    body = await _body(headers, receive, max_body)
    await _json(send, await gateway.moderate(principal, body, TraceContext.of(headers)))


async def _json(send: Send, found: Any) -> None:
    body = msgspec.json.encode(found)
    writer = _Sent(send)
    await writer.start(200, [JSON, (b"content-length", b"%d" % len(body))])
    await writer.write(body, more=False)


async def _body(headers: dict[str, str], receive: Receive, limit: int) -> bytes:
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
    raise RequestTooLarge(f"the request has more than {limit} bytes", "send less, or raise max_body in vong.toml")


class _Sent:
    """Response writer over ASGI."""

    def __init__(self, send: Send) -> None:
        self.raw = send
        self.started = False
        self.client_left = False

    async def start(self, status: int, headers: Headers) -> None:
        self.started = True
        await self.raw({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes, *, more: bool) -> None:
        await self.raw({"type": "http.response.body", "body": data, "more_body": more})


class _Watched(_Sent):
    """Response writer that cancels the task that created it when the client disconnects."""

    def __init__(self, send: Send, receive: Receive) -> None:
        super().__init__(send)
        self._receive = receive
        self._task = asyncio.current_task()
        self._watcher: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(WATCH, self._watch)

    def stop(self) -> None:
        """Stop watching, because the call has ended."""
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()

    def _watch(self) -> None:
        self._watcher = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.client_left = True
        if self._task is not None:
            self._task.cancel()
