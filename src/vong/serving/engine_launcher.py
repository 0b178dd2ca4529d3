"""Start, identification and termination of engine processes on this machine.

A process is identified by pid and start time, because a pid may be reused. Identification works across restarts of the
supervisor.
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

MAX_LOG_BYTES = 5_000_000


class ReservedAddress(NamedTuple):
    """Listening socket for an engine, with its URL and the bearer token that the engine requires."""

    socket: socket.socket
    url: str
    token: str


class ProcessStatus(NamedTuple):
    """Running process: pid, start time in seconds since 1970 and resident memory in bytes."""

    pid: int
    started: float
    memory: int


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


def find_process(pid: int, started: float | None = None) -> ProcessStatus | None:
    """Return the process with this pid and start time. Returns None if it ended or is a zombie."""
    import psutil  # a local import saves 3 MB in servers without deployments

    try:
        process = psutil.Process(pid)
        with process.oneshot():
            is_same = started is None or abs(process.create_time() - started) < 1.0
            if not is_same or process.status() == psutil.STATUS_ZOMBIE:
                return None
            return ProcessStatus(pid, process.create_time(), process.memory_info().rss)
    except psutil.Error:
        return None


def terminate(processes: Sequence[tuple[int, float | None]], *, grace: float = 10.0) -> None:
    """Send SIGTERM to processes, and SIGKILL to the process groups that still run after `grace` seconds."""
    for pid, started in processes:
        if find_process(pid, started):
            _send_signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and any(find_process(pid, started) for pid, started in processes):
        time.sleep(0.05)
    for pid, started in processes:
        if find_process(pid, started):
            _send_signal(pid, signal.SIGKILL)


def engine_log_path(home: Path, engine_key: str) -> Path:
    """Return the path of the log of an engine process."""
    return home / "logs" / f"engine-{engine_key}.log"


def read_log_tail(log: Path, lines: int = 40) -> list[str]:
    """Return the last lines of a log. Returns an empty list if there is no log."""
    if not log.is_file():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 400 * lines - 4096))
        return file.read().decode(errors="replace").splitlines()[-lines:]


def _send_signal(pid: int, number: signal.Signals) -> None:
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        return
