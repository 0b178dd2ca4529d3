"""Processes that outlive their parent and must be found or stopped later.

A process is identified by its pid and start time, because a pid alone may have been reused by another program.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import psutil


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
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return process if same else None


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
        kill_group(identity.pid)
    except psutil.NoSuchProcess:
        return


def kill_group(pid: int) -> None:
    """Send SIGKILL to a process and, if it leads a process group, to the whole group."""
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
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


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies. Does nothing on other systems."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
