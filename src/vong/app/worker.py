"""Entry points of worker processes: `python -m vong.app.worker` runs jobs and engines, `… child` one isolated job.

All read their database, home and server from `VONG_DATABASE_URL`, `VONG_HOME` and `VONG_PUBLIC_URL`.
"""

import argparse
import logging
import sys
from uuid import UUID

from vong import config
from vong.app.job_handlers import HANDLERS
from vong.app.platform import Platform
from vong.config import Settings
from vong.jobs.config import WorkerConfig
from vong.jobs.run_worker import run_worker
from vong.jobs.subprocess_runner import run_job_process


def main(arguments: list[str] | None = None) -> None:
    """Run the worker, or one isolated job."""
    parser = argparse.ArgumentParser(prog="vong.app.worker", description=__doc__)
    parser.add_argument("--concurrency", type=int, help="Number of isolated jobs that run concurrently.")
    parser.add_argument("--engines-only", action="store_true", help="Run engines, but no jobs.")
    child = parser.add_subparsers(dest="role").add_parser("child", help="Run one isolated job; started by the worker.")
    child.add_argument("job", type=UUID)
    child.add_argument("attempt", type=int)
    args = parser.parse_args(arguments)
    settings = config.load_settings(worker_concurrency=args.concurrency)
    configure_logging(settings)
    if args.role == "child":
        run_job_process(worker_config(settings), args.job, args.attempt)
        return
    from vong.app import worker_threads  # imports every stage, which takes longer than many isolated jobs

    if args.engines_only:
        worker_threads.run_engines(settings)
    else:
        worker_threads.start_threads(Platform(settings))
        run_worker(worker_config(settings))


def configure_logging(settings: Settings) -> None:
    """Write log messages to the standard error output, without those of frequent requests."""
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    for logger_name in ("procrastinate", "httpx", "psycopg.pool"):
        logging.getLogger(logger_name).setLevel(logging.WARNING)


def worker_config(settings: Settings) -> WorkerConfig:
    """Return the configuration of the worker."""
    platform = Platform(settings)
    return WorkerConfig(
        database=platform.database,
        handlers=HANDLERS,
        platform=platform,
        child_command=[sys.executable, "-m", "vong.app.worker", "child"],
        home=settings.home_folder,
        max_isolated=settings.worker_concurrency,
    )


if __name__ == "__main__":
    main()
