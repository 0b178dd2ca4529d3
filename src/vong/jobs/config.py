"""What a worker works with: the kinds of jobs it knows, its pace, its folders."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vong.store.database import Database


@dataclass(frozen=True)
class JobHandler:
    """How a kind of job is done.

    `run` names the function, `package.module:function`, called as `function(job: JobContext, platform) -> dict`. A
    `heavy` one runs in a process of its own, so that an out-of-memory kill takes down that job and nothing else; a
    light one in a thread of the worker. `retries` is how often it may fail and be tried again, the first time after
    `backoff` seconds and then each time four times as long. `most` is how many of the kind one worker runs side by
    side, where that are fewer than it has places: long ones that wait much would keep all others out.
    """

    run: str
    heavy: bool = False
    retries: int = 2
    backoff: float = 2.0
    most: int | None = None


@dataclass(frozen=True)
class WorkerTimings:
    """How often a worker looks, and how long it waits; all in seconds.

    A worker is taken for dead when it gave no `heartbeat` for `stalled`. `poll` is how late a job that waits for its
    next attempt may start, `drain` how long running jobs get to end when the worker is asked to stop, `lease` how long
    a run waits for the one before it to be gone, `grace` what is left to a process between SIGTERM and SIGKILL.
    """

    heartbeat: float = 2.0
    stalled: float = 6.0
    poll: float = 2.0
    drain: float = 10.0
    lease: float = 30.0
    grace: float = 5.0


@dataclass(frozen=True)
class WorkerConfig:
    """What a worker works with: the kinds it knows, what their functions are given, and where it keeps folders.

    `child_command` starts a process for a heavy job; the job's id and the number of the attempt are added to it.
    `heavy` is how many heavy jobs run side by side, `light` how many light ones.
    """

    database: Database
    handlers: dict[str, JobHandler]
    platform: Any
    child_command: Sequence[str]
    home: Path
    heavy: int = 1
    light: int = 16
    pace: WorkerTimings = WorkerTimings()
