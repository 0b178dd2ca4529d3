"""Heavy jobs run in a process group of their own: started, watched and really killed by the worker.

The other way round the child watches its worker: where that dies, the whole group goes with it at once, so that the
job can be taken over.
"""

import asyncio
import ctypes
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from vong.jobs import lifecycle
from vong.jobs.config import WorkerConfig
from vong.jobs.runner import JobRun, perform

GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL."""

PARENT = "VONG_JOB_PARENT"
"""The variable that tells a child the pid of its worker."""

PR_SET_PDEATHSIG = 1


class JobProcess:
    """A job's process and its group."""

    def __init__(self, process: asyncio.subprocess.Process, output: Path) -> None:
        self._process = process
        self.output = output
        self._oom_kills = oom_kills()

    @classmethod
    async def start(cls, command: Sequence[str], output: Path) -> "JobProcess":
        """Start it as the leader of a new group; what it prints goes to the file `output`."""
        output.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, PARENT: str(os.getpid()), "PYTHONUNBUFFERED": "1"}
        with output.open("wb") as printed:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                env=environment,
                start_new_session=True,
            )
        return cls(process, output)

    async def wait(self) -> int:
        """Its exit code, -N for signal N. What it left behind in its group is killed."""
        code = await self._process.wait()
        self._signal(signal.SIGKILL)
        return code

    async def kill(self, grace: float = GRACE) -> None:
        """End the group: SIGTERM, and SIGKILL for whatever of it is left after `grace` seconds."""
        self._signal(signal.SIGTERM)
        until = time.monotonic() + grace
        while self._signal(0) and time.monotonic() < until:
            await asyncio.sleep(0.05)
        self._signal(signal.SIGKILL)
        await self._process.wait()

    def death(self, code: int) -> str:
        """Why it ended, for a person."""
        code = 128 - code if code > 128 else code
        if code >= 0:
            return f"its process ended with exit code {code} and said nothing"
        if -code != signal.SIGKILL:
            return f"its process was ended by {signal.Signals(-code).name}"
        if oom_kills() > self._oom_kills:
            return "its process was killed because the machine ran out of memory; make the batch or the model smaller"
        return (
            "its process was killed by SIGKILL, which is how most systems answer when memory runs out; "
            "if nobody sent it, make the batch or the model smaller"
        )

    def _signal(self, number: int) -> bool:
        """Signal the group. False where nobody is left in it."""
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True


def oom_kills() -> int:
    """How many processes this machine's kernel has killed for want of memory; 0 where it does not say."""
    try:
        counters = Path("/proc/vmstat").read_text(encoding="ascii")
    except OSError:
        return 0
    lines = (line.split() for line in counters.splitlines())
    return next((int(value) for name, value in lines if name == "oom_kill"), 0)


def die_with_parent() -> None:
    """In the child: end the whole group as soon as the worker is gone.

    Linux signals it the moment that the worker dies; a thread looks at the parent's pid too, for other systems and for
    a main thread that is deep in foreign code. An ordinary SIGTERM ends the program with its `finally` blocks run.
    """
    parent = int(os.environ.get(PARENT, os.getppid()))
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, _terminate)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    threading.Thread(target=_watch, args=(parent, woken), name="parent watch", daemon=True).start()


def _terminate(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _watch(parent: int, woken: int) -> None:
    while os.getppid() == parent:
        if select.select([woken], [], [], 0.5)[0]:
            os.read(woken, 64)
    # The worker is dead: nobody else would end what this job has started.
    os.killpg(os.getpgrp(), signal.SIGKILL)


def run_child(shop: WorkerConfig, job_id: UUID, attempt: int) -> None:
    """In the child: perform one attempt of a job that the worker has begun. The exit code is 0 once its end is written
    down, whichever it is; everything else is a crash.
    """
    die_with_parent()
    with shop.database.owner() as connection:
        found = lifecycle.started(connection, job_id, attempt)
    if found is not None:
        job, project_id = found
        run = JobRun(job, project_id, shop.handlers[job.kind], shop.home)
        perform(run, shop.database, shop.platform, wait=shop.pace.lease)
