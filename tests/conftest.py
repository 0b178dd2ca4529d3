"""Fixtures of all tests: embedded PostgreSQL, migrated database, project, and a block on network access."""

import gc
import os
import shutil
import socket
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import hypothesis
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection

from tests import scheduling
from tests.databases import TEMPLATE, TestDatabases, with_database_name
from tests.finished_loop import vong_with_loop_run
from tests.running_vong import RunningVong
from vong import access
from vong.access import passwords
from vong.store.database import Database
from vong.store.migrate import migrate
from vong.store.postgres import server as postgres_server

hypothesis.settings.register_profile("without a deadline", deadline=None)
hypothesis.settings.load_profile("without a deadline")

if TYPE_CHECKING:
    from argon2 import PasswordHasher


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> scheduling.FileScheduling | None:
    """Return the scheduler of the test processes."""
    return scheduling.create_scheduler(config, log)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not import files whose tests are all deselected."""
    return scheduling.is_deselected(collection_path, config.option.markexpr) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests so that the slowest files start first."""
    items[:] = scheduling.slowest_first(items)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect no garbage while tests are imported, nor later among the modules: they are large and stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start an embedded PostgreSQL for the test session, with a migrated template database."""
    folder = Path(tempfile.mkdtemp(prefix="vong-test-"))
    folder.chmod(0o711)  # PostgreSQL of root runs as another user, which must be able to enter the folder
    try:
        url = postgres_server.start(folder / "postgres")
        _disable_durability(url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {TEMPLATE}")
        database = Database(with_database_name(url, TEMPLATE), pool=1)
        migrate(database)
        database.close()
        yield url
    finally:
        postgres_server.stop(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """Create a migrated database for one test and return its URL."""
    with fresh_database(postgres_url) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Open a connection pool on the database of the test."""
    pool = Database(database_url, pool=3)
    yield pool
    pool.close()


@pytest.fixture
def project_id(database: Database) -> UUID:
    """Create a project in the database of the test and return its id."""
    with database.owner() as connection:
        return access.create_project(connection, "default").id


@pytest.fixture
def connection(database: Database, project_id: UUID) -> Iterator[Connection]:
    """Open a transaction in the project of the test, as a request does."""
    with database.scope(project_id) as transaction:
        yield transaction


@pytest.fixture(scope="session")
def finished_loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningVong, dict[str, Any]]]:
    """Return a running Vong with one finished loop run, and the report of the run.

    All tests of the session share it, because the loop takes most of a minute.
    """
    with vong_with_loop_run(tmp_path_factory.mktemp("loop")) as vong_and_report:
        yield vong_and_report


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail on every connection to another machine."""
    connect = socket.socket.connect

    def local_only(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(("127.", "::1", "localhost")):
            raise AssertionError(f"a test tried to reach {address!r}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local_only)


@pytest.fixture(autouse=True)
def no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable fsync. Data of a test must survive killed processes, not a crash of the machine."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(autouse=True)
def cheap_password_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with the lowest cost. The cost in use is a tenth of a second and 64 MB per password."""
    monkeypatch.setattr(passwords, "_hasher", _cheap_hasher)


@cache
def _cheap_hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@contextmanager
def fresh_database(postgres_url: str) -> Generator[str]:
    """Return the URL of an empty, migrated database for the duration of the block."""
    with _databases(postgres_url).use() as url:
        yield url


@cache
def _databases(postgres_url: str) -> TestDatabases:
    return TestDatabases(postgres_url)


def _disable_durability(url: str) -> None:
    """Disable syncing and autovacuum. No data of this server must survive a crash of the machine."""
    with psycopg.connect(url.replace("//vong@", "//postgres@", 1), autocommit=True) as superuser:
        for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
            superuser.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        superuser.execute("ALTER SYSTEM SET max_wal_size = '4GB'")
        superuser.execute("SELECT pg_reload_conf()")
