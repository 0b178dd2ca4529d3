"""Limit of failed sign-in attempts, counted in PostgreSQL across all servers."""

from datetime import timedelta

from sqlalchemy import Column, Connection, delete, func, insert, select, text

from vong.access import tables
from vong.errors import TooManyAttempts
from vong.records import new_id, now

ATTEMPT_WINDOW = timedelta(minutes=15)
MAX_ATTEMPTS_PER_ACCOUNT = 10
MAX_ATTEMPTS_PER_ADDRESS = 30
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('vong_attempts'))")


def record_attempt(connection: Connection, account: str, address: str) -> None:
    """Record an attempt as failed before the password check, so that concurrent attempts are counted.

    Raises:
        TooManyAttempts: the account or the address failed too often in the last 15 minutes.
    """
    connection.execute(_LOCK)
    attempts, attempted_at = tables.login_attempts.c, now()
    connection.execute(delete(tables.login_attempts).where(attempts.attempted_at < attempted_at - ATTEMPT_WINDOW))
    _check_attempts(connection, attempts.account, account, MAX_ATTEMPTS_PER_ACCOUNT)
    _check_attempts(connection, attempts.address, address, MAX_ATTEMPTS_PER_ADDRESS)
    values = {"id": new_id(), "account": account, "address": address, "attempted_at": attempted_at}
    connection.execute(insert(tables.login_attempts).values(values))


def reset_attempts(connection: Connection, account: str) -> None:
    """Reset the count of an account after a correct password."""
    connection.execute(delete(tables.login_attempts).where(tables.login_attempts.c.account == account))


def _check_attempts(connection: Connection, column: "Column[str]", value: str, limit: int) -> None:
    query = select(func.count(), func.min(tables.login_attempts.c.attempted_at)).where(column == value)
    count, oldest = connection.execute(query).one()
    if count < limit:
        return
    free = oldest + ATTEMPT_WINDOW
    error = TooManyAttempts(
        f"{count} sign-in attempts failed in the last {ATTEMPT_WINDOW.seconds // 60} minutes",
        f"try again at {free.isoformat(timespec='seconds')}",
    )
    error.retry_after = max(1, int((free - now()).total_seconds()) + 1)
    raise error
