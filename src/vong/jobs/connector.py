"""procrastinate's connection to PostgreSQL, made patient: a database that restarts is waited for."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, LiteralString, TypeVar

import psycopg
from procrastinate import PsycopgConnector
from procrastinate.connector import Notify
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker

from vong.jobs.tables import QUEUE_SCHEMA

T = TypeVar("T")

log = logging.getLogger(__name__)

PAUSE = 0.5


class RetryingConnector(PsycopgConnector):
    """Every query is tried again while the database is away, so a restart of it never ends the worker."""

    def __init__(self, url: str) -> None:
        options = {"options": f"-c search_path={QUEUE_SCHEMA},public", "application_name": "vong worker"}
        super().__init__(conninfo=url, min_size=1, max_size=3, timeout=10.0, kwargs=options)

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """Run a query that gives nothing."""
        await patiently(lambda: super(RetryingConnector, self).execute_query_async(query, **arguments))

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        """Run a query that gives one row."""
        return await patiently(lambda: super(RetryingConnector, self).execute_query_one_async(query, **arguments))

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        """Run a query that gives rows."""
        return await patiently(lambda: super(RetryingConnector, self).execute_query_all_async(query, **arguments))

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        """Listen for news of the queue."""
        heard = list(channels)
        await patiently(lambda: super(RetryingConnector, self).listen_notify(on_notification, heard))


async def patiently(query: Callable[[], Awaitable[T]]) -> T:
    """Try until the database is there."""
    told = False
    while True:
        try:
            answer = await query()
        except ConnectorException as error:
            if not isinstance(error.__cause__, psycopg.OperationalError):
                raise
            if not told:
                log.warning("PostgreSQL is away; waiting for it (%s)", str(error.__cause__).splitlines()[0])
                told = True
        else:
            if told:
                log.warning("PostgreSQL is back")
            return answer
        await asyncio.sleep(PAUSE)


class WakeableWorker(Worker):
    """procrastinate's worker, which can be told to look again."""

    def wake(self) -> None:
        """Look for a job now."""
        self._new_job_event.set()
