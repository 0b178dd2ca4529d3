"""Processes of this machine: identification, signals and memory.

A process is identified by its pid and start time, because a pid alone may have been reused by another program. psutil
is imported when it is needed, which saves 3 MB in processes that need none of this.
"""

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

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
