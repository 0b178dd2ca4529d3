"""Server behind `faults`: a model API on loopback whose behaviour the model name selects.

The server runs in its own thread from its first use to the end of the process. It speaks bare HTTP over asyncio's
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
from vong.gateway.providers.http import EVENT_STREAM
from vong.gateway.upstream.client import UpstreamClient

SLOW_BODY_CHUNKS = 20
MAX_ENDLESS_BYTES = 128 * 1024 * 1024
"""Number of bytes after which even an endless response ends."""
BLOCK = b"x" * 65536
JSON = "application/json"


@cache
def get_fault_server() -> "FaultServer":
    """Return the fault server of this process, started on first use."""
    return FaultServer().start()


class _ClientDisconnected(Exception):
    """Signal that the client closed the connection before the end."""


class FaultServer:
    """Server that injects faults.

    `disconnects` are the most recent times (`time.perf_counter`) at which a client cancelled a call.
    """

    def __init__(self) -> None:
        self.url = self.refusing_url = self.unanswering_url = ""
        self.disconnects: deque[float] = deque(maxlen=100)
        self.call_counts: Counter[str] = Counter()
        """Number of calls of each model since the start."""
        self._echo = EchoProvider("faults", ProviderSettings(kind="echo"), UpstreamClient())
        self._ready = threading.Event()
        self._sockets: list[socket.socket] = []

    def start(self) -> "FaultServer":
        """Start listening and return the server."""
        self.refusing_url = self._open_port()
        self.unanswering_url = self._open_port(listening=True)
        threading.Thread(target=lambda: asyncio.run(self._run()), name="vong-faults", daemon=True).start()
        self._ready.wait()
        return self

    async def _run(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = _url(server.sockets[0])
        self._ready.set()
        await server.serve_forever()

    def _open_port(self, *, listening: bool = False) -> str:
        """Return the URL of a port that refuses connections, or never accepts them if `listening` is set.

        A listening port has a full queue of one.
        """
        server_socket = socket.socket()
        server_socket.bind(("127.0.0.1", 0))
        self._sockets.append(server_socket)
        if listening:
            server_socket.listen(0)
            for _ in range(3):
                client = socket.socket()
                client.setblocking(False)
                client.connect_ex(server_socket.getsockname())
                self._sockets.append(client)
        return _url(server_socket)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                headers = dict(line.lower().split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:] if line)
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                endpoint = "embeddings" if b"/embeddings " in head.partition(b"\r\n")[0] else "chat"
                try:
                    await _Exchange(self, reader, writer).respond(self._echo, endpoint, body)
                    await writer.drain()
                except (_ClientDisconnected, ConnectionError):
                    self.disconnects.append(time.perf_counter())
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


class _Exchange:
    """One request and its faulty response."""

    def __init__(self, server: FaultServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._count = 0

    async def respond(self, echo: EchoProvider, endpoint: Any, body: bytes) -> None:
        request: dict[str, Any] = msgspec.json.decode(body)
        model = str(request["model"])
        stream = bool(request.get("stream")) and endpoint == "chat"
        self._server.call_counts[model] += 1
        self._count = self._server.call_counts[model]
        try:
            response = await echo.call(ProviderRequest(endpoint, "echo", body, stream))
        except VongError as error:
            self._send_response(msgspec.json.encode({"error": {"message": error.message, "type": "faults"}}), 400)
            return
        name, _, query = model.partition("?")
        options = {option: float(value) for option, value in parse_qsl(query)}
        if name.startswith("status-"):
            self._send_status(int(name.removeprefix("status-")), options)
        elif name in _CONNECTION_FAULTS:
            await _CONNECTION_FAULTS[name](self)
        elif name == "flaky" and self._count % max(1, int(options.get("every", 3))) == 0:
            self._send_status(503, options)
        elif response.events is not None:
            await self._send_stream(name, [event async for event in response.events], options)
        elif name in _BODY_FAULTS:
            await self._send_corrupt(_BODY_FAULTS[name](response.body))
        else:
            await self._send_body(name, response.body, options)

    async def reset_connection(self) -> None:
        raw: socket.socket = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def send_html_page(self) -> None:
        self._send_response(b"<!doctype html><title>Welcome</title><p>Please sign in.</p>", kind="text/html")

    async def _send_body(self, name: str, body: bytes, options: dict[str, float]) -> None:
        """Send a valid response too slowly or incompletely."""
        if name == "slow-headers":
            await self._wait(options.get("seconds", 30))
        if name in ("stall", "drop"):
            self._send_head(200, JSON, f"content-length: {len(body)}")
            self._writer.write(body[: len(body) // 2])
            await self._break_off(name)
        elif name == "slow-body":
            self._send_head(200, JSON, f"content-length: {len(body)}")
            size = -(-len(body) // SLOW_BODY_CHUNKS)
            await self._send_slowly((body[at : at + size] for at in range(0, len(body), size)), options)
        else:
            self._send_response(body)

    async def _send_stream(self, name: str, events: list[bytes], options: dict[str, float]) -> None:
        if name == "slow-headers":
            await self._wait(options.get("seconds", 30))
        self._send_head(200, EVENT_STREAM, "transfer-encoding: chunked")
        if name == "slow-body":
            await self._send_slowly(map(_encode_chunk, events), options)
        elif name in ("stall", "drop") or name in _BODY_FAULTS:
            words = len(events) - 4  # without the role before them, and finish, usage and end after them
            start = 1 + min(int(options.get("after", 1)), words)
            for event in events[:start]:
                self._writer.write(_encode_chunk(event))
            await self._writer.drain()
            if name not in _BODY_FAULTS:
                await self._break_off(name)
                return
            await self._wait(0.05)  # lets the earlier events arrive first
            await self._send_corrupt(_BODY_FAULTS[name](events[start].removeprefix(b"data: ").strip()), in_stream=True)
        else:
            for event in events:
                self._writer.write(_encode_chunk(event))
        self._writer.write(b"0\r\n\r\n")

    async def _send_corrupt(self, body: bytes | None, *, in_stream: bool = False) -> None:
        """Send corrupt JSON as a response or as an event; None is endless JSON."""
        if body is not None and in_stream:
            self._writer.write(_encode_chunk(b"data: " + body + b"\n\n"))
        elif body is not None:
            self._send_response(body)
        else:
            if not in_stream:
                self._send_head(200, JSON, "transfer-encoding: chunked")
            self._writer.write(_encode_chunk(b'data: {"choices": "' if in_stream else b'{"choices": "'))
            for _ in range(MAX_ENDLESS_BYTES // len(BLOCK)):
                self._writer.write(_encode_chunk(BLOCK))
                await self._writer.drain()
            self._writer.close()

    async def _break_off(self, name: str) -> None:
        await self._writer.drain()
        if name == "drop":
            self._writer.close()
        else:
            await self._wait(600)

    async def _send_slowly(self, pieces: Iterable[bytes], options: dict[str, float]) -> None:
        for piece in pieces:
            self._writer.write(piece)
            await self._wait(options.get("seconds", 30) / SLOW_BODY_CHUNKS)

    def _send_status(self, status: int, options: dict[str, float]) -> None:
        retry_after = options.get("retry_after")
        error = {
            "message": f"faults was called with status-{status}",
            "type": "faults",
            "param": None,
            "code": "faults",
        }
        self._send_response(
            msgspec.json.encode({"error": error}), status, more=f"retry-after: {retry_after:g}" if retry_after else ""
        )

    def _send_response(self, body: bytes, status: int = 200, kind: str = JSON, more: str = "") -> None:
        self._send_head(status, kind, f"content-length: {len(body)}", more)
        self._writer.write(body)

    def _send_head(self, status: int, kind: str, *more: str) -> None:
        lines = [f"HTTP/1.1 {status} -", f"content-type: {kind}", *filter(None, more)]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def _wait(self, seconds: float) -> None:
        """Wait for some seconds, or raise `_ClientDisconnected` if the client disconnects."""
        try:
            async with asyncio.timeout(seconds):
                await self._reader.read(1)
        except TimeoutError:
            return
        raise _ClientDisconnected


_CONNECTION_FAULTS: dict[str, Callable[[_Exchange], Awaitable[None]]] = {
    "reset": _Exchange.reset_connection,
    "wrong-content-type": _Exchange.send_html_page,
}
_BODY_FAULTS: dict[str, Callable[[bytes], bytes | None]] = {
    "malformed-json": lambda body: body.replace(b":", b"=>"),
    "truncated-json": lambda body: body[: len(body) // 2],
    "invalid-utf8": lambda body: body.replace(b'":"', b'":"\xff\xfe'),
    "enormous-body": lambda _: None,
}


def _encode_chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _url(bound: Any) -> str:
    return f"http://127.0.0.1:{bound.getsockname()[1]}/v1"
