"""The least that a gateway in Python can cost: uvloop hands on what a connection says to another one, and back. No
request is read and nothing is checked, so what a gateway spends above this is its own work.

    python -m benchmarks.gateway.pipe PORT UPSTREAM [PORT UPSTREAM ...]
"""

import asyncio
import sys
from functools import partial
from typing import cast

import uvloop


class End(asyncio.Protocol):
    """One end of a pipe, which writes to the other one."""

    other: "asyncio.Transport | None" = None
    waiting = b""
    """What came before the other end was there."""

    def data_received(self, data: bytes) -> None:
        """Pass it on."""
        if self.other is None:
            self.waiting += data
        else:
            self.other.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the other end too."""
        del exc
        if self.other is not None:
            self.other.close()


class Front(End):
    """The caller's end."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open the other end."""
        self._task = asyncio.get_running_loop().create_task(self._join(cast(asyncio.Transport, transport)))

    async def _join(self, transport: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        other, back = await loop.create_connection(End, "127.0.0.1", self._upstream)
        back.other, self.other = transport, cast(asyncio.Transport, other)
        if self.waiting:
            self.other.write(self.waiting)


async def serve(ways: list[tuple[int, int]]) -> None:
    """Join each port to its upstream."""
    loop = asyncio.get_running_loop()
    for port, upstream in ways:
        await loop.create_server(partial(Front, upstream), "127.0.0.1", port, reuse_address=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    ports = [int(text) for text in sys.argv[1:]]
    uvloop.run(serve(list(zip(ports[::2], ports[1::2], strict=True))))
