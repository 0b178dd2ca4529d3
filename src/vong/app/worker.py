"""The worker's processes: `python -m vong.app.worker` takes jobs, `… child JOB_ID ATTEMPT` is one heavy job.

Both find their database, home and server in `VONG_DATABASE_URL`, `VONG_HOME` and `VONG_URL`.
"""

import argparse
import logging
import sys
from threading import Event, Thread
from uuid import UUID

from vong import config
from vong.app.job_handlers import HANDLERS
from vong.app.platform import Platform
from vong.app.serving import supervise
from vong.config import Settings
from vong.jobs.config import WorkerConfig
from vong.jobs.run_worker import run_worker
from vong.jobs.subprocess_runner import run_child


def main(arguments: list[str] | None = None) -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(prog="vong.app.worker", description=__doc__)
    parser.add_argument("--jobs", type=int, help="How many heavy jobs run side by side.")
    child = parser.add_subparsers(dest="role").add_parser("child", help="One heavy job; started by the worker.")
    child.add_argument("job", type=UUID)
    child.add_argument("attempt", type=int)
    given = parser.parse_args(arguments)
    settings = config.load(jobs=given.jobs)
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    for chatty in ("procrastinate", "httpx", "psycopg.pool"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    if given.role == "child":
        run_child(shop(settings), given.job, given.attempt)
    else:
        # Engines outlive the worker: it ends with this thread still running, and its successor adopts them.
        Thread(target=supervise, args=(Platform(settings), Event()), name="engines", daemon=True).start()
        run_worker(shop(settings))


def shop(settings: Settings) -> WorkerConfig:
    """What the worker of these settings works with."""
    platform = Platform(settings)
    return WorkerConfig(
        database=platform.database,
        handlers=HANDLERS,
        platform=platform,
        child_command=[sys.executable, "-m", "vong.app.worker", "child"],
        home=settings.folder,
        heavy=settings.jobs,
    )


if __name__ == "__main__":
    main()
