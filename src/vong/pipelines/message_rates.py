"""Counters of the messages of chat pages, shared by all servers and kept over a restart.

A counter holds the messages of one minute of a subject. The messages of the last 60 seconds are those of this minute
and the share of the last one that is not over yet.
"""

import hashlib
import math
from collections.abc import Mapping

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from vong.errors import RateLimitExceeded
from vong.pipelines.publication_tables import page_messages

WINDOW_SECONDS = 60


def count_message(connection: Connection, slug: str, limits: Mapping[str, int], at: float) -> None:
    """Count a message of several subjects, each with its limit per minute. `at` is the time in seconds.

    Raises: RateLimitExceeded if one of them has sent as many as allowed. The message is not counted then.
    """
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"chat page {slug}", 0))))
    columns, minute = page_messages.c, int(at // WINDOW_SECONDS)
    hashed = {_hash(subject): limit for subject, limit in limits.items()}
    query = select(columns.subject, columns.minute, columns.count).where(
        columns.slug == slug, columns.subject.in_(hashed), columns.minute >= minute - 1
    )
    counts = {(subject, counted): count for subject, counted, count in connection.execute(query)}
    for subject, limit in hashed.items():
        seconds = _seconds_to_wait(counts.get((subject, minute - 1), 0), counts.get((subject, minute), 0), limit, at)
        if seconds:
            message = f"{limit} messages per minute are allowed on this page"
            error = RateLimitExceeded(message, f"send it again in {seconds} s")
            error.retry_after = seconds
            raise error
    statement = insert(page_messages).values(
        [{"slug": slug, "subject": subject, "minute": minute, "count": 1} for subject in hashed]
    )
    key = [columns.project_id, columns.slug, columns.subject, columns.minute]
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_={"count": columns.count + 1}))
    connection.execute(delete(page_messages).where(columns.slug == slug, columns.minute < minute - 1))


def _seconds_to_wait(last: int, current: int, limit: int, at: float) -> int:
    """Return the seconds until a subject may send again, 0 if it may send now."""
    elapsed = at % WINDOW_SECONDS
    if current + last * (1 - elapsed / WINDOW_SECONDS) <= limit - 1:
        return 0
    if current > limit - 1:  # the rest of this minute, and of the next one until enough of it is over
        overlap = (limit - 1) / current
        return math.ceil(WINDOW_SECONDS - elapsed + WINDOW_SECONDS * (1 - overlap))
    share = (limit - 1 - current) / last
    return max(1, math.ceil(WINDOW_SECONDS * (1 - share) - elapsed))


def _hash(subject: str) -> str:
    """Return the name of a counter, from which an address cannot be read."""
    return hashlib.sha256(subject.encode()).hexdigest()[:32]
