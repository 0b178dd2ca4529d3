"""Processes that outlive their parent and must be found or stopped later.

A process is identified by its pid and start time, because a pid alone may have been reused by another program.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from vong.processes import find_process, signal_group


class ProcessIdentity(NamedTuple):
    """Identity of a process that can be stored: its pid and its start time in seconds since 1970."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity":
        """Return the identity of the process that has this pid now."""
        return cls(pid, psutil.Process(pid).create_time())

    def find(self) -> psutil.Process | None:
        """Return the process, or None if it has ended or is a zombie."""
        return find_process(self.pid, self.started)


def spawn(
    module: str, *arguments: str, log: Path, env: dict[str, str], fds: Sequence[int] = ()
) -> "subprocess.Popen[bytes]":
    """Start `python -m module` in its own session, with its output appended to a log.

    Because of the own session, Ctrl-C reaches only the supervisor, which then stops the others in order.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=tuple(fds),
            env={**os.environ, **env},
        )


def terminate(identity: ProcessIdentity, *, grace_seconds: float = 5.0) -> None:
    """Send SIGTERM, and SIGKILL to the whole process group after `grace` seconds."""
    process = identity.find()
    if process is None:
        return
    process.terminate()
    try:
        process.wait(grace_seconds)
    except psutil.TimeoutExpired:
        signal_group(identity.pid, signal.SIGKILL)
    except psutil.NoSuchProcess:
        return


def memory_bytes(pid: int, *, children: bool = True) -> int:
    """Return the memory in bytes of a process and its children.

    Shared pages count by their share (PSS) if the system reports it; otherwise the resident size counts.
    """
    total = 0
    try:
        process = psutil.Process(pid)
        family = [process, *(process.children(recursive=True) if children else ())]
    except psutil.Error:
        return 0
    for member in family:
        try:
            info = member.memory_full_info() if sys.platform == "linux" else member.memory_info()
            total += getattr(info, "pss", 0) or info.rss
        except psutil.Error:
            continue
    return total
