"""Engine process: `python -m vong.serving.engine.main --engine NAME --model FOLDER --socket FD --lease FILE`.

The process serves on an inherited listening socket, so that its address is known before it starts. The environment
variable `VONG_ENGINE_TOKEN` contains the bearer token; other users cannot read it. The process ends if its lease file
was not renewed for two minutes, so that an engine does not outlive its supervisor.
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
from vong.errors import Unsupported, VongError
from vong.serving.engine import EngineSettings
from vong.serving.engine.http import EngineApp

log = logging.getLogger("vong.engine")

LEASE_SECONDS = 120.0
"""Seconds without renewal of the lease file after which an engine ends."""


def main() -> None:
    """Serve until a signal stops the process. The exit code is 1 if the model does not load."""
    parser = argparse.ArgumentParser(prog="python -m vong.serving.engine.main")
    parser.add_argument("--engine", required=True)
    parser.add_argument("--model", required=True, type=Path)
    parser.add_argument("--settings", default="{}", type=json.loads)
    parser.add_argument("--socket", required=True, type=int)
    parser.add_argument("--lease", required=True, type=Path)
    parser.add_argument("--log", type=Path, help="File to which the output of this process is written.")
    parser.add_argument("--lease-seconds", default=LEASE_SECONDS, type=float)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    threading.Thread(
        target=watch_lease, args=(arguments.lease, arguments.lease_seconds), name="lease", daemon=True
    ).start()
    about = {"engine": arguments.engine, "model": str(arguments.model), "pid": os.getpid()}
    app = EngineApp(
        os.environ.pop("VONG_ENGINE_TOKEN"), about, EngineSettings(**arguments.settings), log_file=arguments.log
    )
    asyncio.run(serve(app, arguments))
    # A plain exit would wait for library threads that still compute.
    logging.shutdown()
    os._exit(1 if app.failure else 0)


async def serve(app: EngineApp, arguments: argparse.Namespace) -> None:
    """Serve requests while the model is loading, and afterwards."""
    import uvicorn

    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=10)
    server = uvicorn.Server(config)

    async def load() -> None:
        start = time.monotonic()
        engine = await asyncio.to_thread(_load_engine, arguments)
        log.info("%s loaded %s in %.1f s", arguments.engine, arguments.model, time.monotonic() - start)
        try:
            await app.admission.warm_up(engine)
        except Unsupported:  # the model generates no text
            pass
        except (VongError, TimeoutError) as error:  # the model may answer other prompts
            log.warning("the first completion failed: %s", error or "timeout")
        app.engine = engine

    def loaded(task: "asyncio.Task[None]") -> None:
        """Stop the process if the model does not load."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("the model failed to load", exc_info=error)
            app.failure = str(error) if isinstance(error, VongError) else f"{type(error).__name__}: {error}"
            server.should_exit = True

    loading = asyncio.create_task(load())
    loading.add_done_callback(loaded)
    await server.serve(sockets=[socket.socket(fileno=arguments.socket)])
    loading.cancel()


def _load_engine(arguments: argparse.Namespace) -> Any:
    return plugins.load_extension("engine", arguments.engine)(arguments.model, EngineSettings(**arguments.settings))


def watch_lease(lease: Path, seconds: float) -> None:
    """End this process if its lease has expired or the file is missing."""
    while True:
        time.sleep(min(5.0, seconds / 4))
        try:
            age = time.time() - lease.stat().st_mtime
        except FileNotFoundError:
            age = seconds + 1
        if age > seconds:
            log.warning("lease not renewed for %.0f s: stopping the engine", seconds)
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(15)
            os._exit(0)


if __name__ == "__main__":
    main()
