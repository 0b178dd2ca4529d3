"""Everything under `/v1/` as a plain ASGI application without a framework: a framework costs more than the whole call.

Under uvicorn the model calls themselves take a shorter way yet, see `listener`. Here a caller who leaves is noticed
within `WATCH` seconds, and the call at the upstream is cancelled with it.
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
"""Seconds into a call from which it is watched whether the caller is still there; most calls are over before."""
COUNTED = "/v1/messages/count_tokens"
MODERATIONS = "/v1/moderations"
READ = {
    name.encode(): name
    for name in (
        # who calls, see api/credentials.py
        *("authorization", "x-api-key", "cookie", "host", "origin", "sec-fetch-site"),
        *("content-length", "traceparent", "x-vong-session", "x-vong-tags", "x-vong-cache"),
        *PASSED,
    )
}
"""The headers that are read."""


class ClientDisconnected(BaseException):
    """The connection ended before the request was read."""


def create_surface(gateway: Gateway, max_body: int) -> Surface:
    """The application for everything under `/v1/`; a request body may have `max_body` bytes."""

    async def surface(scope: Scope, receive: Receive, send: Send) -> None:
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
                raise MethodNotAllowed(f"{path} takes no {scope['method']}", "send a POST")
            else:
                principal = await gateway.keys.principal(credential("POST", headers))
                body = await _body(headers, receive, max_body)
                call = gateway.call(principal, shape, body, TraceContext.of(headers))
                out = _Watched(send, receive)
                try:
                    await answer(call, out)
                finally:
                    out.stop()
        except VongError as error:
            await refuse(_Sent(send), error, shape or "chat")
        except ClientDisconnected:
            return

    return surface


async def _models(gateway: Gateway, scope: Scope, headers: dict[str, str], send: Send) -> None:
    path = unquote(scope["path"])
    if path == MODERATIONS:
        raise MethodNotAllowed(f"{path} takes no {scope['method']}", "send a POST")
    if path != "/v1/models" and not path.startswith("/v1/models/"):
        raise UnknownPath(f"there is no {path} here", "see docs/guides/gateway.md for what is served under /v1")
    if scope["method"] != "GET":
        raise MethodNotAllowed(f"{path} takes no {scope['method']}", "send a GET")
    principal = await gateway.keys.principal(credential("GET", headers), calls=False)
    names = await gateway.offered(principal)
    wanted = path.removeprefix("/v1/models").removeprefix("/")
    if wanted and wanted not in names:
        raise NotFound(f"no model named {wanted!r}", nearest(wanted, names, "vong gateway models"))
    cards = [{"id": name, "object": "model", "created": 0, "owned_by": "vong"} for name in names]
    found = next(card for card in cards if card["id"] == wanted) if wanted else {"object": "list", "data": cards}
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
    sent = _Sent(send)
    await sent.start(200, [JSON, (b"content-length", b"%d" % len(body))])
    await sent.write(body, more=False)


async def _body(headers: dict[str, str], receive: Receive, limit: int) -> bytes:
    """The whole body. TooLarge as soon as it is known to be."""
    declared = headers.get("content-length", "0")
    message = await receive() if declared.isdigit() and int(declared) <= limit else None
    pieces: list[bytes] = []
    size = 0
    while message is not None:
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        piece = message.get("body", b"")
        if not pieces and not message.get("more_body"):
            return piece
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            break
        if not message.get("more_body"):
            return b"".join(pieces)
        message = await receive()
    raise RequestTooLarge(f"the request has more than {limit} bytes", "send less, or raise max_body in vong.toml")


class _Sent:
    """An outlet over ASGI."""

    def __init__(self, send: Send) -> None:
        self.raw = send
        self.started = False
        self.left = False

    async def start(self, status: int, headers: Headers) -> None:
        self.started = True
        await self.raw({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes, *, more: bool) -> None:
        await self.raw({"type": "http.response.body", "body": data, "more_body": more})


class _Watched(_Sent):
    """An outlet that cancels the task that made it when the caller leaves."""

    def __init__(self, send: Send, receive: Receive) -> None:
        super().__init__(send)
        self._receive = receive
        self._task = asyncio.current_task()
        self._watcher: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(WATCH, self._watch)

    def stop(self) -> None:
        """The call is over."""
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()

    def _watch(self) -> None:
        self._watcher = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.left = True
        if self._task is not None:
            self._task.cancel()
