"""Processes of the benchmark: builds and runs the load generator and the fake model API, two small C programs."""

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
CHUNK_INTERVAL_MICROSECONDS = 20_000
"""Microseconds between the chunks of a paced stream."""
PACED_CHUNKS = 50
FAST_CHUNKS = 400
"""Chunks of a stream that is sent as fast as it is read."""
PRIORITY = -15
"""Priority of all measured processes, if the system allows it; reduces the influence of other work on the machine."""
PORT_CHECK_INTERVAL_SECONDS = 0.02
"""Time between two checks of a port."""

Mode = Literal["throughput", "rate", "streams"]


class Ports(NamedTuple):
    """Ports of the fake API: immediate responses, and one chunk every 20 ms."""

    quick: int
    paced: int


class Request(NamedTuple):
    """Request to a peer: port, path, key and further headers."""

    port: int
    path: str
    key: str
    headers: tuple[str, ...] = ()

    def bytes(self, body: bytes) -> bytes:
        """Return the complete HTTP request."""
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


def build_programs(cache: Path) -> Path:
    """Compile the two programs if their sources changed and return their folder.

    Raises: Misconfigured if gcc is not installed.
    """
    if shutil.which("gcc") is None:
        raise Misconfigured("gcc is not installed; the load generator is a C program", "install gcc: apt install gcc")
    folder = cache / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("upstream", "load"):
        source, program = SOURCES / f"{name}.c", folder / name
        if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
            subprocess.run(["gcc", "-O2", "-o", str(program), str(source)], check=True)
    return folder


@contextmanager
def upstreams(programs: Path, ports: Ports) -> Generator[None]:
    """Run the fake API on both ports."""
    processes_started = [
        _start([str(programs / "upstream"), str(ports.quick), "0", str(FAST_CHUNKS)]),
        _start([str(programs / "upstream"), str(ports.paced), str(CHUNK_INTERVAL_MICROSECONDS), str(PACED_CHUNKS)]),
    ]
    try:
        for process, port in zip(processes_started, ports, strict=True):
            wait_until_listening(port, 10)
            raise_priority(process.pid)
        yield
    finally:
        for process in processes_started:
            process.kill()
            process.wait()


def run_load(
    programs: Path, mode: Mode, request: Request, body: bytes, *, connections: int, rate: float = 0.0, seconds: float
) -> dict[str, Any]:
    """Run the load generator once and return its result.

    `errors` counts the responses with another status than 200; `error_output` shows the first one.
    """
    file = programs / f"request-{os.getpid()}"
    file.write_bytes(request.bytes(body))
    command = [str(programs / "load"), mode, str(request.port), str(connections), str(rate), str(seconds), str(file)]
    try:
        process = subprocess.Popen(
            ["taskset", "-c", str(OTHER_CORE), *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        raise_priority(process.pid)
        output, errors = process.communicate(timeout=600)
    finally:
        file.unlink()
    result = json.loads(output)
    if errors:
        result["error_output"] = errors[:200]
    return result


def wait_until_listening(port: int, seconds: float) -> bool:
    """Wait until a process listens on the port; return False after `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if any(
            connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
            for connection in psutil.net_connections("tcp")
            if connection.laddr
        ):
            return True
        time.sleep(PORT_CHECK_INTERVAL_SECONDS)
    return False


def pin(pid: int, core: int) -> None:
    """Pin a process with all its threads and children to one core."""
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        with suppress(psutil.Error):
            raise_priority(process.pid)
            for thread in process.threads():
                with suppress(ProcessLookupError):
                    os.sched_setaffinity(thread.id, {core})


def raise_priority(pid: int) -> None:
    """Raise the priority of a process, its threads and its session's autogroup."""
    for thread in psutil.Process(pid).threads():
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread.id, PRIORITY)
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(PRIORITY))


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return the CPU seconds of the processes and their running children so far."""
    seconds = 0.0
    for pid in pids:
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            for child in (process, *process.children(recursive=True)):
                times = child.cpu_times()
                seconds += times.user + times.system
    return seconds


def resident_megabytes(pids: Sequence[int]) -> float:
    """Return the resident memory of the processes and their children in megabytes."""
    resident = 0
    for pid in pids:
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            resident += sum(child.memory_info().rss for child in (process, *process.children(recursive=True)))
    return resident / 1e6


def _start(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["taskset", "-c", str(OTHER_CORE), *command], start_new_session=True)
