"""The hot path: model calls taken off the connection itself, everything else left to the ASGI application.

An ASGI server spends as much on a call's messages and events as the gateway does on the call. This subclass of
uvicorn's own protocol puts an `Exchange` where uvicorn has its request-response cycle, for `POST` to a path of a shape
and nothing else: it waits for the body, runs the call, and writes the answer to the transport. A caller who leaves is
known at once, because the transport says so.
"""

import asyncio
from collections.abc import Coroutine
from random import random
from typing import Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from vong.api.http.credentials import credential
from vong.api.openai.app import READ
from vong.api.openai.errors import RequestTooLarge
from vong.api.openai.protocol.head_cache import SAYING, CachedHeadProtocol, HeadCache
from vong.api.openai.protocol.limits import SLOW_BODY, end
from vong.api.openai.responder import Headers, answer, plain_lines, refuse
from vong.errors import VongError
from vong.gateway.endpoints import PATHS as SERVED_AT
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.fastpath.call import FastCall
from vong.gateway.gateway import Gateway
from vong.gateway.pipeline.call import ModelCall
from vong.gateway.pipeline.services import CallOptions
from vong.gateway.providers import Shape

PATHS: dict[bytes, Shape] = {path.encode(): shape for path, shape in SERVED_AT.items()}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class ModelCallProtocol(CachedHeadProtocol):
    """A connection. Subclasses made by `create_listener` know the gateway."""

    gateway: ClassVar[Gateway]
    max_body: ClassVar[int]
    under_way: "RequestCycle | None" = None
    lot = 0.0
    """What was drawn for a call that turned out not to be plain."""
    _lines: ClassVar[tuple[Headers, bytes]] = [], b""

    def take(self) -> None:
        """Take a model call, and leave every other request to uvicorn."""
        shape = PATHS.get(self.url)
        parser: Any = self.parser
        if shape is None or parser.get_method() != b"POST" or parser.should_upgrade():
            super().take()
            return
        previous: Any = self.cycle  # None before the first request
        cycle: Any = RequestCycle(self, shape, self.headers, alive(parser), expects=self.expect_100_continue)
        self.cycle = cycle
        if previous is None or previous.response_complete:
            cycle.begin()
        else:  # a pipelined request waits for the one before it
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, cast(Any, self.app)))

    def data_received(self, data: bytes) -> None:
        """Something came, with most requests all of it."""
        super().data_received(data)
        exchange = self.under_way
        if exchange is not None:
            exchange.bound()

    def forward(self, secret: str, body: bytes) -> bool:
        """Send a whole chat on, where it is plain."""
        exchange = RequestCycle(self, "chat", [], keep_alive=True)
        if not exchange.send(secret, body):
            self.lot = exchange.lot
            return False
        self.cycle = cast(Any, exchange)
        self.under_way = exchange
        return True

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if isinstance(cycle, RequestCycle):
            cycle.begin()
            cycle.bound()
        else:
            super()._start_asgi_task(cycle, app)

    def common_lines(self) -> bytes:
        """The headers of every answer, which uvicorn makes anew each second."""
        headers = self.server_state.default_headers
        if self._lines[0] is not headers:
            type(self)._lines = headers, b"".join([b"%b: %b\r\n" % header for header in headers])
        return self._lines[1]

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller left. With pipelined requests the one under way is not the newest, which uvicorn tells itself."""
        super().connection_lost(exc)
        if self.under_way is not None:
            self.under_way.leave()


class RequestCycle:
    """A model call on a connection, with what uvicorn's protocol expects of a cycle. It is its own `message_event`:
    the protocol sets it when a part of the body came, when the body is whole, and when the connection is lost.
    """

    __slots__ = (
        "_begun",
        "_call",
        "_chunked",
        "_expects",
        "_head",
        "_listener",
        "_pending",
        "_shape",
        "_task",
        "_timer",
        "body",
        "disconnected",
        "keep_alive",
        "left",
        "lot",
        "more_body",
        "response_complete",
        "started",
    )

    def __init__(
        self, listener: ModelCallProtocol, shape: Shape, head: Headers, keep_alive: bool, *, expects: bool = False
    ) -> None:
        self.body = bytearray()
        self.more_body = True
        self.response_complete = False
        self.disconnected = False
        self.keep_alive = keep_alive
        self.started = False
        self.left = False
        self._listener = listener
        self._shape: Shape = shape
        self._head = head
        self._expects = expects
        self._begun = self._chunked = False
        self._pending = b""
        self.lot = listener.lot if listener.long else random()
        """Draws a target where a route has several: once, whichever way the call goes."""
        self._call: FastCall | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def response_started(self) -> bool:
        """Whether the head of the answer was sent."""
        return self.started

    @property
    def message_event(self) -> "RequestCycle":
        """Itself; kept in a field it would be a circle that only the cyclic collector frees."""
        return self

    def begin(self) -> None:
        """This exchange's turn on the connection has come."""
        self._begun = True
        self._listener.under_way = self
        if self._expects and not self._listener.transport.is_closing():
            self._listener.transport.write(CONTINUE)
        if self.disconnected or not self.more_body or self.body:
            self.set()

    def set(self) -> None:
        """Something came: go on with it."""
        if not self._begun or self._task is not None or self._call is not None or self.response_complete:
            return
        if self.disconnected:
            self._stop_waiting()
        elif not self.more_body:
            if not self._send():
                self._run(self._answer())
        elif len(self.body) > self._listener.max_body:
            self._run(self._too_large())
        else:
            self._listener.flow.resume_reading()

    def bound(self) -> None:
        """Let no body take for ever that is not there yet."""
        if self._task is None and self._call is None and self._timer is None and not self.disconnected:
            self._timer = self._listener.loop.call_later(SLOW_BODY, self._too_slow)

    def leave(self) -> None:
        """The connection is lost."""
        self.disconnected = True
        self._stop_waiting()
        if self._task is not None and not self._task.done() and not self.response_complete:
            self.left = True
            self._task.cancel()
        elif self._call is not None and self._task is None and not self.response_complete:
            self.left = True
            self._call.leave()

    def send(self, secret: str, body: bytes) -> bool:
        """Send a whole plain call on at once. False where this is another one, or has to wait for something."""
        call = self._listener.gateway.plain(secret, body, self.lot, self._arrived)
        if call is None:
            return False
        self.more_body = False
        self._begun = True
        if isinstance(call, FastCall):
            self._call = call
        else:
            self._tell(call)
        return True

    async def start(self, status: int, headers: Headers) -> None:
        """Send status and headers; a body of no stated length goes in chunks."""
        self._start(status, headers)

    def _start(self, status: int, headers: Headers) -> None:
        self.started = True
        names = dict(headers)
        self._chunked = b"content-length" not in names
        lines = [b"%b: %b\r\n" % header for header in headers]
        if b"connection" in names:
            self.keep_alive = False
        elif not self.keep_alive:
            lines.append(b"connection: close\r\n")
        if self._chunked:
            lines.append(b"transfer-encoding: chunked\r\n")
        self._pending = b"".join([STATUS_LINE[status], self._listener.common_lines(), *lines, b"\r\n"])
        if self._chunked:
            self._write(b"")

    async def write(self, data: bytes, *, more: bool) -> None:
        """Send a part of the body; wait while the caller reads more slowly than it comes."""
        if self._chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
            if not more:
                data += b"0\r\n\r\n"
        self._write(data)
        if more:
            if self._listener.flow.write_paused:
                await self._listener.flow.drain()
        else:
            self._finish()

    def _write(self, data: bytes) -> None:
        if not self.disconnected and not self._listener.transport.is_closing():
            self._listener.transport.write(self._pending + data if self._pending else data)
        self._pending = b""

    def _finish(self) -> None:
        self.response_complete = True
        listener = self._listener
        listener.under_way = None
        if not self.keep_alive:
            self._end()
        if not self.disconnected:
            listener.rest()

    def _end(self) -> None:
        """Close. A caller who is still sending would lose the answer with the connection: hear them out for a while."""
        if self.more_body:
            end(self._listener)
        else:
            self._listener.transport.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        self._stop_waiting()
        tasks = self._listener.server_state.tasks
        self._task = self._listener.loop.create_task(work)
        tasks.add(self._task)
        self._task.add_done_callback(tasks.discard)
        return self._task

    def _send(self) -> bool:
        """Send a plain call on, and know its head again. False where this call is another one, or has to wait."""
        listener = self._listener
        if listener.long or self._shape != "chat" or len(self.body) > listener.max_body:
            return False
        headers = self._headers()
        if not SAYING.isdisjoint(headers):
            return False
        try:
            secret = credential("POST", headers)
        except VongError:
            return False  # the long way says what is wrong
        if not self.send(secret, bytes(self.body)):
            return False
        if self.keep_alive:
            listener.heads.learn(listener.piece, self._head, secret)
        self._stop_waiting()
        return True

    def _arrived(self) -> None:
        """The answer to a plain call is there."""
        call = self._call
        if call is None or self.disconnected:
            return
        self._call, reply = None, None  # the connection may wait for long for its next request
        try:
            reply = call.receive()
        finally:  # whatever it was comes up again in `answer`, which tells it as with every call
            if reply is None:
                self._tell(call.whole())
        if reply is None:
            return
        self._listener.loop.call_soon(call.account)  # the loop sends the answer first
        self.started = True
        lines = self._listener.common_lines(), plain_lines(call, reply)
        close = b"" if self.keep_alive else b"connection: close\r\n"
        self._write(b"%b%b%b%b\r\n%b" % (STATUS_LINE[reply.status], *lines, close, reply.body))
        self._finish()

    def _tell(self, call: ModelCall) -> None:
        """Answer with what arrived as with any call. A task that is cancelled before it begins does nothing at all."""
        task = self._run(self._told(call))
        task.add_done_callback(lambda _: call.close(asyncio.CancelledError()))

    async def _told(self, call: ModelCall) -> None:
        await answer(call, self)
        self._leave_nothing_open()

    def _headers(self) -> dict[str, str]:
        return {READ[name]: value.decode("latin-1") for name, value in self._head if name in READ}

    async def _answer(self) -> None:
        gateway, headers = self._listener.gateway, self._headers()
        try:
            if len(self.body) > self._listener.max_body:
                raise self._oversized()
            principal = await gateway.keys.principal(credential("POST", headers))
            call = gateway.call(
                principal, self._shape, bytes(self.body), TraceContext.of(headers), CallOptions(lot=self.lot)
            )
        except VongError as error:
            await refuse(self, error, self._shape)
        else:
            await answer(call, self)
        self._leave_nothing_open()

    def _leave_nothing_open(self) -> None:
        """A task that was cancelled at shutdown leaves no half answer open."""
        if not self.response_complete and not self.disconnected:
            self._listener.transport.close()

    async def _too_large(self) -> None:
        await refuse(self, self._oversized(), self._shape)

    def _oversized(self) -> RequestTooLarge:
        limit = self._listener.max_body
        return RequestTooLarge(f"the request has more than {limit} bytes", "send less, or raise max_body in vong.toml")

    def _too_slow(self) -> None:
        if self._task is None:
            self._listener.transport.close()

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def alive(parser: Any) -> bool:
    """Whether a request leaves its connection open."""
    return parser.get_http_version() != "1.0" and parser.should_keep_alive()


def create_listener(gateway: Gateway, max_body: int) -> type[ModelCallProtocol]:
    """The protocol class for `uvicorn.Config(http=...)`."""
    return cast(
        type[ModelCallProtocol],
        type("VongListener", (ModelCallProtocol,), {"gateway": gateway, "max_body": max_body, "heads": HeadCache()}),
    )
