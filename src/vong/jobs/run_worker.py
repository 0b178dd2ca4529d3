"""The worker: takes queued jobs and runs them, several side by side, for as long as it lives."""

import logging
import os
from typing import NoReturn

from vong.jobs.config import WorkerConfig


def run_worker(shop: WorkerConfig) -> NoReturn:
    """Take jobs and run them until SIGTERM or SIGINT, which let running ones end for a while and give the rest back.

    Then the process ends, whatever threads it has left: a light job that does not look whether it should stop is
    rescued by the next worker.
    """
    import asyncio

    from vong.jobs.worker import Worker

    asyncio.run(Worker(shop).work())
    logging.shutdown()
    os._exit(0)
