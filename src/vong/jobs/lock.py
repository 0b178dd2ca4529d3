"""Job lock: a PostgreSQL advisory lock, held by one connection for the duration of an attempt.

PostgreSQL releases the lock when the process that holds it dies in any way, so the lock depends on no clock.
"""

import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import TracebackType
from uuid import UUID

import psycopg

KEEPALIVE_OPTIONS = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
"""Keepalive options with which PostgreSQL detects within about 10 s that a holder on another machine is unreachable."""


class JobLockHeld(Exception):
    """Raised if another attempt of the job is still running."""


class JobLock:
    """Lock of one job. `ensure_held` must be called regularly: it reacquires the lock after a restart of PostgreSQL."""

    def __init__(self, url: str, job_id: UUID, *, wait: float = 30.0) -> None:
        self._url = url
        self._lock_id = lock_id(job_id)
        self._wait = wait
        self._connection: psycopg.Connection[tuple[bool]] | None = None

    def __enter__(self) -> "JobLock":
        """Acquire the lock, waiting for the previous attempt. Raises JobLockHeld after `wait` seconds."""
        deadline = time.monotonic() + self._wait
        while not self._try_acquire():
            if time.monotonic() > deadline:
                raise JobLockHeld
            time.sleep(0.1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def ensure_held(self) -> bool:
        """Ensure that the lock is held. Returns false if another attempt holds it.

        Returns true while PostgreSQL is unavailable, because no other attempt can acquire the lock then.
        """
        if self._connection is not None:
            try:
                self._connection.execute("SELECT true")
            except psycopg.OperationalError:
                self._release()
            else:
                return True
        return self._try_acquire() is not False

    def _try_acquire(self) -> bool | None:
        """Try to acquire the lock once.

        Returns None if PostgreSQL is unavailable: then a running attempt continues and a new attempt waits.
        """
        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    self._url,
                    autocommit=True,
                    options=KEEPALIVE_OPTIONS,
                    connect_timeout=5,
                    application_name="vong job",
                )
            row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", [self._lock_id]).fetchone()
        except psycopg.OperationalError:
            self._release()
            return None
        return row is not None and row[0]

    def _release(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class AdvisoryLocks:
    """Advisory locks on records, held by one connection, so that two jobs do not work on the same record.

    PostgreSQL releases them when the process dies. After a lost connection the locks are taken on a new one.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[tuple[bool]] | None = None

    def __enter__(self) -> "AdvisoryLocks":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.close()

    @contextmanager
    def hold(self, id: UUID) -> Generator[bool]:
        """Take the lock of a record for the block. Yields False if another process holds it."""
        connection = self._connect()
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [lock_id(id)]).fetchone()
        is_held = row is not None and row[0]
        try:
            yield is_held
        finally:
            if is_held and not connection.closed:
                with suppress(psycopg.OperationalError):
                    connection.execute("SELECT pg_advisory_unlock(%s)", [lock_id(id)])

    def _connect(self) -> "psycopg.Connection[tuple[bool]]":
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._url, autocommit=True, options=KEEPALIVE_OPTIONS, connect_timeout=5, application_name="vong locks"
            )
        return self._connection


def lock_id(job_id: UUID) -> int:
    """Return the advisory lock id of a job or record: the low 62 bits of its id."""
    return job_id.int & ((1 << 62) - 1)
