"""Start and termination of engine processes on this machine."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from vong.processes import find_process, signal_group
from vong.serving.engine import EngineSettings

MAX_LOG_BYTES = 5_000_000


class ReservedAddress(NamedTuple):
    """Listening socket for an engine, with its URL and the bearer token that the engine requires."""

    socket: socket.socket
    url: str
    token: str


def reserve_address() -> ReservedAddress:
    """Bind a free loopback port, so that the address of an engine is known before the engine starts."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    return ReservedAddress(listener, f"http://127.0.0.1:{listener.getsockname()[1]}", secrets.token_urlsafe(32))


def start_engine(
    engine: str, model: Path, settings: EngineSettings, address: ReservedAddress, *, lease: Path, log: Path
) -> "subprocess.Popen[bytes]":
    """Start an engine in a separate session on a reserved address, with its output appended to `log`."""
    lease.parent.mkdir(parents=True, exist_ok=True)
    lease.touch()
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.is_file() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    descriptor = address.socket.fileno()
    command = [sys.executable, "-m", "vong.serving.engine.main", "--engine", engine, "--model", str(model)]
    command += ["--settings", json.dumps(asdict(settings)), "--socket", str(descriptor), "--lease", str(lease)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=(descriptor,),
            env={**os.environ, "VONG_ENGINE_TOKEN": address.token, "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"},
        )
    address.socket.close()
    return process


def terminate(processes: Sequence[tuple[int, float | None]], *, grace: float = 10.0) -> None:
    """Send SIGTERM to processes, and SIGKILL to the process groups that still run after `grace` seconds."""
    for pid, started in processes:
        if find_process(pid, started):
            signal_group(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and any(find_process(pid, started) for pid, started in processes):
        time.sleep(0.05)
    for pid, started in processes:
        if find_process(pid, started):
            signal_group(pid, signal.SIGKILL)


def engine_log_path(home: Path, engine_key: str) -> Path:
    """Return the path of the log of an engine process."""
    return home / "logs" / f"engine-{engine_key}.log"
