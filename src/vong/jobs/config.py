"""Worker configuration: job handlers, timings and folders."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vong.store.database import Database


@dataclass(frozen=True)
class JobHandler:
    """Handler of a kind of job.

    `function` names the function as `package.module:function`, called as `function(job: JobContext, platform) -> dict`.
    With `isolated` the job runs in a separate process, so that an out-of-memory kill ends only that job. Otherwise it
    runs in a thread of the worker. `retries` is the number of retries after failures; the first retry starts after
    `backoff` seconds, and each further delay is four times as long. `max_concurrency` limits how many jobs of the kind
    one worker runs at once, so that long jobs that mostly wait do not occupy all slots. With `shrinks` the function
    needs less memory in the next attempt if the kernel killed its process for lack of memory (see
    `vong.processes.count_memory_kills`), so that these kills are not counted as failures.
    """

    function: str
    isolated: bool = False
    retries: int = 2
    backoff: float = 2.0
    max_concurrency: int | None = None
    shrinks: bool = False


@dataclass(frozen=True)
class WorkerTimings:
    """Intervals and timeouts of a worker, in seconds.

    `heartbeat_interval` is the interval of heartbeats; a worker without one for `stalled_after` is considered dead.
    `poll_interval` is the interval of queue polls and so the maximum delay of a retry. `drain_timeout` is how long
    running jobs may take to end when the worker stops. `lock_wait` is how long an attempt waits for the lock of the
    previous attempt. `kill_grace` is the time of a process between SIGTERM and SIGKILL.
    """

    heartbeat_interval: float = 2.0
    stalled_after: float = 6.0
    poll_interval: float = 2.0
    drain_timeout: float = 10.0
    lock_wait: float = 30.0
    kill_grace: float = 5.0


@dataclass(frozen=True)
class WorkerConfig:
    """Configuration of a worker: database, handlers by kind, the platform passed to handlers, and the home folder.

    `child_command` starts the process of an isolated job; the job id and the attempt number are appended.
    `max_isolated` is the maximum number of concurrent isolated jobs, `max_threads` the maximum number of concurrent
    jobs in threads.
    """

    database: Database
    handlers: dict[str, JobHandler]
    platform: Any
    child_command: Sequence[str]
    home: Path
    max_isolated: int = 1
    max_threads: int = 16
    timings: WorkerTimings = WorkerTimings()
