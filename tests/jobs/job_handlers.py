"""Job handlers of the tests, and a worker for them: `python -m tests.jobs.job_handlers URL HOME [child …]`."""

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

TIMINGS = WorkerTimings(
    heartbeat_interval=0.2, stalled_after=1.5, poll_interval=0.2, drain_timeout=0.3, lock_wait=10, kill_grace=1.0
)


def add(job: JobContext, platform: Any) -> dict[str, Any]:
    """Add two numbers and log it."""
    job.log(f"adding {job.params['a']} and {job.params['b']}")
    job.progress(1, 1, unit="sums")
    return {"sum": job.params["a"] + job.params["b"]}


def wait_for_file(job: JobContext, platform: Any) -> dict[str, Any]:
    """Run two counted steps. Between them, wait until the file `go` exists in the folder of the job."""
    first = job.step("first", lambda: count_call(job.folder / "first"))
    (job.folder / "waiting").write_text(str(os.getpid()))
    for n in range(3000):
        if (job.folder / "go").exists():
            return {"first": first, "second": job.step("second", lambda: count_call(job.folder / "second"))}
        job.progress(n, 3000, unit="looks")
        time.sleep(0.02)
    raise TimeoutError


def ignore_sigterm(job: JobContext, platform: Any) -> dict[str, Any]:
    """Ignore SIGTERM, and start a process that ignores it too."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    started = subprocess.Popen([sys.executable, "-c", code])
    (job.folder / "waiting").write_text(f"{os.getpid()} {started.pid}")
    time.sleep(60)
    return {}


def raise_invalid_input(job: JobContext, platform: Any) -> dict[str, Any]:
    """Raise the error of an invalid request."""
    raise InvalidInput("the file has no rows", "send a file with rows")


def crash(job: JobContext, platform: Any) -> dict[str, Any]:
    """Raise an error or send a signal to this process, as `how` says, on each attempt before `good_at`."""
    sys.stdout.write("about to crash\n")
    sys.stdout.flush()
    if job.attempt < job.params.get("good_at", 1000):
        if job.params["how"] == "raise":
            raise ZeroDivisionError("one by nought")
        os.kill(os.getpid(), job.params["how"])
    return {"attempt": job.attempt}


def count_call(file: Path) -> int:
    """Increment the number in a file and return it."""
    number = int(file.read_text()) + 1 if file.exists() else 1
    file.write_text(str(number))
    return number


def handler(name: str, **options: Any) -> JobHandler:
    return JobHandler(f"tests.jobs.job_handlers:{name}", backoff=0.1, **options)


HANDLERS = {
    "thread.add": handler("add"),
    "thread.wait_for_file": handler("wait_for_file"),
    "thread.raise_invalid_input": handler("raise_invalid_input"),
    "thread.crash": handler("crash"),
    "thread.few": handler("wait_for_file", max_concurrency=1),
    "isolated.add": handler("add", isolated=True),
    "isolated.wait_for_file": handler("wait_for_file", isolated=True),
    "isolated.ignore_sigterm": handler("ignore_sigterm", isolated=True),
    "isolated.crash": handler("crash", isolated=True),
    "isolated.missing": JobHandler("tests.jobs.job_handlers:no_such_function", isolated=True),
}


def main() -> None:
    logging.basicConfig(level="INFO", format="%(asctime)s %(process)d %(levelname)s %(message)s")
    url, home = sys.argv[1:3]
    command = [sys.executable, "-m", "tests.jobs.job_handlers", url, home, "child"]
    config = WorkerConfig(Database(url, pool=3), HANDLERS, None, command, Path(home), timings=TIMINGS)
    if sys.argv[3:4] == ["child"]:
        run_job_process(config, UUID(sys.argv[4]), int(sys.argv[5]))
    else:
        run_worker(config)


if __name__ == "__main__":
    main()
