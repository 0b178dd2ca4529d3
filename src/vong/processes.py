"""Processes of this machine: identification, signals and memory.

A process is identified by its pid and start time, because a pid alone may have been reused by another program. psutil
is imported when it is needed, which saves 3 MB in processes that need none of this.
"""

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import psutil

CGROUP_FOLDER = Path("/sys/fs/cgroup")

MEMORY_KILLS_FILE = "memory-kills"
"""File in the folder of a job with the number of its processes that were killed because memory ran out."""

UNLIMITED_CGROUP_BYTES = 1 << 60
"""Version 1 of cgroups reports no limit as a number near the largest page count."""

MAX_START_DIFFERENCE_SECONDS = 1.0
"""Difference of two start times up to which they belong to the same process."""


def find_process(pid: int, started: float | None = None) -> "psutil.Process | None":
    """Return the process with this pid and start time. Returns None if it ended or is a zombie."""
    import psutil

    try:
        process = psutil.Process(pid)
        start = process.create_time()  # psutil caches it, so that it can be read after the process has ended
        same = started is None or abs(start - started) < MAX_START_DIFFERENCE_SECONDS
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process and, if it leads a process group, to the whole group."""
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        return


def resident_bytes() -> int:
    """Return the resident memory of this process in bytes."""
    import psutil

    return psutil.Process().memory_info().rss


class Memory(NamedTuple):
    """Memory in bytes that this process may use: in all, and what is free now."""

    total: int
    available: int


def machine_memory() -> Memory:
    """Return the memory of the machine, or of the container if its limit is lower."""
    import psutil

    memory = psutil.virtual_memory()
    total, available = memory.total, memory.available
    for limit_name, used_name, cache_name in (
        ("memory.max", "memory.current", "memory.stat"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
    ):
        limit, used = _read_number(CGROUP_FOLDER / limit_name), _read_number(CGROUP_FOLDER / used_name)
        if limit is not None and used is not None and limit < UNLIMITED_CGROUP_BYTES:
            # Cached files count as used, but the kernel frees them on demand.
            used -= _read_stat(CGROUP_FOLDER / cache_name, ("inactive_file", "total_inactive_file"))
            total, available = min(total, limit), min(available, max(0, limit - used))
    return Memory(total, available)


def peak_resident_bytes() -> int:
    """Return the highest resident memory of this process so far, in bytes."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        import resource
        import sys

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def count_oom_kills() -> int:
    """Return the number of out-of-memory kills of the kernel since boot and in this container. 0 if it is unknown."""
    return sum(_read_stat(file, ("oom_kill",)) for file in (Path("/proc/vmstat"), CGROUP_FOLDER / "memory.events"))


def record_memory_kill(folder: Path) -> int:
    """Record in the folder of a job that its process was killed because memory ran out. Return the number of kills."""
    kills = count_memory_kills(folder) + 1
    (folder / MEMORY_KILLS_FILE).write_text(str(kills), encoding="ascii")
    return kills


def count_memory_kills(folder: Path) -> int:
    """Return the number of processes of a job that were killed because memory ran out."""
    return _read_number(folder / MEMORY_KILLS_FILE) or 0


def _read_number(file: Path) -> int | None:
    """Return the number in a file. Returns None if there is no file, or no number ("max") in it."""
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _read_stat(file: Path, names: tuple[str, ...]) -> int:
    """Return the first of the named values in a file of `NAME VALUE` lines. Returns 0 if there is none."""
    try:
        lines = [line.split() for line in file.read_text(encoding="ascii").splitlines()]
    except OSError:
        return 0
    return next((int(line[1]) for line in lines if len(line) == 2 and line[0] in names), 0)
