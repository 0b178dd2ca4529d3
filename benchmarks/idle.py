"""Cost of an idle Vong: the duration of a second start and the CPU time of its processes over one minute."""

import json
import os
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import psutil

MEASURED_SECONDS = 60
SETTLING_SECONDS = 8
VONG = (sys.executable, "-m", "vong.cli.main")
PROCESSES_WITH_CHILDREN = ("postgres", "worker")


def run(_: Namespace) -> Iterator[tuple[str, str]]:
    """Start a new home twice, time the second start and measure the idle processes for one minute."""
    with tempfile.TemporaryDirectory(prefix="vong-idle-") as folder:
        environment = {**os.environ, "VONG_HOME": folder}
        environment.pop("VONG_DATABASE_URL", None)

        def vong(*arguments: str) -> None:
            subprocess.run([*VONG, *arguments], env=environment, check=True, capture_output=True)

        vong("up", "--port", "0", "--detach")
        vong("down")
        started = time.perf_counter()
        vong("up", "--port", "0", "--detach")
        yield "second start", f"{time.perf_counter() - started:.1f} s"
        try:
            state = json.loads((Path(folder) / "server.json").read_text())
            pids = {name: process["pid"] for name, process in state["processes"].items()}
            for name, pid in pids.items():
                yield f"CPU of the start: {name}", f"{cpu_seconds(name, pid):.2f} s"
            time.sleep(SETTLING_SECONDS)
            before = {name: cpu_seconds(name, pid) for name, pid in pids.items()}
            time.sleep(MEASURED_SECONDS)
            used = {name: cpu_seconds(name, pid) - before[name] for name, pid in pids.items()}
            for name, seconds in used.items():
                yield f"idle: {name}", f"{100 * seconds / MEASURED_SECONDS:.2f} % of a core"
            yield "idle, total", f"{100 * sum(used.values()) / MEASURED_SECONDS:.2f} % of a core"
        finally:
            vong("down")


def cpu_seconds(name: str, pid: int) -> float:
    """Return the CPU seconds of a process; for PostgreSQL and the worker including running and ended children."""
    process = psutil.Process(pid)
    times = process.cpu_times()
    seconds = times.user + times.system
    if name in PROCESSES_WITH_CHILDREN:
        seconds += times.children_user + times.children_system
        for child in process.children(recursive=True):
            child_times = child.cpu_times()
            seconds += child_times.user + child_times.system
    return seconds
