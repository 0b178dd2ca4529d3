"""Retries of a transaction while the database is unavailable."""

import time
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from vong.store.database import Database

T = TypeVar("T")

RETRY_DELAY_SECONDS = 0.5
"""Delay between two attempts."""


def is_unavailable(error: DBAPIError) -> bool:
    """Check that an error means an unavailable database (restarting, unreachable) and not a wrong query."""
    state = getattr(error.orig, "sqlstate", None)
    lost = isinstance(error, OperationalError) and state is None
    return lost or error.connection_invalidated or (state or "").startswith(("08", "57P"))


def retry_while_unavailable(
    database: Database,
    project_id: UUID,
    work: Callable[[Connection], T],
    *,
    timeout_seconds: float = 120.0,
    cancelled: Callable[[], bool] = bool,
) -> T:
    """Run `work` in one transaction of the project and retry while the database is unavailable.

    The last error is raised after `timeout_seconds`, or as soon as `cancelled` returns true.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            with database.scope(project_id) as connection:
                return work(connection)
        except DBAPIError as error:
            if not is_unavailable(error) or time.monotonic() > deadline or cancelled():
                raise
        time.sleep(RETRY_DELAY_SECONDS)
