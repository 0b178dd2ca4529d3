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
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from vong.errors import Misconfigured
from vong.processes import find_process, signal_group
from vong.serving.engine import EngineSettings

MAX_LOG_BYTES = 5_000_000
DEFAULT_MACHINE = socket.gethostname() or "localhost"
"""Name of this machine, unless its worker was given another one."""


class ReservedAddress(NamedTuple):
    """Listening socket for an engine, with its URL and the bearer token that the engine requires."""

    socket: socket.socket
    url: str
    token: str


def reserve_address(host: str = "127.0.0.1") -> ReservedAddress:
    """Bind a free port of an address of this machine, so that the address of an engine is known before it starts.

    Raises: Misconfigured if the address does not belong to this machine.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.bind((host, 0))
        listener.listen(512)
    except OSError as error:
        listener.close()
        message = f"engines cannot listen on {host!r}: {error.strerror or error}"
        raise Misconfigured(message, "set --address to an address of this machine") from error
    url_host = f"[{host}]" if ":" in host else host
    return ReservedAddress(listener, f"http://{url_host}:{listener.getsockname()[1]}", secrets.token_urlsafe(32))


def start_engine(
    engine: str,
    model: Path,
    settings: EngineSettings,
    address: ReservedAddress,
    *,
    lease: Path,
    log: Path,
    machine: str = DEFAULT_MACHINE,
) -> "subprocess.Popen[bytes]":
    """Start an engine in a separate session on a reserved address, with its output appended to `log`."""
    create_lease(lease, machine)
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.is_file() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    descriptor = address.socket.fileno()
    command = [sys.executable, "-m", "vong.serving.engine.main", "--engine", engine, "--model", str(model)]
    command += ["--settings", json.dumps(asdict(settings)), "--socket", str(descriptor), "--lease", str(lease)]
    command += ["--log", str(log)]
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


def engine_log_path(home: Path, engine_key: str, number: int = 1) -> Path:
    """Return the path of the log of a replica."""
    suffix = "" if number == 1 else f"-{number}"
    return home / "logs" / f"engine-{engine_key}{suffix}.log"


def lease_path(home: Path, launch: UUID) -> Path:
    """Return the path of the lease file of an engine, by the id of its start."""
    return home / "engines" / f"{launch}.lease"


def create_lease(lease: Path, machine: str) -> None:
    """Create the lease file of an engine. It contains the name of the machine, because machines may share a folder."""
    lease.parent.mkdir(parents=True, exist_ok=True)
    lease.write_text(machine, encoding="utf-8")


def remove_unused_leases(home: Path, machine: str, launches: set[str]) -> None:
    """Remove the leases of this machine's engines that belong to no replica, so that these engines end.

    Such engines were started for replicas that were placed elsewhere while this machine counted as lost.
    """
    for lease in (home / "engines").glob("*.lease"):
        with suppress(FileNotFoundError):
            if lease.stem not in launches and lease.read_text(encoding="utf-8") == machine:
                lease.unlink()
