"""The process of one engine: `python -m vong.serving.engine.main --engine NAME --model FOLDER --socket FD --lease FILE`.

It serves on a listening socket that it inherits, so that its address is known before it lives. The bearer token comes
in the variable `VONG_ENGINE_TOKEN`, which other users cannot read. It ends by itself when nobody has touched its lease
file for two minutes: an engine never outlives its supervisor for long.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from vong import plugins
from vong.errors import VongError
from vong.serving.engine import EngineSettings
from vong.serving.engine.http import EngineApp

log = logging.getLogger("vong.engine")

LEASE = 120.0
"""Seconds without a touch of the lease file after which an engine ends."""


def main() -> None:
    """Serve until asked to stop. Exit code 1 where the model does not load."""
    parser = argparse.ArgumentParser(prog="python -m vong.serving.engine.main")
    parser.add_argument("--engine", required=True)
    parser.add_argument("--model", required=True, type=Path)
    parser.add_argument("--settings", default="{}", type=json.loads)
    parser.add_argument("--socket", required=True, type=int)
    parser.add_argument("--lease", required=True, type=Path)
    parser.add_argument("--lease-seconds", default=LEASE, type=float)
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    threading.Thread(target=watch, args=(asked.lease, asked.lease_seconds), name="lease", daemon=True).start()
    about = {"engine": asked.engine, "model": str(asked.model), "pid": os.getpid()}
    app = EngineApp(os.environ.pop("VONG_ENGINE_TOKEN"), about)
    asyncio.run(serve(app, asked))
    # What still computes in the threads of a library would keep a plain exit waiting.
    logging.shutdown()
    os._exit(1 if app.failure else 0)


async def serve(app: EngineApp, asked: argparse.Namespace) -> None:
    """Answer requests, loading the model beside them."""
    import uvicorn

    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=10)
    server = uvicorn.Server(config)

    async def load() -> None:
        start = time.monotonic()
        app.engine = await asyncio.to_thread(_make, asked)
        log.info("%s loaded %s in %.1f s", asked.engine, asked.model, time.monotonic() - start)

    def loaded(task: "asyncio.Task[None]") -> None:
        """Whatever keeps the model from loading is this process's reason to end."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("the model does not load", exc_info=error)
            app.failure = str(error) if isinstance(error, VongError) else f"{type(error).__name__}: {error}"
            server.should_exit = True

    loading = asyncio.create_task(load())
    loading.add_done_callback(loaded)
    await server.serve(sockets=[socket.socket(fileno=asked.socket)])
    loading.cancel()


def _make(asked: argparse.Namespace) -> Any:
    return plugins.load("engine", asked.engine)(asked.model, EngineSettings(**asked.settings))


def watch(lease: Path, seconds: float) -> None:
    """End this process when its lease has run out or is gone."""
    while True:
        time.sleep(min(5.0, seconds / 4))
        try:
            age = time.time() - lease.stat().st_mtime
        except FileNotFoundError:
            age = seconds + 1
        if age > seconds:
            log.warning("nobody has looked after this engine for %.0f s: it ends", seconds)
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(15)
            os._exit(0)


if __name__ == "__main__":
    main()
