"""The day partitions of the spans: made ahead and on demand, without stopping readers or writers."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection, sql

from vong.records import now

LOCK = 0x766F6E68
"""Two processes that make the same day make it one after the other."""
READY_DAYS = 3
"""Today and this many days after it always have their partition."""


def days_ahead() -> list[str]:
    """The days that should have a partition before their first span comes, as YYYYMMDD."""
    return [(now() + timedelta(days=ahead)).strftime("%Y%m%d") for ahead in range(READY_DAYS + 1)]


def make_days(connection: Connection[Any], days: Iterable[str]) -> None:
    """Make the missing partitions of these UTC days (YYYYMMDD).

    `CREATE TABLE … PARTITION OF` would wait for every reader of the table and stop the next ones; a table that is made
    apart and attached does not. The restricted role gets no rights on a partition: it reads through the table, where
    row-level security binds it, or not at all.
    """
    for day in sorted(days):
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            name = f"traces_spans_{day}"
            if connection.execute("SELECT to_regclass(%s)", [name]).fetchone() != (None,):
                continue
            partition = sql.Identifier(name)
            first = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
            connection.execute(sql.SQL("CREATE TABLE {} (LIKE traces_spans INCLUDING ALL)").format(partition))
            connection.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(partition))
            connection.execute(
                sql.SQL("ALTER TABLE traces_spans ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                    partition, sql.Literal(first.isoformat()), sql.Literal((first + timedelta(days=1)).isoformat())
                )
            )
