"""Isolated jobs in separate process groups, which the worker starts, monitors and kills.

The child process monitors its worker in turn: if the worker dies, the whole group is killed at once, so that the job
can be reclaimed.
"""

import asyncio
import ctypes
import os
import select
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from vong.jobs import lifecycle
from vong.jobs.config import WorkerConfig
from vong.jobs.runner import JobRun, run_job
from vong.processes import count_oom_kills, machine_memory

KILL_GRACE_SECONDS = 5.0
"""Time between SIGTERM and SIGKILL."""

MEMORY_SAMPLE_SECONDS = 1.0
"""Interval at which the free memory of the machine is sampled while a process runs."""
RECENT_SAMPLES = 10
"""Samples before the exit of a process that count for the reason of its exit."""
EXHAUSTED_SHARE = 0.05
"""Share of free memory below which a SIGKILL is attributed to a lack of memory."""

PARENT_PID_VARIABLE = "VONG_JOB_PARENT"
"""Environment variable that passes the pid of the worker to a child process."""

PR_SET_PDEATHSIG = 1


class JobProcess:
    """Process of an isolated job and its process group."""

    def __init__(self, process: asyncio.subprocess.Process, output: Path) -> None:
        self._process = process
        self.output = output
        self._oom_kills = count_oom_kills()
        self._free_shares: deque[float] = deque(maxlen=RECENT_SAMPLES)

    @classmethod
    async def start(cls, command: Sequence[str], output: Path) -> "JobProcess":
        """Start the process as the leader of a new group. Its output is written to the file `output`."""
        output.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, PARENT_PID_VARIABLE: str(os.getpid()), "PYTHONUNBUFFERED": "1"}
        with output.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=environment,
                start_new_session=True,
            )
        return cls(process, output)

    async def wait(self) -> int:
        """Wait for the exit and return the exit code, -N for signal N. Kills the remaining processes of the group."""
        exit = asyncio.ensure_future(self._process.wait())
        try:
            while not (await asyncio.wait([exit], timeout=MEMORY_SAMPLE_SECONDS))[0]:
                memory = machine_memory()
                self._free_shares.append(memory.available / memory.total)
        finally:
            exit.cancel()
        self._signal(signal.SIGKILL)
        return exit.result()

    def ran_out_of_memory(self, code: int) -> bool:
        """Check if the process was killed because memory ran out.

        The kernel counts these kills. If it does not (another container was charged), a kill while hardly any memory
        was free counts.
        """
        if code not in {-signal.SIGKILL, 128 + signal.SIGKILL}:
            return False
        return count_oom_kills() > self._oom_kills or min(self._free_shares, default=1.0) < EXHAUSTED_SHARE

    async def kill(self, grace: float = KILL_GRACE_SECONDS) -> None:
        """Stop the group with SIGTERM, and with SIGKILL after `grace` seconds."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + grace
        while self._signal(0) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        self._signal(signal.SIGKILL)
        await self._process.wait()

    def describe_exit(self, code: int) -> str:
        """Return a readable reason why the process ended."""
        code = 128 - code if code > 128 else code
        if code >= 0:
            return f"its process exited with code {code} and recorded no outcome"
        if -code != signal.SIGKILL:
            return f"its process was terminated by {signal.Signals(-code).name}"
        if self.ran_out_of_memory(code):
            return "its process was killed because the machine ran out of memory; use a smaller batch or model"
        return (
            "its process was killed by SIGKILL, which most systems send when memory runs out; "
            "if it was not killed by hand, use a smaller batch or model"
        )

    def _signal(self, number: int) -> bool:
        """Send a signal to the group. Returns false if the group has no processes."""
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True


def exit_with_parent() -> None:
    """Kill the process group of this child process as soon as its worker dies.

    Linux sends a signal when the worker dies. A thread also checks the parent pid, for other systems and for a main
    thread that is blocked in native code. A plain SIGTERM ends the program after its `finally` blocks.
    """
    parent = int(os.environ.get(PARENT_PID_VARIABLE, os.getppid()))
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, _raise_exit)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    threading.Thread(target=_watch_parent, args=(parent, woken), name="parent watch", daemon=True).start()


def _raise_exit(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _watch_parent(parent: int, woken: int) -> None:
    while os.getppid() == parent:
        if select.select([woken], [], [], 0.5)[0]:
            os.read(woken, 64)
    # The worker is dead, so no other process would end the processes of this job.
    os.killpg(os.getpgrp(), signal.SIGKILL)


def run_job_process(config: WorkerConfig, job_id: UUID, attempt: int) -> None:
    """Run one started attempt of a job in this child process.

    The exit code is 0 if any outcome was committed. Every other exit code is a crash.
    """
    exit_with_parent()
    with config.database.owner() as connection:
        running = lifecycle.find_running_job(connection, job_id, attempt)
    if running is not None:
        job, project_id = running
        run = JobRun(job, project_id, config.handlers[job.kind], config.home)
        run_job(run, config.database, config.platform, lock_wait=config.timings.lock_wait)
