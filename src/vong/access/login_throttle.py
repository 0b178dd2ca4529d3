"""Failed attempts to sign in: counted in PostgreSQL, so that every server knows them."""

from datetime import timedelta

from sqlalchemy import Column, Connection, delete, func, insert, select, text

from vong.access import tables
from vong.errors import TooManyAttempts
from vong.records import new_id, now

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10
PER_ADDRESS = 30
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('vong_attempts'))")


def begin(connection: Connection, account: str, address: str) -> None:
    """Count an attempt as failed before it is made, so that many at the same moment are counted too.

    TooManyAttempts where the account or the address has failed too often in the last 15 minutes.
    """
    connection.execute(_LOCK)
    present = now()
    connection.execute(delete(tables.attempts).where(tables.attempts.c.at < present - WINDOW))
    _refuse_after(connection, tables.attempts.c.account, account, PER_ACCOUNT)
    _refuse_after(connection, tables.attempts.c.address, address, PER_ADDRESS)
    connection.execute(insert(tables.attempts).values(id=new_id(), account=account, address=address, at=present))


def forgive(connection: Connection, account: str) -> None:
    """It was the right password: the account's count begins anew."""
    connection.execute(delete(tables.attempts).where(tables.attempts.c.account == account))


def _refuse_after(connection: Connection, column: "Column[str]", value: str, limit: int) -> None:
    found = select(func.count(), func.min(tables.attempts.c.at)).where(column == value)
    count, oldest = connection.execute(found).one()
    if count < limit:
        return
    free = oldest + WINDOW
    error = TooManyAttempts(
        f"{count} attempts to sign in failed in the last {WINDOW.seconds // 60} minutes",
        f"the next may be made at {free.isoformat(timespec='seconds')}",
    )
    error.retry_after = max(1, int((free - now()).total_seconds()) + 1)
    raise error
