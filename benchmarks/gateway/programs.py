"""The load generator and the fake model API: small C programs, built when they are needed and run on a core."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

import psutil

from vong.errors import Misconfigured

SOURCES = Path(__file__).parent
GATEWAY_CORE, OTHER_CORE = 0, 1
INTERVAL = 20_000
"""Microseconds between the chunks of a paced stream."""
CHUNKS = 50
BURST = 400
"""Chunks of a stream that comes as fast as it is read."""
FIRST = -15
"""The priority of all that is measured, where the system allows it, so that other work on the machine disturbs less."""
ANSWER = 0.02
"""Seconds between two looks whether a port answers."""

Mode = Literal["most", "rate", "streams"]


class Ports(NamedTuple):
    """Where the fake API listens: at once, and one chunk each 20 ms."""

    quick: int
    paced: int


class Request(NamedTuple):
    """What is sent to a peer, and where."""

    port: int
    path: str
    key: str
    headers: tuple[str, ...] = ()

    def bytes(self, body: bytes) -> bytes:
        """The whole request as it goes over the wire."""
        lines = (
            f"POST {self.path} HTTP/1.1",
            f"host: 127.0.0.1:{self.port}",
            f"authorization: Bearer {self.key}",
            "content-type: application/json",
            "accept: application/json",
            "user-agent: OpenAI/Python 2.1.0",
            *self.headers,
            f"content-length: {len(body)}",
        )
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def built(cache: Path) -> Path:
    """The folder of the two programs, compiled anew where a source is newer."""
    if shutil.which("gcc") is None:
        raise Misconfigured("the load generator is a C program and there is no gcc", "install it: apt install gcc")
    folder = cache / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("upstream", "load"):
        source, program = SOURCES / f"{name}.c", folder / name
        if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
            subprocess.run(["gcc", "-O2", "-o", str(program), str(source)], check=True)
    return folder


@contextmanager
def upstreams(programs: Path, ports: Ports) -> Generator[None]:
    """The fake API on both ports."""
    started = [
        _start([str(programs / "upstream"), str(ports.quick), "0", str(BURST)]),
        _start([str(programs / "upstream"), str(ports.paced), str(INTERVAL), str(CHUNKS)]),
    ]
    try:
        for process, port in zip(started, ports, strict=True):
            answering(port, 10)
            prefer(process.pid)
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def load(
    programs: Path, mode: Mode, request: Request, body: bytes, *, connections: int, rate: float = 0.0, seconds: float
) -> dict[str, Any]:
    """What one run measured; every answer must have been a 200."""
    file = programs / f"request-{os.getpid()}"
    file.write_bytes(request.bytes(body))
    command = [str(programs / "load"), mode, str(request.port), str(connections), str(rate), str(seconds), str(file)]
    try:
        process = subprocess.Popen(
            ["taskset", "-c", str(OTHER_CORE), *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        prefer(process.pid)
        said, complained = process.communicate(timeout=600)
    finally:
        file.unlink()
    found = json.loads(said)
    if complained:
        found["said"] = complained[:200]
    return found


def answering(port: int, seconds: float) -> bool:
    """Whether somebody listens there before so many seconds have passed."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if any(
            found.status == psutil.CONN_LISTEN and found.laddr.port == port
            for found in psutil.net_connections("tcp")
            if found.laddr
        ):
            return True
        time.sleep(ANSWER)
    return False


def pin(pid: int, core: int) -> None:
    """Put a process with all its threads and children on one core."""
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        with suppress(psutil.Error):
            prefer(process.pid)
            for thread in process.threads():
                with suppress(ProcessLookupError):
                    os.sched_setaffinity(thread.id, {core})


def prefer(pid: int) -> None:
    """Let a process with its threads go before others: by its priority, and by that of its session's group."""
    for thread in psutil.Process(pid).threads():
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread.id, FIRST)
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(FIRST))


def cpu(pids: Sequence[int]) -> float:
    """CPU seconds that these processes and their children have used so far, those that ended too."""
    spent = 0.0
    for pid in pids:
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            for one in (process, *process.children(recursive=True)):
                times = one.cpu_times()
                spent += times.user + times.system
    return spent


def memory(pids: Sequence[int]) -> float:
    """Resident megabytes of these processes and their children."""
    held = 0
    for pid in pids:
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            held += sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
    return held / 1e6


def _start(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["taskset", "-c", str(OTHER_CORE), *command], start_new_session=True)
