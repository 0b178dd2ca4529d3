"""Complete Vong installation of a test: `vong up` in a separate home, controlled through the commands of a user."""

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


class RunningVong:
    """Running Vong with its home folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {**os.environ, "VONG_HOME": str(home), "VONG_CPU_THREADS": "2", "CUDA_VISIBLE_DEVICES": ""}
        for name in ("VONG_PUBLIC_URL", "VONG_API_KEY", "VONG_DATABASE_URL", "VONG_PORT"):
            self.environment.pop(name, None)

    def run(self, *arguments: str, ok: bool = True, timeout: float = 120) -> "subprocess.CompletedProcess[str]":
        """Run `vong ARGUMENTS…`."""
        result = subprocess.run(
            [*VONG, *arguments], env=self.environment, capture_output=True, text=True, timeout=timeout, check=False
        )
        assert not ok or result.returncode == 0, f"vong {' '.join(arguments)}: {result.stderr}{self.logs()}"
        return result

    def start(self) -> str:
        """Run `vong up --detach` on a free port and return its output."""
        return self.run("up", "--port", "0", "--detach").stdout

    def status(self) -> dict[str, Any]:
        """Return the result of `vong status --json`."""
        return json.loads(self.run("status", "--json", ok=False).stdout)

    @property
    def url(self) -> str:
        """Return the URL of the server."""
        return json.loads((self.home / "server.json").read_text())["url"]

    @property
    def key(self) -> str:
        """Return the owner's key."""
        return (self.home / "owner.key").read_text().strip()

    def client(self) -> Client:
        """Return a client with the owner's key that retries for 60 seconds, so that it survives restarts."""
        return Client(self.url, self.key, retry_seconds=60)

    def pid(self, name: str) -> int:
        """Return the process id that `server.json` has for a name. Return 0 if there is none."""
        return json.loads((self.home / "server.json").read_text())["processes"].get(name, {}).get("pid", 0)

    def kill(self, name: str) -> None:
        """Send SIGKILL to a process."""
        os.kill(self.pid(name), signal.SIGKILL)

    def children(self, of: str, command_part: str) -> list[psutil.Process]:
        """Return the descendants of process `of` whose command line contains `command_part`."""
        descendants = psutil.Process(self.pid(of)).children(recursive=True)
        return [process for process in descendants if command_part in " ".join(process.cmdline())]

    def engines(self) -> list[psutil.Process]:
        """Return the engine processes of this home, including those of earlier supervisors."""
        processes: list[psutil.Process] = []
        for process in psutil.process_iter():
            try:
                command = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if "vong.serving.engine.main" in command and str(self.home) in command:
                processes.append(process)
        return processes

    def logs(self) -> str:
        """Return the last 3000 characters of each log, for assertion messages."""
        return "".join(f"\n== {file.name}\n{file.read_text()[-3000:]}" for file in sorted(self.home.glob("logs/*.log")))


@contextmanager
def run_vong(home: Path) -> Generator[RunningVong]:
    """Start Vong, and stop it together with every process that it started."""
    vong = RunningVong(home)
    try:
        vong.start()
        yield vong
    finally:
        vong.run("down", ok=False)
        for process in vong.engines():
            process.kill()


def eventually(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until the condition is true."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "the condition did not become true in time"
        time.sleep(0.1)
