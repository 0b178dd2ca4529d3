"""Connections to PostgreSQL: as the owner, or restricted to one project."""

import threading
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from uuid import UUID

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from vong.store.schema import PROJECT_SETTING

REQUEST_ROLE = "vong_request"
"""Database role for all work on behalf of a caller. The role owns nothing and is bound by row-level security."""


class Database:
    """Connection pool of one database."""

    def __init__(self, url: str, *, pool: int = 5) -> None:
        self.url = url
        self._lock = threading.Lock()
        self._pending_check: Future[bool] | None = None
        """Reachability check that is running or that ran last."""
        self.engine = create_engine(
            sqlalchemy_url(url),
            pool_size=pool,
            max_overflow=pool * 2,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10, "tcp_user_timeout": 20_000},
        )

    @contextmanager
    def scope(self, project_id: UUID) -> Generator[Connection]:
        """Open a transaction in which row-level security limits every statement to the rows of one project."""
        with self.engine.begin() as connection:
            role = f"set_config('role', '{REQUEST_ROLE}', true)"
            project = f"set_config('{PROJECT_SETTING}', :project, true)"
            connection.execute(text(f"SELECT {role}, {project}"), {"project": str(project_id)})
            yield connection

    @contextmanager
    def owner(self) -> Generator[Connection]:
        """Open a transaction without row-level security, for migrations, authentication and job queue maintenance."""
        with self.engine.begin() as connection:
            yield connection

    def is_reachable(self, timeout_seconds: float) -> bool:
        """Check that the database answers within `timeout_seconds` seconds.

        Concurrent callers share one pending check, because a check that hangs occupies a thread.
        """
        with self._lock:
            if self._pending_check is None or self._pending_check.done():
                self._pending_check = Future[bool]()
                threading.Thread(
                    target=self._run_check, args=[self._pending_check], name="vong-pulse", daemon=True
                ).start()
            check = self._pending_check
        try:
            return check.result(timeout_seconds)
        except TimeoutError:
            return False

    def _run_check(self, check: Future[bool]) -> None:
        reachable = False
        try:
            with suppress(SQLAlchemyError), self.owner() as connection:
                connection.execute(text("SELECT 1"))
                reachable = True
        finally:
            check.set_result(reachable)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def sqlalchemy_url(url: str) -> URL:
    """Convert a libpq URL to a SQLAlchemy URL with the driver psycopg 3."""
    return make_url(url).set(drivername="postgresql+psycopg")


def libpq_url(url: str) -> str:
    """Convert a database URL to a libpq URL, as psycopg expects it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
