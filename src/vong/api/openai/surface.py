"""The hot path: a plain ASGI application without a framework, because a framework costs more than the whole call.

It reads a request, hands it to the gateway, and passes the answer on as it comes. A caller who leaves is noticed
within `WATCH` seconds, and the call at the upstream is cancelled with it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import aclosing
from typing import Any
from urllib.parse import unquote

import msgspec

from vong.api.credentials import credential
from vong.api.openai.errors import TooLarge, Unknown, WrongMethod, body_of, status_of
from vong.errors import NotFound, VongError, nearest
from vong.gateway.call import Call
from vong.gateway.gateway import Gateway
from vong.gateway.providers import Reply, Shape
from vong.gateway.request import Trace
from vong.records import new_id

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Surface = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

WATCH = 0.05
"""Seconds into a call from which it is watched whether the caller is still there; most calls are over before."""
SHAPES: dict[str, Shape] = {"/v1/chat/completions": "chat", "/v1/embeddings": "embeddings"}
READ = {
    *(b"authorization", b"cookie", b"host", b"origin", b"sec-fetch-site"),  # who calls, see api/credentials.py
    *(b"content-length", b"traceparent", b"x-vong-session"),
}
JSON = (b"content-type", b"application/json")
EVENTS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]


class CallerLeft(BaseException):
    """The connection ended before the request was read."""


def create_surface(gateway: Gateway, max_body: int) -> Surface:
    """The application for everything under `/v1/`; a request body may have `max_body` bytes."""

    async def surface(scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"] if name in READ}
        path: str = scope["path"]
        try:
            shape = SHAPES.get(path)
            if shape is None:
                await _models(gateway, scope, headers, send)
            elif scope["method"] != "POST":
                raise WrongMethod(f"{path} takes no {scope['method']}", "send a POST")
            else:
                principal = await gateway.keys.principal(credential("POST", headers))
                body = await _body(headers, receive, max_body)
                call = gateway.call(principal, shape, body, Trace.of(headers))
                await _answer(call, receive, send)
        except VongError as error:
            await _refuse(send, error, [])
        except CallerLeft:
            return

    return surface


async def _answer(call: Call, receive: Receive, send: Send) -> None:
    """Run a call, and account for it however it ends."""
    leaving = _Leaving(receive)
    head = _identity(call)
    sent = _Sent(send)
    try:
        reply = await call.open()
        if reply.events is None:
            call.close()
            await _whole(sent, reply, head)
        else:
            await _stream(call, reply, head, sent)
            call.close()
    except asyncio.CancelledError as error:
        call.close(error)
        if not leaving.left:
            raise
        leaving.forgive()
    except VongError as error:
        call.close(error, status_of(error))
        await _fail(sent, error, head)
    # The boundary of a request: what nobody foresaw is recorded, and the caller told in a form it knows.
    except Exception as error:
        log.exception("a model call failed")
        call.close(error, 500)
        await _fail(sent, VongError("the server failed on this request", "the traceback is in the server's log"), head)
    finally:
        leaving.stop()


async def _whole(send: "_Sent", reply: Reply, head: Headers) -> None:
    headers = [JSON, (b"content-length", b"%d" % len(reply.body)), *_passed(reply), *head]
    await send.start(reply.status, headers)
    await send.body(reply.body, more=False)


async def _stream(call: Call, reply: Reply, head: Headers, send: "_Sent") -> None:
    async with aclosing(call.events(reply)) as events:
        async for batch in events:
            if not send.started:
                await send.start(200, [*EVENTS, *_passed(reply), *head])
            await send.body(batch, more=True)
    await send.body(b"", more=False)


async def _fail(send: "_Sent", error: VongError, head: Headers) -> None:
    """Before the first byte an error has a status of its own; after it, it is the stream's last event."""
    if error.status >= 500:
        log.warning("%s: %s", error.code, error)
    if send.started:
        await send.body(b"data: " + body_of(error) + b"\n\n", more=False)
    else:
        await _refuse(send.raw, error, head)


async def _refuse(send: Send, error: VongError, head: Headers) -> None:
    body = body_of(error)
    more = head or [(b"x-request-id", f"req_{new_id().hex}".encode())]
    if isinstance(error, TooLarge):
        more = [*more, (b"connection", b"close")]
    if error.status == 401:
        more = [*more, (b"www-authenticate", b"Bearer")]
    sent = _Sent(send)
    await sent.start(status_of(error), [JSON, (b"content-length", b"%d" % len(body)), *more])
    await sent.body(body, more=False)


async def _models(gateway: Gateway, scope: Scope, headers: dict[str, str], send: Send) -> None:
    path = unquote(scope["path"])
    if path != "/v1/models" and not path.startswith("/v1/models/"):
        raise Unknown(f"there is no {path} here", "see docs/guides/gateway.md for what is served under /v1")
    if scope["method"] != "GET":
        raise WrongMethod(f"{path} takes no {scope['method']}", "send a GET")
    principal = await gateway.keys.principal(credential("GET", headers), calls=False)
    names = await gateway.offered(principal)
    wanted = path.removeprefix("/v1/models").removeprefix("/")
    if wanted and wanted not in names:
        raise NotFound(f"no model named {wanted!r}", nearest(wanted, names, "vong gateway models"))
    cards = [{"id": name, "object": "model", "created": 0, "owned_by": "vong"} for name in names]
    answer = next(card for card in cards if card["id"] == wanted) if wanted else {"object": "list", "data": cards}
    body = msgspec.json.encode(answer)
    sent = _Sent(send)
    await sent.start(200, [JSON, (b"content-length", b"%d" % len(body))])
    await sent.body(body, more=False)


async def _body(headers: dict[str, str], receive: Receive, limit: int) -> bytes:
    """The whole body. TooLarge as soon as it is known to be."""
    declared = headers.get("content-length", "0")
    message = await receive() if declared.isdigit() and int(declared) <= limit else None
    pieces: list[bytes] = []
    size = 0
    while message is not None:
        if message["type"] == "http.disconnect":
            raise CallerLeft
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
    raise TooLarge(f"the request has more than {limit} bytes", "send less, or raise max_body in vong.toml")


def _identity(call: Call) -> Headers:
    """The headers by which a caller finds the call again."""
    return [
        (b"x-request-id", f"req_{call.id.hex}".encode()),
        (b"x-vong-span-id", str(call.id).encode()),
        (b"x-vong-trace-id", call.trace.trace_id.encode()),
    ]


def _passed(reply: Reply) -> Headers:
    """The upstream's headers that callers act on: when to try again, what is left of a limit."""
    return [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in reply.headers.items()
        if name != "x-request-id"
    ]


class _Sent:
    """What was sent of an answer."""

    def __init__(self, send: Send) -> None:
        self.raw = send
        self.started = False

    async def start(self, status: int, headers: Headers) -> None:
        self.started = True
        await self.raw({"type": "http.response.start", "status": status, "headers": headers})

    async def body(self, data: bytes, *, more: bool) -> None:
        await self.raw({"type": "http.response.body", "body": data, "more_body": more})


class _Leaving:
    """Cancels the task that made it when the caller leaves."""

    def __init__(self, receive: Receive) -> None:
        self.left = False
        self._receive = receive
        self._task = asyncio.current_task()
        self._watcher: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(WATCH, self._watch)

    def stop(self) -> None:
        """The call is over."""
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()

    def forgive(self) -> None:
        """Take the cancellation back: this task has dealt with it."""
        if self._task is not None:
            self._task.uncancel()

    def _watch(self) -> None:
        self._watcher = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.left = True
        if self._task is not None:
            self._task.cancel()
