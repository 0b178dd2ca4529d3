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

from vong.api.http.credentials import read_credential
from vong.api.openai.errors import RequestTooLarge
from vong.api.openai.protocol.head_cache import CALL_HEADERS, READ_HEADERS, CachedHeadProtocol, HeadCache
from vong.api.openai.protocol.limits import BODY_TIMEOUT_SECONDS, close_gracefully, keeps_alive
from vong.api.openai.protocol.stream_starts import STREAM_FIELD, StreamStarts
from vong.api.openai.requests import decode_request, too_large_error
from vong.api.openai.responder import Headers, build_fast_headers, run_call, send_error
from vong.errors import VongError
from vong.gateway.endpoints import ENDPOINT_PATHS as SERVED_AT
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.fastpath.call import FastCall
from vong.gateway.gateway import Gateway
from vong.gateway.pipeline.call import ModelCall
from vong.gateway.pipeline.services import CallOptions
from vong.gateway.providers import Endpoint

ENDPOINTS_BY_PATH: dict[bytes, Endpoint] = {path.encode(): endpoint for path, endpoint in SERVED_AT.items()}
SIZE_SETTING = "max_request_bytes"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class ModelCallProtocol(CachedHeadProtocol):
    """Connection. Subclasses made by `create_model_call_protocol` know the gateway."""

    gateway: ClassVar[Gateway]
    max_body: ClassVar[int]
    leaves_origins: ClassVar[bool]
    """True if calls of web pages are left to the application, which adds the headers of CORS."""
    active_cycle: "RequestCycle | None" = None
    stream_starts: ClassVar[StreamStarts]
    deferred_count = 0
    random_draw = 0.0
    """Random draw of a call that did not qualify for the fast path."""
    _default_lines: ClassVar[tuple[Headers, bytes]] = [], b""

    def start_request(self) -> None:
        """Start a model call, and leave every other request to uvicorn."""
        endpoint = ENDPOINTS_BY_PATH.get(self.url)
        parser: Any = self.parser
        if (
            endpoint is None
            or parser.get_method() != b"POST"
            or parser.should_upgrade()
            or (self.leaves_origins and any(name == b"origin" for name, _ in self.headers))
        ):
            super().start_request()
            return
        previous: Any = self.cycle  # None before the first request
        cycle: Any = RequestCycle(self, endpoint, self.headers, keeps_alive(parser), expects=self.expect_100_continue)
        self.cycle = cycle
        if previous is None or previous.response_complete:
            cycle.begin()
        else:  # a pipelined request waits for the previous one
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, cast(Any, self.app)))

    def data_received(self, data: bytes) -> None:
        """Handle received data, usually a whole request. Streams that arrive together start a few at a time."""
        if STREAM_FIELD in data or self.deferred_count:
            self.stream_starts.handle(self, data)
        else:
            self.handle_data(data)

    def handle_data(self, data: bytes) -> None:
        """Parse received data and start the call that it completes."""
        super().data_received(data)
        cycle = self.active_cycle
        if cycle is not None:
            cycle.start_body_timeout()

    def try_forward(self, secret: str, body: bytes) -> bool:
        """Send a whole chat request on the fast path. Return False if it does not qualify."""
        cycle = RequestCycle(self, "chat", [], keep_alive=True)
        if not cycle.try_send(secret, body):
            self.random_draw = cycle.random_draw
            return False
        self.cycle = cast(Any, cycle)
        self.active_cycle = cycle
        return True

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if isinstance(cycle, RequestCycle):
            cycle.begin()
            cycle.start_body_timeout()
        else:
            super()._start_asgi_task(cycle, app)

    def default_header_lines(self) -> bytes:
        """Return the header lines of every response, which uvicorn renews each second."""
        headers = self.server_state.default_headers
        if self._default_lines[0] is not headers:
            type(self)._default_lines = headers, b"".join([b"%b: %b\r\n" % header for header in headers])
        return self._default_lines[1]

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the active call, because the client has disconnected.

        With pipelined requests the active cycle is not the newest one, which is the only one that uvicorn notifies.
        """
        super().connection_lost(exc)
        if self.active_cycle is not None:
            self.active_cycle.on_disconnect()


class RequestCycle:
    """Model call on a connection, with the attributes that uvicorn's protocol expects of a cycle.

    The cycle is its own `message_event`. The protocol sets it when a part of the body arrives, when the body is
    complete, and when the connection is lost.
    """

    __slots__ = (
        "_active",
        "_call",
        "_chunked",
        "_endpoint",
        "_expects_continue",
        "_pending_head",
        "_protocol",
        "_request_headers",
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
        self,
        protocol: ModelCallProtocol,
        endpoint: Endpoint,
        headers: Headers,
        keep_alive: bool,
        *,
        expects: bool = False,
    ) -> None:
        self.body = bytearray()
        self.more_body = True
        self.response_complete = False
        self.disconnected = False
        self.keep_alive = keep_alive
        self.started = False
        self.client_left = False
        self._protocol = protocol
        self._endpoint: Endpoint = endpoint
        self._request_headers = headers
        self._expects_continue = expects
        self._active = self._chunked = False
        self._pending_head = b""
        self.random_draw = protocol.random_draw if protocol.skip_fast_path else random()
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
        self._protocol.active_cycle = self
        if self._expects_continue and not self._protocol.transport.is_closing():
            self._protocol.transport.write(CONTINUE)
        if self.disconnected or not self.more_body or self.body:
            self.set()

    def set(self) -> None:
        """Continue after a part of the body arrived or the connection was lost."""
        if not self._active or self._task is not None or self._call is not None or self.response_complete:
            return
        if self.disconnected:
            self._cancel_body_timeout()
        elif not self.more_body:
            if not self._try_fast_path():
                self._run(self._run_slow_path())
        elif len(self.body) > self._protocol.max_body:
            self._run(self._reject_too_large())
        else:
            self._protocol.flow.resume_reading()

    def start_body_timeout(self) -> None:
        """Start the timeout for a body that is incomplete."""
        if self._task is None and self._call is None and self._timer is None and not self.disconnected:
            self._timer = self._protocol.loop.call_later(BODY_TIMEOUT_SECONDS, self._on_body_timeout)

    def on_disconnect(self) -> None:
        """Cancel the call, because the connection is lost."""
        self.disconnected = True
        self._cancel_body_timeout()
        if self._task is not None and not self._task.done() and not self.response_complete:
            self.client_left = True
            self._task.cancel()
        elif self._call is not None and self._task is None and not self.response_complete:
            self.client_left = True
            self._call.cancel()

    def try_send(self, secret: str, body: bytes) -> bool:
        """Send a whole request on the fast path. Return False if it does not qualify or must wait for something."""
        call = self._protocol.gateway.try_fast_path(secret, body, self.random_draw, self._on_fast_response)
        if call is None:
            return False
        self.more_body = False
        self._active = True
        if isinstance(call, FastCall):
            self._call = call
        else:
            self._run_open_call(call)
        return True

    async def start(self, status: int, headers: Headers) -> None:
        """Send status and headers. A body without a content length is sent in chunks."""
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
        self._pending_head = b"".join([STATUS_LINE[status], self._protocol.default_header_lines(), *lines, b"\r\n"])
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
        protocol.active_cycle = None
        if not self.keep_alive:
            self._close_connection()
        if not self.disconnected:
            protocol.finish_call()

    def _close_connection(self) -> None:
        """Close the connection. A client that is still sending is read for a while, or it could lose the response."""
        if self.more_body:
            close_gracefully(self._protocol)
        else:
            self._protocol.transport.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        self._cancel_body_timeout()
        tasks = self._protocol.server_state.tasks
        self._task = self._protocol.loop.create_task(work)
        tasks.add(self._task)
        self._task.add_done_callback(tasks.discard)
        return self._task

    def _try_fast_path(self) -> bool:
        """Send the request on the fast path and cache its head. Return False if it does not qualify or must wait."""
        protocol = self._protocol
        if protocol.skip_fast_path or self._endpoint != "chat" or len(self.body) > protocol.max_body:
            return False
        headers = self._headers()
        if not CALL_HEADERS.isdisjoint(headers):
            return False
        try:
            secret = read_credential("POST", headers)
        except VongError:
            return False  # the slow path raises the error
        if not self.try_send(secret, bytes(self.body)):
            return False
        if self.keep_alive:
            protocol.heads.add(protocol.current_request, self._request_headers, secret)
        self._cancel_body_timeout()
        return True

    def _on_fast_response(self) -> None:
        """Write the response of a fast call."""
        call = self._call
        if call is None or self.disconnected:
            return
        self._call, reply = None, None  # free the call now: the next request may come much later
        try:
            reply = call.receive()
        finally:  # the same error is raised again and handled in `run_call`
            if reply is None:
                self._run_open_call(call.fall_back())
        if reply is None:
            return
        self._protocol.loop.call_soon(call.record)  # runs after the event loop has sent the response
        self.started = True
        lines = self._protocol.default_header_lines(), build_fast_headers(call, reply)
        close = b"" if self.keep_alive else b"connection: close\r\n"
        self._write(b"%b%b%b%b\r\n%b" % (STATUS_LINE[reply.status], *lines, close, reply.body))
        self._finish()

    def _run_open_call(self, call: ModelCall) -> None:
        """Continue with an open call in a task.

        A task that is cancelled before it starts runs no code at all, so the callback closes the call.
        """
        task = self._run(self._answer_open_call(call))
        task.add_done_callback(lambda _: call.close(asyncio.CancelledError()))

    async def _answer_open_call(self, call: ModelCall) -> None:
        await run_call(call, self)
        self._close_incomplete()

    def _headers(self) -> dict[str, str]:
        return {
            READ_HEADERS[name]: value.decode("latin-1") for name, value in self._request_headers if name in READ_HEADERS
        }

    async def _run_slow_path(self) -> None:
        gateway, headers = self._protocol.gateway, self._headers()
        try:
            if len(self.body) > self._protocol.max_body:
                raise self._too_large_error()
            principal = await gateway.principals.authenticate(read_credential("POST", headers))
            body = bytes(self.body)
            if encoding := headers.get("content-encoding"):
                body = decode_request(encoding, body, self._protocol.max_body, SIZE_SETTING)
            trace, options = TraceContext.from_headers(headers), CallOptions(random_draw=self.random_draw)
            call = gateway.create_call(principal, self._endpoint, body, trace, options)
        except VongError as error:
            await send_error(self, error, self._endpoint)
        else:
            await run_call(call, self)
        self._close_incomplete()

    def _close_incomplete(self) -> None:
        """Close the connection if the response is incomplete, because its task was cancelled at shutdown."""
        if not self.response_complete and not self.disconnected:
            self._protocol.transport.close()

    async def _reject_too_large(self) -> None:
        await send_error(self, self._too_large_error(), self._endpoint)

    def _too_large_error(self) -> RequestTooLarge:
        return too_large_error(self._protocol.max_body, SIZE_SETTING)

    def _on_body_timeout(self) -> None:
        if self._task is None:
            self._protocol.transport.close()

    def _cancel_body_timeout(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def create_model_call_protocol(
    gateway: Gateway, max_body: int, *, leaves_origins: bool = False
) -> type[ModelCallProtocol]:
    """Return the protocol class for `uvicorn.Config(http=...)`."""
    members = {"gateway": gateway, "max_body": max_body, "heads": HeadCache(), "stream_starts": StreamStarts()}
    members["leaves_origins"] = leaves_origins
    return cast(type[ModelCallProtocol], type("VongProtocol", (ModelCallProtocol,), members))
