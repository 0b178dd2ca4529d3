"""Entry point of a worker process."""

import logging
import os
from typing import NoReturn

from vong.jobs.config import WorkerConfig


def run_worker(config: WorkerConfig) -> NoReturn:
    """Run jobs until SIGTERM or SIGINT. Running jobs then get time to end, and unfinished jobs are requeued.

    The process ends even if threads are still running: a job in a thread that ignores the stop request is reclaimed by
    the next worker.
    """
    import asyncio

    from vong.jobs.worker import Worker

    asyncio.run(Worker(config).run())
    logging.shutdown()
    os._exit(0)
