"""Protocol of model calls: handles them on the connection itself and leaves other requests to the ASGI application.

An ASGI server spends as much CPU on the messages and events of a call as the gateway on the call. This subclass of
uvicorn's protocol uses a `RequestCycle` instead of uvicorn's request-response cycle, for `POST` to a path of an
endpoint and nothing else. It waits for the body, runs the call, and writes the response to the transport. A client
disconnect is noticed immediately, because the transport reports it.
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
    """Connection. Subclasses made by `create_model_call_protocol` know the gateway."""

    gateway: ClassVar[Gateway]
    max_body: ClassVar[int]
    under_way: "RequestCycle | None" = None
    lot = 0.0
    """Random draw of a call that did not qualify for the fast path."""
    _lines: ClassVar[tuple[Headers, bytes]] = [], b""

    def take(self) -> None:
        """Start a model call, and leave every other request to uvicorn."""
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
        else:  # a pipelined request waits for the previous one
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, cast(Any, self.app)))

    def data_received(self, data: bytes) -> None:
        """Handle received data, usually a whole request."""
        super().data_received(data)
        cycle = self.under_way
        if cycle is not None:
            cycle.bound()

    def forward(self, secret: str, body: bytes) -> bool:
        """Send a whole chat request on the fast path. Return False if it does not qualify."""
        cycle = RequestCycle(self, "chat", [], keep_alive=True)
        if not cycle.send(secret, body):
            self.lot = cycle.random_draw
            return False
        self.cycle = cast(Any, cycle)
        self.under_way = cycle
        return True

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if isinstance(cycle, RequestCycle):
            cycle.begin()
            cycle.bound()
        else:
            super()._start_asgi_task(cycle, app)

    def common_lines(self) -> bytes:
        """Return the header lines of every response, which uvicorn renews each second."""
        headers = self.server_state.default_headers
        if self._lines[0] is not headers:
            type(self)._lines = headers, b"".join([b"%b: %b\r\n" % header for header in headers])
        return self._lines[1]

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the active call, because the client has disconnected.

        With pipelined requests the active cycle is not the newest one, which is the only one that uvicorn notifies.
        """
        super().connection_lost(exc)
        if self.under_way is not None:
            self.under_way.leave()


class RequestCycle:
    """Model call on a connection, with the attributes that uvicorn's protocol expects of a cycle.

    The cycle is its own `message_event`. The protocol sets it when a part of the body arrives, when the body is
    complete, and when the connection is lost.
    """

    __slots__ = (
        "_active",
        "_call",
        "_chunked",
        "_expects_continue",
        "_pending_head",
        "_protocol",
        "_request_headers",
        "_shape",
        "_task",
        "_timer",
        "body",
        "client_left",
        "disconnected",
        "keep_alive",
        "more_body",
        "random_draw",
        "response_complete",
        "started",
    )

    def __init__(
        self, protocol: ModelCallProtocol, shape: Shape, headers: Headers, keep_alive: bool, *, expects: bool = False
    ) -> None:
        self.body = bytearray()
        self.more_body = True
        self.response_complete = False
        self.disconnected = False
        self.keep_alive = keep_alive
        self.started = False
        self.client_left = False
        self._protocol = protocol
        self._shape: Shape = shape
        self._request_headers = headers
        self._expects_continue = expects
        self._active = self._chunked = False
        self._pending_head = b""
        self.random_draw = protocol.lot if protocol.long else random()
        """Random draw that selects a target by weight. Drawn once per call, for the fast and the slow path."""
        self._call: FastCall | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def response_started(self) -> bool:
        """Return True if the head of the response was sent."""
        return self.started

    @property
    def message_event(self) -> "RequestCycle":
        """Return the cycle itself. Stored in a field it would be a reference cycle, freed only by the collector."""
        return self

    def begin(self) -> None:
        """Start, because it is this request's turn on the connection."""
        self._active = True
        self._protocol.under_way = self
        if self._expects_continue and not self._protocol.transport.is_closing():
            self._protocol.transport.write(CONTINUE)
        if self.disconnected or not self.more_body or self.body:
            self.set()

    def set(self) -> None:
        """Continue after a part of the body arrived or the connection was lost."""
        if not self._active or self._task is not None or self._call is not None or self.response_complete:
            return
        if self.disconnected:
            self._stop_waiting()
        elif not self.more_body:
            if not self._send():
                self._run(self._answer())
        elif len(self.body) > self._protocol.max_body:
            self._run(self._too_large())
        else:
            self._protocol.flow.resume_reading()

    def bound(self) -> None:
        """Start the timeout for a body that is incomplete."""
        if self._task is None and self._call is None and self._timer is None and not self.disconnected:
            self._timer = self._protocol.loop.call_later(SLOW_BODY, self._too_slow)

    def leave(self) -> None:
        """Cancel the call, because the connection is lost."""
        self.disconnected = True
        self._stop_waiting()
        if self._task is not None and not self._task.done() and not self.response_complete:
            self.client_left = True
            self._task.cancel()
        elif self._call is not None and self._task is None and not self.response_complete:
            self.client_left = True
            self._call.leave()

    def send(self, secret: str, body: bytes) -> bool:
        """Send a whole request on the fast path. Return False if it does not qualify or must wait for something."""
        call = self._protocol.gateway.plain(secret, body, self.random_draw, self._arrived)
        if call is None:
            return False
        self.more_body = False
        self._active = True
        if isinstance(call, FastCall):
            self._call = call
        else:
            self._tell(call)
        return True

    async def start(self, status: int, headers: Headers) -> None:
        """Send status and headers. A body without a content length is sent in chunks."""
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
        self._pending_head = b"".join([STATUS_LINE[status], self._protocol.common_lines(), *lines, b"\r\n"])
        if self._chunked:
            self._write(b"")

    async def write(self, data: bytes, *, more: bool) -> None:
        """Send a part of the body. Wait while the client reads more slowly than the response arrives."""
        if self._chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
            if not more:
                data += b"0\r\n\r\n"
        self._write(data)
        if more:
            if self._protocol.flow.write_paused:
                await self._protocol.flow.drain()
        else:
            self._finish()

    def _write(self, data: bytes) -> None:
        if not self.disconnected and not self._protocol.transport.is_closing():
            self._protocol.transport.write(self._pending_head + data if self._pending_head else data)
        self._pending_head = b""

    def _finish(self) -> None:
        self.response_complete = True
        protocol = self._protocol
        protocol.under_way = None
        if not self.keep_alive:
            self._end()
        if not self.disconnected:
            protocol.rest()

    def _end(self) -> None:
        """Close the connection. A client that is still sending is read for a while, or it could lose the response."""
        if self.more_body:
            end(self._protocol)
        else:
            self._protocol.transport.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        self._stop_waiting()
        tasks = self._protocol.server_state.tasks
        self._task = self._protocol.loop.create_task(work)
        tasks.add(self._task)
        self._task.add_done_callback(tasks.discard)
        return self._task

    def _send(self) -> bool:
        """Send the request on the fast path and cache its head. Return False if it does not qualify or must wait."""
        protocol = self._protocol
        if protocol.long or self._shape != "chat" or len(self.body) > protocol.max_body:
            return False
        headers = self._headers()
        if not SAYING.isdisjoint(headers):
            return False
        try:
            secret = credential("POST", headers)
        except VongError:
            return False  # the slow path raises the error
        if not self.send(secret, bytes(self.body)):
            return False
        if self.keep_alive:
            protocol.heads.learn(protocol.piece, self._request_headers, secret)
        self._stop_waiting()
        return True

    def _arrived(self) -> None:
        """Write the response of a fast call."""
        call = self._call
        if call is None or self.disconnected:
            return
        self._call, reply = None, None  # free the call now: the next request may come much later
        try:
            reply = call.receive()
        finally:  # the same error is raised again and handled in `run_call`
            if reply is None:
                self._tell(call.whole())
        if reply is None:
            return
        self._protocol.loop.call_soon(call.account)  # runs after the event loop has sent the response
        self.started = True
        lines = self._protocol.common_lines(), plain_lines(call, reply)
        close = b"" if self.keep_alive else b"connection: close\r\n"
        self._write(b"%b%b%b%b\r\n%b" % (STATUS_LINE[reply.status], *lines, close, reply.body))
        self._finish()

    def _tell(self, call: ModelCall) -> None:
        """Continue with an open call in a task.

        A task that is cancelled before it starts runs no code at all, so the callback closes the call.
        """
        task = self._run(self._told(call))
        task.add_done_callback(lambda _: call.close(asyncio.CancelledError()))

    async def _told(self, call: ModelCall) -> None:
        await answer(call, self)
        self._leave_nothing_open()

    def _headers(self) -> dict[str, str]:
        return {READ[name]: value.decode("latin-1") for name, value in self._request_headers if name in READ}

    async def _answer(self) -> None:
        gateway, headers = self._protocol.gateway, self._headers()
        try:
            if len(self.body) > self._protocol.max_body:
                raise self._oversized()
            principal = await gateway.keys.principal(credential("POST", headers))
            call = gateway.call(
                principal, self._shape, bytes(self.body), TraceContext.of(headers), CallOptions(lot=self.random_draw)
            )
        except VongError as error:
            await refuse(self, error, self._shape)
        else:
            await answer(call, self)
        self._leave_nothing_open()

    def _leave_nothing_open(self) -> None:
        """Close the connection if the response is incomplete, because its task was cancelled at shutdown."""
        if not self.response_complete and not self.disconnected:
            self._protocol.transport.close()

    async def _too_large(self) -> None:
        await refuse(self, self._oversized(), self._shape)

    def _oversized(self) -> RequestTooLarge:
        limit = self._protocol.max_body
        return RequestTooLarge(f"the request has more than {limit} bytes", "send less, or raise max_body in vong.toml")

    def _too_slow(self) -> None:
        if self._task is None:
            self._protocol.transport.close()

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def alive(parser: Any) -> bool:
    """Return True if a request keeps its connection open."""
    return parser.get_http_version() != "1.0" and parser.should_keep_alive()


def create_listener(gateway: Gateway, max_body: int) -> type[ModelCallProtocol]:
    """Return the protocol class for `uvicorn.Config(http=...)`."""
    return cast(
        type[ModelCallProtocol],
        type("VongProtocol", (ModelCallProtocol,), {"gateway": gateway, "max_body": max_body, "heads": HeadCache()}),
    )
