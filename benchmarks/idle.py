"""What a Vong costs that nobody uses: how long a second start takes, and the CPU of its processes over a minute."""

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

SECONDS = 60
SETTLE = 8
VONG = (sys.executable, "-m", "vong.cli.main")
WITH_CHILDREN = ("postgres", "worker")


def run(_: Namespace) -> Iterator[tuple[str, str]]:
    """A home of its own is started twice; the second start is timed and then left alone for a minute."""
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
            pids = {name: one["pid"] for name, one in state["processes"].items()}
            for name, pid in pids.items():
                yield f"CPU of its start: {name}", f"{cpu(name, pid):.2f} s"
            time.sleep(SETTLE)
            before = {name: cpu(name, pid) for name, pid in pids.items()}
            time.sleep(SECONDS)
            spent = {name: cpu(name, pid) - before[name] for name, pid in pids.items()}
            for name, seconds in spent.items():
                yield f"idle: {name}", f"{100 * seconds / SECONDS:.2f} % of a core"
            yield "idle in all", f"{100 * sum(spent.values()) / SECONDS:.2f} % of a core"
        finally:
            vong("down")


def cpu(name: str, pid: int) -> float:
    """CPU seconds of a process; PostgreSQL and the worker with their children, those that have ended too."""
    process = psutil.Process(pid)
    times = process.cpu_times()
    seconds = times.user + times.system
    if name in WITH_CHILDREN:
        seconds += times.children_user + times.children_system
        for child in process.children(recursive=True):
            below = child.cpu_times()
            seconds += below.user + below.system
    return seconds
