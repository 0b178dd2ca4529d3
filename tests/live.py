"""A whole Vong for a test: `vong up` in a home of its own, driven as a user drives it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from vong.client import Client

VONG = (sys.executable, "-m", "vong.cli.main")


class Live:
    """A running Vong."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {**os.environ, "VONG_HOME": str(home), "VONG_CPU_THREADS": "2", "CUDA_VISIBLE_DEVICES": ""}
        for name in ("VONG_PUBLIC_URL", "VONG_API_KEY", "VONG_DATABASE_URL", "VONG_PORT"):
            self.environment.pop(name, None)

    def run(self, *arguments: str, ok: bool = True, timeout: float = 120) -> "subprocess.CompletedProcess[str]":
        """`vong ARGUMENTS…` as a user types it."""
        result = subprocess.run(
            [*VONG, *arguments], env=self.environment, capture_output=True, text=True, timeout=timeout, check=False
        )
        assert not ok or result.returncode == 0, f"vong {' '.join(arguments)}: {result.stderr}{self.logs()}"
        return result

    def start(self) -> str:
        """`vong up --detach` on a free port; what it printed."""
        return self.run("up", "--port", "0", "--detach").stdout

    def status(self) -> dict[str, Any]:
        """`vong status --json`."""
        return json.loads(self.run("status", "--json", ok=False).stdout)

    @property
    def url(self) -> str:
        """Where it answers."""
        return json.loads((self.home / "server.json").read_text())["url"]

    @property
    def key(self) -> str:
        """The owner's key."""
        return (self.home / "owner.key").read_text().strip()

    def client(self) -> Client:
        """A client with the owner's key, patient with restarts."""
        return Client(self.url, self.key, retry_seconds=60)

    def pid(self, name: str) -> int:
        """The process of that name, as `server.json` says; 0 while there is none."""
        return json.loads((self.home / "server.json").read_text())["processes"].get(name, {}).get("pid", 0)

    def kill(self, name: str) -> None:
        """SIGKILL."""
        os.kill(self.pid(name), signal.SIGKILL)

    def children(self, of: str, having: str) -> list[psutil.Process]:
        """The processes below one of ours whose command line holds a word."""
        below = psutil.Process(self.pid(of)).children(recursive=True)
        return [process for process in below if having in " ".join(process.cmdline())]

    def engines(self) -> list[psutil.Process]:
        """The engine processes of this home, whoever started them."""
        found: list[psutil.Process] = []
        for process in psutil.process_iter():
            try:
                command = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if "vong.serving.engine.main" in command and str(self.home) in command:
                found.append(process)
        return found

    def logs(self) -> str:
        """The ends of all logs, for a failure's message."""
        return "".join(f"\n== {file.name}\n{file.read_text()[-3000:]}" for file in sorted(self.home.glob("logs/*.log")))


@contextmanager
def live(home: Path) -> Generator[Live]:
    """Start Vong, and end it with everything it started."""
    vong = Live(home)
    try:
        vong.start()
        yield vong
    finally:
        vong.run("down", ok=False)
        for process in vong.engines():
            process.kill()


def eventually(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until it holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.1)
