"""The server behind `faults`: a model API on loopback that does what the name of the model says.

It runs in a thread of its own from its first use to the end of the process, and speaks bare HTTP over asyncio's
streams, so that it can do what no proper server does.
"""

import asyncio
import socket
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from vong.config import ProviderSettings
from vong.errors import VongError
from vong.gateway.providers.base import ProviderRequest
from vong.gateway.providers.echo import EchoProvider
from vong.gateway.upstream.client import UpstreamClient

PIECES = 20
ENORMOUS = 128 * 1024 * 1024
"""Bytes after which even an answer without end ends."""
BLOCK = b"x" * 65536
JSON = "application/json"
EVENTS = "text/event-stream"


@cache
def faulty() -> "FaultServer":
    """The server of this process."""
    return FaultServer().start()


class _Left(Exception):
    """The caller closed the connection before the end."""


class FaultServer:
    """The server. `departures` are the last moments (`time.perf_counter`) at which a caller broke a call off."""

    def __init__(self) -> None:
        self.url = self.refusing = self.unanswering = ""
        self.departures: deque[float] = deque(maxlen=100)
        self.calls: Counter[str] = Counter()
        """Calls of each model since the start."""
        self._echo = EchoProvider("faults", ProviderSettings(kind="echo"), UpstreamClient())
        self._ready = threading.Event()
        self._sockets: list[socket.socket] = []

    def start(self) -> "FaultServer":
        """Begin to listen."""
        self.refusing = self._socket()
        self.unanswering = self._socket(listening=True)
        threading.Thread(target=lambda: asyncio.run(self._run()), name="vong-faults", daemon=True).start()
        self._ready.wait()
        return self

    async def _run(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = _url(server.sockets[0])
        self._ready.set()
        await server.serve_forever()

    def _socket(self, *, listening: bool = False) -> str:
        """The URL of a port where nobody listens, or where a queue of one is full and nobody ever accepts."""
        made = socket.socket()
        made.bind(("127.0.0.1", 0))
        self._sockets.append(made)
        if listening:
            made.listen(0)
            for _ in range(3):
                waiting = socket.socket()
                waiting.setblocking(False)
                waiting.connect_ex(made.getsockname())
                self._sockets.append(waiting)
        return _url(made)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                lines = dict(line.lower().split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:] if line)
                body = await reader.readexactly(int(lines.get("content-length", 0)))
                shape = "embeddings" if b"/embeddings " in head.partition(b"\r\n")[0] else "chat"
                try:
                    await _Exchange(self, reader, writer).answer(self._echo, shape, body)
                    await writer.drain()
                except (_Left, ConnectionError):
                    self.departures.append(time.perf_counter())
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


class _Exchange:
    """One request and what is done to it."""

    def __init__(self, server: FaultServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._count = 0

    async def answer(self, echo: EchoProvider, shape: Any, body: bytes) -> None:
        asked: dict[str, Any] = msgspec.json.decode(body)
        model = str(asked["model"])
        stream = bool(asked.get("stream")) and shape == "chat"
        self._server.calls[model] += 1
        self._count = self._server.calls[model]
        try:
            reply = await echo.call(ProviderRequest(shape, "echo", body, stream))
        except VongError as error:
            self._whole(msgspec.json.encode({"error": {"message": error.message, "type": "faults"}}), 400)
            return
        name, _, query = model.partition("?")
        options = {option: float(value) for option, value in parse_qsl(query)}
        if name.startswith("status-"):
            self._status(int(name.removeprefix("status-")), options)
        elif name in _WAYS:
            await _WAYS[name](self)
        elif name == "flaky" and self._count % max(1, int(options.get("every", 3))) == 0:
            self._status(503, options)
        elif reply.events is not None:
            await self._stream(name, [event async for event in reply.events], options)
        elif name in _SPOILT:
            await self._spoil(_SPOILT[name](reply.body))
        else:
            await self._plain(name, reply.body, options)

    async def reset(self) -> None:
        raw: socket.socket = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def page(self) -> None:
        self._whole(b"<!doctype html><title>Welcome</title><p>Please sign in.</p>", kind="text/html")

    async def _plain(self, name: str, body: bytes, options: dict[str, float]) -> None:
        """An answer that is right in itself, and comes too slowly or not to its end."""
        if name == "slow-headers":
            await self._pause(options.get("seconds", 30))
        if name in ("stall", "drop"):
            self._head(200, JSON, f"content-length: {len(body)}")
            self._writer.write(body[: len(body) // 2])
            await self._break(name)
        elif name == "slow-body":
            self._head(200, JSON, f"content-length: {len(body)}")
            size = -(-len(body) // PIECES)
            await self._slowly((body[at : at + size] for at in range(0, len(body), size)), options)
        else:
            self._whole(body)

    async def _stream(self, name: str, events: list[bytes], options: dict[str, float]) -> None:
        if name == "slow-headers":
            await self._pause(options.get("seconds", 30))
        self._head(200, EVENTS, "transfer-encoding: chunked")
        if name == "slow-body":
            await self._slowly(map(_chunk, events), options)
        elif name in ("stall", "drop") or name in _SPOILT:
            words = len(events) - 4  # less the role before them, the finish, the usage and the end behind them
            start = 1 + min(int(options.get("after", 1)), words)
            for event in events[:start]:
                self._writer.write(_chunk(event))
            await self._writer.drain()
            if name not in _SPOILT:
                await self._break(name)
                return
            await self._pause(0.05)  # what came before shall arrive before
            await self._spoil(_SPOILT[name](events[start].removeprefix(b"data: ").strip()), within_stream=True)
        else:
            for event in events:
                self._writer.write(_chunk(event))
        self._writer.write(b"0\r\n\r\n")

    async def _spoil(self, body: bytes | None, *, within_stream: bool = False) -> None:
        """JSON gone wrong, as an answer or as an event; None is one without end."""
        if body is not None and within_stream:
            self._writer.write(_chunk(b"data: " + body + b"\n\n"))
        elif body is not None:
            self._whole(body)
        else:
            if not within_stream:
                self._head(200, JSON, "transfer-encoding: chunked")
            self._writer.write(_chunk(b'data: {"choices": "' if within_stream else b'{"choices": "'))
            for _ in range(ENORMOUS // len(BLOCK)):
                self._writer.write(_chunk(BLOCK))
                await self._writer.drain()
            self._writer.close()

    async def _break(self, name: str) -> None:
        await self._writer.drain()
        if name == "drop":
            self._writer.close()
        else:
            await self._pause(600)

    async def _slowly(self, pieces: Iterable[bytes], options: dict[str, float]) -> None:
        for piece in pieces:
            self._writer.write(piece)
            await self._pause(options.get("seconds", 30) / PIECES)

    def _status(self, status: int, options: dict[str, float]) -> None:
        after = options.get("retry_after")
        error = {"message": f"faults was asked to answer {status}", "type": "faults", "param": None, "code": "faults"}
        self._whole(msgspec.json.encode({"error": error}), status, more=f"retry-after: {after:g}" if after else "")

    def _whole(self, body: bytes, status: int = 200, kind: str = JSON, more: str = "") -> None:
        self._head(status, kind, f"content-length: {len(body)}", more)
        self._writer.write(body)

    def _head(self, status: int, kind: str, *more: str) -> None:
        lines = [f"HTTP/1.1 {status} -", f"content-type: {kind}", *filter(None, more)]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def _pause(self, seconds: float) -> None:
        """Wait, unless the caller leaves."""
        try:
            async with asyncio.timeout(seconds):
                await self._reader.read(1)
        except TimeoutError:
            return
        raise _Left


_WAYS: dict[str, Callable[[_Exchange], Awaitable[None]]] = {
    "reset": _Exchange.reset,
    "wrong-content-type": _Exchange.page,
}
_SPOILT: dict[str, Callable[[bytes], bytes | None]] = {
    "malformed-json": lambda body: body.replace(b":", b"=>"),
    "truncated-json": lambda body: body[: len(body) // 2],
    "invalid-utf8": lambda body: body.replace(b'":"', b'":"\xff\xfe'),
    "enormous-body": lambda _: None,
}


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _url(bound: Any) -> str:
    return f"http://127.0.0.1:{bound.getsockname()[1]}/v1"
