"""Connections to PostgreSQL: as the owner, or as one project that can see nothing else."""

import threading
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from uuid import UUID

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from vong.store.schema import PROJECT

REQUEST_ROLE = "vong_request"
"""The role of everything done on behalf of a caller. It owns nothing and row-level security binds it."""


class Database:
    """A pool of connections to one database."""

    def __init__(self, url: str, *, pool: int = 5) -> None:
        self.url = url
        self._lock = threading.Lock()
        self._question: Future[bool] | None = None
        """Whether it answers, asked and perhaps not answered yet."""
        self.engine = create_engine(
            sqlalchemy_url(url),
            pool_size=pool,
            max_overflow=pool * 2,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10, "tcp_user_timeout": 20_000},
        )

    @contextmanager
    def scope(self, project_id: UUID) -> Generator[Connection]:
        """One transaction that sees and writes the rows of one project only, whatever its statements say."""
        with self.engine.begin() as connection:
            connection.execute(
                text(f"SELECT set_config('role', '{REQUEST_ROLE}', true), set_config('{PROJECT}', :project, true)"),
                {"project": str(project_id)},
            )
            yield connection

    @contextmanager
    def owner(self) -> Generator[Connection]:
        """One transaction without that restriction: migrations, authentication, the job queue's housekeeping."""
        with self.engine.begin() as connection:
            yield connection

    def reachable(self, patience: float) -> bool:
        """Whether it answers within so many seconds. One that hangs is asked once: a question holds a thread."""
        with self._lock:
            if self._question is None or self._question.done():
                self._question = Future[bool]()
                threading.Thread(target=self._ask, args=[self._question], name="vong-pulse", daemon=True).start()
            question = self._question
        try:
            return question.result(patience)
        except TimeoutError:
            return False

    def _ask(self, question: Future[bool]) -> None:
        answered = False
        try:
            with suppress(SQLAlchemyError), self.owner() as connection:
                connection.execute(text("SELECT 1"))
                answered = True
        finally:
            question.set_result(answered)

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def sqlalchemy_url(url: str) -> URL:
    """A libpq URL for SQLAlchemy, with psycopg 3 as its driver."""
    return make_url(url).set(drivername="postgresql+psycopg")


def libpq_url(url: str) -> str:
    """The same address as psycopg itself takes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
