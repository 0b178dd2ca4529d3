"""Sandbox for code and queries that a model wrote: no files, network, other processes, or lasting effects.

In: programs or queries. Out: for each whether it passed, with a reason. Needs Linux on x86-64 or ARM64.

What is isolated: each item runs in a forked process with an empty environment, limits of CPU time, wall time and
memory, and a seccomp filter that refuses every system call except those for memory, time, threads and open pipes.
Opening a file, a socket, a process or a debugger fails. What is not isolated: CPU caches (side channels), and the test
code in the same interpreter, so that code written to deceive its own test can do so. Use a virtual machine of your own
for code that was written to attack the kernel.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from vong.errors import InvalidInput
from vong.evals.sandbox import seccomp

CHILD = Path(__file__).with_name("child.py")
START_SECONDS = 30.0
"""Time to start the process, beside the time of its items."""
ISOLATION = "seccomp allowlist, rlimits, no files, no network, no processes"


class SandboxResult(NamedTuple):
    """Result of one item. `invalid` means that the reference itself fails."""

    status: Literal["passed", "failed", "timeout", "invalid"]
    detail: str


def check_available() -> None:
    """Raise InvalidInput if this machine has no sandbox."""
    if not seccomp.is_supported():
        raise InvalidInput(
            f"code execution needs Linux on x86-64 or ARM64, and this server runs on {sys.platform}",
            "run the worker on Linux; code of a model is never run without the sandbox",
        )
    if fault := _probe():
        raise InvalidInput(f"the sandbox does not work on this server: {fault}", "use a kernel with seccomp filters")


def run_programs(
    programs: Sequence[str], *, seconds: float, memory_mb: int, total_seconds: float = 120.0
) -> list[SandboxResult]:
    """Run Python programs one after another. A program passes if it ends without an exception."""
    return _run("python", list(programs), seconds=seconds, memory_mb=memory_mb, total_seconds=total_seconds)


def compare_queries(item: dict[str, Any], *, seconds: float, memory_mb: int) -> SandboxResult:
    """Run two queries on an SQLite database in memory and compare their rows.

    `item` has `schema` (SQL), `rows` (lists of rows by table), `reference`, `query` and `permute` (ignore the order of
    columns).
    """
    return _run("sql", [item], seconds=seconds, memory_mb=memory_mb, total_seconds=3 * seconds)[0]


def _run(kind: str, items: list[Any], *, seconds: float, memory_mb: int, total_seconds: float) -> list[SandboxResult]:
    job = {
        "kind": kind,
        "items": items,
        "seconds": seconds,
        "memory": memory_mb << 20,
        "total_seconds": total_seconds,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(CHILD)],
            input=json.dumps(job).encode(),
            capture_output=True,
            timeout=START_SECONDS + total_seconds + seconds,
            env={},
            cwd="/",
            check=True,
            start_new_session=True,
        )
        return [SandboxResult(one["status"], str(one["detail"])) for one in json.loads(done.stdout)]
    except subprocess.TimeoutExpired:
        return [SandboxResult("timeout", "the sandbox did not end in time") for _ in items]
    except (subprocess.CalledProcessError, ValueError, OSError) as error:
        stderr = getattr(error, "stderr", b"") or b""
        reason = stderr.decode(errors="replace").strip().rpartition("\n")[2] or str(error)
        return [SandboxResult("failed", f"the sandbox failed: {reason}"[:500]) for _ in items]


@cache
def _probe() -> str:
    """Return why the sandbox does not work, or an empty text. It must run code and refuse to open a file."""
    runs, opens = run_programs(["x = 1", "open('/etc/hostname')"], seconds=5.0, memory_mb=256)
    if runs.status != "passed":
        return runs.detail
    return "" if "PermissionError" in opens.detail else f"a file could be opened ({opens.detail})"
