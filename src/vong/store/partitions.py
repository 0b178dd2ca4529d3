"""Day partitions of the spans table, created ahead and on demand without blocking readers or writers."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection, sql

from vong.records import now

PARTITION_LOCK_ID = 0x766F6E68
"""Advisory lock that serializes the processes that create partitions."""
DAYS_AHEAD = 3
"""Days after today whose partitions are created ahead."""


def upcoming_days() -> list[str]:
    """Return the days whose partitions are created before their first span arrives, as YYYYMMDD."""
    return [(now() + timedelta(days=ahead)).strftime("%Y%m%d") for ahead in range(DAYS_AHEAD + 1)]


def create_day_partitions(connection: Connection[Any], days: Iterable[str]) -> None:
    """Create the missing partitions of these UTC days (YYYYMMDD).

    `CREATE TABLE … PARTITION OF` would wait for all readers of the table and block new ones. Creating a separate table
    and attaching it does not. The restricted role gets no rights on a partition, so that it can read spans only through
    the parent table, where row-level security applies.
    """
    for day in sorted(days):
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [PARTITION_LOCK_ID])
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
