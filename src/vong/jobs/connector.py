"""Retrying PostgreSQL connector for procrastinate, so that a worker survives a restart of the database."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, LiteralString, TypeVar

import psycopg
from procrastinate import PsycopgConnector
from procrastinate.connector import Notify
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker
from tenacity import RetryCallState, retry_if_exception, wait_fixed

from vong.jobs.tables import QUEUE_SCHEMA
from vong.retries import call_async_with_retries

T = TypeVar("T")

log = logging.getLogger(__name__)

RETRY_DELAY_SECONDS = 0.5
"""Delay between two attempts."""


class RetryingConnector(PsycopgConnector):
    """Connector that retries every query while the database is unavailable."""

    def __init__(self, url: str) -> None:
        options = {"options": f"-c search_path={QUEUE_SCHEMA},public", "application_name": "vong worker"}
        super().__init__(conninfo=url, min_size=1, max_size=3, timeout=10.0, kwargs=options)

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """Run a query without a result."""
        await retry_while_unavailable(lambda: super(RetryingConnector, self).execute_query_async(query, **arguments))

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        """Run a query that returns one row."""
        return await retry_while_unavailable(
            lambda: super(RetryingConnector, self).execute_query_one_async(query, **arguments)
        )

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        """Run a query that returns rows."""
        return await retry_while_unavailable(
            lambda: super(RetryingConnector, self).execute_query_all_async(query, **arguments)
        )

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        """Listen for notifications of the queue."""
        names = list(channels)
        await retry_while_unavailable(lambda: super(RetryingConnector, self).listen_notify(on_notification, names))


async def retry_while_unavailable(query: Callable[[], Awaitable[T]]) -> T:
    """Retry a query until the database is available. Log the first failure and the recovery."""
    attempts = 1

    def log_first_failure(state: RetryCallState) -> None:
        nonlocal attempts
        attempts = state.attempt_number + 1
        if state.attempt_number == 1 and state.outcome is not None and (error := state.outcome.exception()):
            log.warning("PostgreSQL is unavailable, retrying (%s)", str(error.__cause__).splitlines()[0])

    result = await call_async_with_retries(
        query,
        retry=retry_if_exception(_is_unavailable),
        wait=wait_fixed(RETRY_DELAY_SECONDS),
        before_wait=log_first_failure,
    )
    if attempts > 1:
        log.warning("PostgreSQL is available again")
    return result


def _is_unavailable(error: BaseException) -> bool:
    return isinstance(error, ConnectorException) and isinstance(error.__cause__, psycopg.OperationalError)


class WakeableWorker(Worker):
    """Procrastinate worker whose polling wait can be interrupted."""

    def wake(self) -> None:
        """Poll the queue immediately."""
        self._new_job_event.set()
