"""The right to run a job: a PostgreSQL advisory lock, held by one connection for the whole life of the run.

The lock goes when the process that holds it goes, however it dies, so no clock decides who may run.
"""

import time
from types import TracebackType
from uuid import UUID

import psycopg

KEEPALIVE = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
"""PostgreSQL notices within some ten seconds that a holder on another machine is cut off."""


class JobLockHeld(Exception):
    """Another run of the job is still alive."""


class JobLock:
    """One job's lock. `keep` must be called now and then: it takes the lock again after PostgreSQL restarted."""

    def __init__(self, url: str, job_id: UUID, *, wait: float = 30.0) -> None:
        self._url = url
        self._number = lock_number(job_id)
        self._wait = wait
        self._connection: psycopg.Connection[tuple[bool]] | None = None

    def __enter__(self) -> "JobLock":
        """Take it, waiting for the run before to end. Held where that takes longer than `wait` seconds."""
        until = time.monotonic() + self._wait
        while not self._take():
            if time.monotonic() > until:
                raise JobLockHeld
            time.sleep(0.1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drop()

    def keep(self) -> bool:
        """Make sure that the lock is held. False: another run has it. While PostgreSQL is away nobody can have it."""
        if self._connection is not None:
            try:
                self._connection.execute("SELECT true")
            except psycopg.OperationalError:
                self._drop()
            else:
                return True
        return self._take() is not False

    def _take(self) -> bool | None:
        """Try once. None: PostgreSQL is away, so a run goes on and a taker waits."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    self._url, autocommit=True, options=KEEPALIVE, connect_timeout=5, application_name="vong job"
                )
            row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", [self._number]).fetchone()
        except psycopg.OperationalError:
            self._drop()
            return None
        return row is not None and row[0]

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def lock_number(job_id: UUID) -> int:
    """The number of a job's lock: 63 of its random bits."""
    return job_id.int & ((1 << 62) - 1)
