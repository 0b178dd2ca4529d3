"""The server's process: `python -m vong.api.main --fd N` serves on a socket that the supervisor bound."""

import argparse
import asyncio
import ctypes
import gc
import logging
import os
import socket
import sys
from contextlib import suppress
from importlib import import_module
from types import FrameType

import uvicorn

from vong import config
from vong.api.app import ROUTES
from vong.api.asgi import create_server
from vong.api.http.sse import end_streams
from vong.app import Platform

GRACE = 8
"""Seconds in which open requests may end after SIGTERM; event streams end at once."""
SETTLED = 5.0
"""Seconds after the start by which all is done that is done once."""
AGAIN = 60.0
"""Seconds between two looks for memory that is free: a look takes 1 to 5 ms."""


class VongServer(uvicorn.Server):
    """Uvicorn's server, which ends its event streams when it is told to end, and keeps no memory that only its start
    or a busy moment needed: 5 of 110 MB after the start.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets)
        asyncio.get_running_loop().call_later(SETTLED, keep_small)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM or SIGINT has come."""
        super().handle_exit(sig, frame)
        end_streams()


def spare_the_collector() -> None:
    """Spans wait for their batch, so the cyclic collector finds many young objects alive and looks at them, and at all
    that the imports made, over and over: half of a call's CPU time (benchmarks/LOG.md, 2026-11-24). What is there at
    the start stays for good, and the rest is looked at less often.
    """
    gc.collect()
    give_back()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def give_back() -> None:
    """Give the system what was needed for a while. Only glibc has a call for it."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def keep_small() -> None:
    """Give back what is free, now and from time to time."""
    give_back()
    asyncio.get_running_loop().call_later(AGAIN, keep_small)


def told(pipe: int | None) -> str | None:
    """What a pipe says, once it is closed; None without one. A supervisor that says nothing has gone."""
    if pipe is None:
        return None
    with os.fdopen(pipe) as opened:
        return opened.read() or sys.exit("the supervisor ended before the database was up")


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="the listening socket's file descriptor")
    parser.add_argument("--database-from", type=int, help="a pipe that gives the database's URL, once it is up")
    arguments = parser.parse_args()
    for name in ROUTES:  # the rest of the code, while PostgreSQL may still be starting
        import_module(f"vong.api.routes.{name}")
    settings = config.load(database_url=told(arguments.database_from))
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    served = create_server(Platform(settings))
    options = uvicorn.Config(
        served.app,
        loop="uvloop",
        ws="none",
        http=served.listener,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    spare_the_collector()
    VongServer(options).run(sockets=[socket.socket(fileno=arguments.fd)])


if __name__ == "__main__":
    main()
