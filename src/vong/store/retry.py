"""Work in one transaction that outlasts a database which is away for a while."""

import time
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from vong.store.database import Database

T = TypeVar("T")

PAUSE = 0.5
"""Seconds between two tries."""


def is_away(error: DBAPIError) -> bool:
    """Whether an error says that the database is not there (restarting, unreachable), not that a query is wrong."""
    state = getattr(error.orig, "sqlstate", None)
    lost = isinstance(error, OperationalError) and state is None
    return lost or error.connection_invalidated or (state or "").startswith(("08", "57P"))


def patiently(
    database: Database,
    project_id: UUID,
    work: Callable[[Connection], T],
    *,
    seconds: float = 120.0,
    unless: Callable[[], bool] = bool,
) -> T:
    """Do it in one transaction of the project, again and again while the database is away.

    The error is raised after `seconds`, or as soon as `unless` says that there is no use in it any more.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            with database.scope(project_id) as connection:
                return work(connection)
        except DBAPIError as error:
            if not is_away(error) or time.monotonic() > until or unless():
                raise
        time.sleep(PAUSE)
