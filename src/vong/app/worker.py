"""Entry points of worker processes: `python -m vong.app.worker` runs jobs and engines, `… child` one isolated job.

All read their database, home and server from `VONG_DATABASE_URL`, `VONG_HOME` and `VONG_PUBLIC_URL`.
"""

import argparse
import logging
import signal
import sys
from threading import Event, Thread
from uuid import UUID

from vong import config, serving
from vong.app.job_handlers import HANDLERS
from vong.app.knowledge_index_versions import maintain_indexes
from vong.app.knowledge_ingestion import maintain_documents
from vong.app.knowledge_sources import run_schedule
from vong.app.loop_policies import watch_triggers
from vong.app.monitor_worker import run_monitors
from vong.app.pipelines.schedules import delete_expired_conversations, run_pipeline_schedules
from vong.app.platform import Platform
from vong.app.serving import supervise
from vong.app.serving_aliases import follow_aliases
from vong.config import Settings
from vong.jobs.config import WorkerConfig
from vong.jobs.run_worker import run_worker
from vong.jobs.subprocess_runner import run_job_process
from vong.serving import engine_launcher


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
    elif args.engines_only:
        run_engines(settings)
    else:
        # Engines outlive the worker: it exits while this thread runs, and the next worker adopts the engines.
        platform = Platform(settings)
        for name, target in (
            ("engines", supervise),
            ("aliases", follow_aliases),
            ("monitors", run_monitors),
            ("loop policies", watch_triggers),
            ("knowledge sources", run_schedule),
            ("indexes", maintain_indexes),
            ("documents", maintain_documents),
            ("pipeline schedules", run_pipeline_schedules),
            ("conversations", delete_expired_conversations),
        ):
            Thread(target=target, args=(platform, Event()), name=name, daemon=True).start()
        run_worker(worker_config(settings))


def configure_logging(settings: Settings) -> None:
    """Write log messages to the standard error output, without those of frequent requests."""
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    for logger_name in ("procrastinate", "httpx", "psycopg.pool"):
        logging.getLogger(logger_name).setLevel(logging.WARNING)


def run_engines(settings: Settings) -> None:
    """Run the engines of this machine until SIGTERM or SIGINT, then end them. Their replicas are placed elsewhere."""
    platform, stop = Platform(settings), Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    thread = Thread(target=supervise, args=(platform, stop), name="engines")
    thread.start()
    while thread.is_alive():  # a join without timeout would not handle signals
        thread.join(1.0)
    serving.stop_all(platform.database, machine=settings.machine_name or engine_launcher.DEFAULT_MACHINE)
    platform.close()


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
