"""Minimal cost of a gateway in Python: uvloop forwards the bytes of a connection to another one, and back.

Requests are neither parsed nor checked, so all cost of a gateway above this baseline is its own work.

    python -m benchmarks.gateway.pipe PORT UPSTREAM [PORT UPSTREAM ...]
"""

import asyncio
import sys
from functools import partial
from typing import cast

import uvloop


class PipeEnd(asyncio.Protocol):
    """End of a pipe, which writes to the other end."""

    other: "asyncio.Transport | None" = None
    buffered = b""
    """Bytes that arrived before the other end was connected."""

    def data_received(self, data: bytes) -> None:
        """Forward the data to the other end."""
        if self.other is None:
            self.buffered += data
        else:
            self.other.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the other end."""
        del exc
        if self.other is not None:
            self.other.close()


class CallerEnd(PipeEnd):
    """End of a pipe at the caller."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open the connection to the upstream."""
        self._task = asyncio.get_running_loop().create_task(self._connect(cast(asyncio.Transport, transport)))

    async def _connect(self, transport: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        other, other_end = await loop.create_connection(PipeEnd, "127.0.0.1", self._upstream)
        other_end.other, self.other = transport, cast(asyncio.Transport, other)
        if self.buffered:
            self.other.write(self.buffered)


async def serve(port_pairs: list[tuple[int, int]]) -> None:
    """Forward each port to its upstream."""
    loop = asyncio.get_running_loop()
    for port, upstream in port_pairs:
        await loop.create_server(partial(CallerEnd, upstream), "127.0.0.1", port, reuse_address=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    ports = [int(text) for text in sys.argv[1:]]
    uvloop.run(serve(list(zip(ports[::2], ports[1::2], strict=True))))
