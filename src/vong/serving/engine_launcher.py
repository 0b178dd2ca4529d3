"""The processes of engines on this machine: started, recognised after whoever started them died, and ended.

A process is recognised by its pid and the moment it started: a pid alone may belong to another program by now.
"""

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

from vong.serving.engine import EngineSettings

LOG_LIMIT = 5_000_000


class ReservedAddress(NamedTuple):
    """A port that listens already, and the token that its engine will ask for."""

    socket: socket.socket
    url: str
    token: str


class ProcessStatus(NamedTuple):
    """A process that runs: its pid, its start in seconds since 1970, its resident memory in bytes."""

    pid: int
    started: float
    memory: int


def reserve() -> ReservedAddress:
    """A free port on loopback, bound now, so that the engine's address is known before the engine lives."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    return ReservedAddress(listener, f"http://127.0.0.1:{listener.getsockname()[1]}", secrets.token_urlsafe(32))


def start(
    engine: str, model: Path, settings: EngineSettings, address: ReservedAddress, *, lease: Path, log: Path
) -> "subprocess.Popen[bytes]":
    """Start an engine in a session of its own on that address, its output appended to `log`."""
    lease.parent.mkdir(parents=True, exist_ok=True)
    lease.touch()
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.is_file() and log.stat().st_size > LOG_LIMIT:
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


def look(pid: int, started: float | None = None) -> ProcessStatus | None:
    """The process with that pid, if it still is the one that started then and is no zombie."""
    import psutil  # here, for it takes 3 MB, and a server without deployments has no use for it

    try:
        process = psutil.Process(pid)
        with process.oneshot():
            same = started is None or abs(process.create_time() - started) < 1.0
            if not same or process.status() == psutil.STATUS_ZOMBIE:
                return None
            return ProcessStatus(pid, process.create_time(), process.memory_info().rss)
    except psutil.Error:
        return None


def end(processes: Sequence[tuple[int, float | None]], *, grace: float = 10.0) -> None:
    """SIGTERM to all of them, and SIGKILL to the groups that are still there after `grace` seconds."""
    for pid, started in processes:
        if look(pid, started):
            _signal(pid, signal.SIGTERM)
    until = time.monotonic() + grace
    while time.monotonic() < until and any(look(pid, started) for pid, started in processes):
        time.sleep(0.05)
    for pid, started in processes:
        if look(pid, started):
            _signal(pid, signal.SIGKILL)


def log_file(home: Path, group: str) -> Path:
    """Where the engine process of a group writes its log."""
    return home / "logs" / f"engine-{group}.log"


def tail(log: Path, lines: int = 40) -> list[str]:
    """The last lines of a log; none where there is no log."""
    if not log.is_file():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 400 * lines - 4096))
        return file.read().decode(errors="replace").splitlines()[-lines:]


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        return
