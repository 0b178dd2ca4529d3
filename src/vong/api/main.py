"""Server process: `python -m vong.api.main --fd N` serves on a socket that the supervisor has bound."""

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
from vong.api.asgi import create_served_application
from vong.api.http.sse import close_streams
from vong.app import Platform

SHUTDOWN_TIMEOUT_SECONDS = 8
"""Seconds for open requests to finish after SIGTERM. Event streams end immediately."""
TRIM_DELAY_SECONDS = 5.0
"""Seconds after the start until memory is trimmed for the first time, when all one-time work is done."""
TRIM_INTERVAL_SECONDS = 60.0
"""Seconds between two trims of memory. One trim takes 1 to 5 ms."""


class VongServer(uvicorn.Server):
    """Uvicorn server that ends its event streams at shutdown and returns unused memory to the system.

    After the start the memory of one-time work is 5 of 110 MB.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve, and schedule the first trim of memory."""
        await super().startup(sockets)
        asyncio.get_running_loop().call_later(TRIM_DELAY_SECONDS, trim_memory_periodically)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle SIGTERM or SIGINT: shut down and end all event streams."""
        super().handle_exit(sig, frame)
        close_streams()


def freeze_gc() -> None:
    """Freeze the objects that exist at the start, and make garbage collection less frequent.

    Spans wait for their batch, so the cyclic collector would find many young objects alive and scan them, and all
    imported objects, again and again: half of a call's CPU time (benchmarks/LOG.md, 2026-11-24).
    """
    gc.collect()
    trim_memory()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def trim_memory() -> None:
    """Return unused memory to the system. Does nothing without glibc."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def trim_memory_periodically() -> None:
    """Trim memory now and periodically."""
    trim_memory()
    asyncio.get_running_loop().call_later(TRIM_INTERVAL_SECONDS, trim_memory_periodically)


def read_pipe(pipe: int | None) -> str | None:
    """Return the content of a pipe after it is closed, or None without a pipe. Exit if the supervisor wrote nothing."""
    if pipe is None:
        return None
    with os.fdopen(pipe) as reader:
        return reader.read() or sys.exit("the supervisor exited before the database was up")


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="file descriptor of the listening socket")
    parser.add_argument(
        "--database-from",
        type=int,
        help="file descriptor of a pipe with the URL of the database, written once the database is up",
    )
    arguments = parser.parse_args()
    for name in ROUTES:  # imports the remaining code while PostgreSQL starts
        import_module(f"vong.api.routes.{name}")
    settings = config.load_settings(database_url=read_pipe(arguments.database_from))
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    served = create_served_application(Platform(settings))
    options = uvicorn.Config(
        served.app,
        loop="uvloop",
        ws="none",
        http=served.protocol_class,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT_SECONDS,
    )
    freeze_gc()
    VongServer(options).run(sockets=[socket.socket(fileno=arguments.fd)])


if __name__ == "__main__":
    main()
