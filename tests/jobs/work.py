"""Kinds of jobs for the tests, and the process that runs them: `python -m tests.jobs.work URL HOME [child …]`."""

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from vong.errors import InvalidInput
from vong.jobs import JobContext
from vong.jobs.config import JobHandler, WorkerConfig, WorkerTimings
from vong.jobs.run_worker import run_worker
from vong.jobs.subprocess_runner import run_job_process
from vong.store.database import Database

PACE = WorkerTimings(
    heartbeat_interval=0.2, stalled_after=1.5, poll_interval=0.2, drain_timeout=0.3, lock_wait=10, kill_grace=1.0
)


def add(job: JobContext, platform: Any) -> dict[str, Any]:
    """Adds, and says so."""
    job.log(f"adding {job.params['a']} and {job.params['b']}")
    job.progress(1, 1, unit="sums")
    return {"sum": job.params["a"] + job.params["b"]}


def stay(job: JobContext, platform: Any) -> dict[str, Any]:
    """Two counted steps with a long wait between them, until the file `go` is in its folder."""
    first = job.step("first", lambda: count(job.folder / "first"))
    (job.folder / "waiting").write_text(str(os.getpid()))
    for n in range(3000):
        if (job.folder / "go").exists():
            return {"first": first, "second": job.step("second", lambda: count(job.folder / "second"))}
        job.progress(n, 3000, unit="looks")
        time.sleep(0.02)
    raise TimeoutError


def stubborn(job: JobContext, platform: Any) -> dict[str, Any]:
    """Ignores SIGTERM and so does the process that it starts."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    started = subprocess.Popen([sys.executable, "-c", code])
    (job.folder / "waiting").write_text(f"{os.getpid()} {started.pid}")
    time.sleep(60)
    return {}


def wrong(job: JobContext, platform: Any) -> dict[str, Any]:
    """A mistake of the caller's."""
    raise InvalidInput("the file has no rows", "send a file with rows")


def crash(job: JobContext, platform: Any) -> dict[str, Any]:
    """Ends badly, in the way that its parameters say, until the attempt that they say."""
    sys.stdout.write("about to crash\n")
    sys.stdout.flush()
    if job.attempt < job.params.get("good_at", 1000):
        if job.params["how"] == "raise":
            raise ZeroDivisionError("one by nought")
        os.kill(os.getpid(), job.params["how"])
    return {"attempt": job.attempt}


def count(file: Path) -> int:
    """How often it was called, counted in a file."""
    number = int(file.read_text()) + 1 if file.exists() else 1
    file.write_text(str(number))
    return number


def kind(name: str, **options: Any) -> JobHandler:
    return JobHandler(f"tests.jobs.work:{name}", backoff=0.1, **options)


HANDLERS = {
    "thread.add": kind("add"),
    "thread.stay": kind("stay"),
    "thread.wrong": kind("wrong"),
    "thread.crash": kind("crash"),
    "thread.few": kind("stay", max_concurrency=1),
    "isolated.add": kind("add", isolated=True),
    "isolated.stay": kind("stay", isolated=True),
    "isolated.stubborn": kind("stubborn", isolated=True),
    "isolated.crash": kind("crash", isolated=True),
    "isolated.missing": JobHandler("tests.jobs.work:no_such_function", isolated=True),
}


def main() -> None:
    logging.basicConfig(level="INFO", format="%(asctime)s %(process)d %(levelname)s %(message)s")
    url, home = sys.argv[1:3]
    command = [sys.executable, "-m", "tests.jobs.work", url, home, "child"]
    shop = WorkerConfig(Database(url, pool=3), HANDLERS, None, command, Path(home), timings=PACE)
    if sys.argv[3:4] == ["child"]:
        run_job_process(shop, UUID(sys.argv[4]), int(sys.argv[5]))
    else:
        run_worker(shop)


if __name__ == "__main__":
    main()
