"""Retries of a transaction while the database is unavailable."""

import threading
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from tenacity import retry_if_exception, stop_after_delay, wait_fixed

from vong.retries import call_with_retries
from vong.store.database import Database

T = TypeVar("T")

RETRY_DELAY_SECONDS = 0.5
"""Delay between two attempts."""


def is_unavailable(error: BaseException) -> bool:
    """Check that an error means an unavailable database (restarting, unreachable) and not a wrong query."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    lost = isinstance(error, OperationalError) and state is None
    return lost or error.connection_invalidated or (state or "").startswith(("08", "57P"))


def retry_while_unavailable(
    database: Database,
    project_id: UUID,
    work: Callable[[Connection], T],
    *,
    timeout_seconds: float = 120.0,
    cancelled: threading.Event | None = None,
) -> T:
    """Run `work` in one transaction of the project and retry while the database is unavailable.

    The last error is raised after `timeout_seconds`, or as soon as `cancelled` is set.
    """

    def run() -> T:
        with database.scope(project_id) as connection:
            return work(connection)

    return call_with_retries(
        run,
        retry=retry_if_exception(is_unavailable),
        wait=wait_fixed(RETRY_DELAY_SECONDS),
        stop=stop_after_delay(timeout_seconds),
        cancelled=cancelled,
    )
