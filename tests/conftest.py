"""What every test may use: a real PostgreSQL, a fresh database in it, a project to work in, and no network."""

import itertools
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection

from tests import order
from tests.finished_loop import vong_with_loop_run
from tests.live import Live
from vong import access
from vong.store.database import Database
from vong.store.migrate import migrate
from vong.store.postgres import server as postgres_server

_counter = itertools.count()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> order.ByFile | None:
    """Which process runs what."""
    return order.scheduler(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first."""
    items[:] = order.longest_first(items)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """An embedded PostgreSQL of the test session's own, with a migrated database to copy."""
    folder = Path(tempfile.mkdtemp(prefix="vong-test-"))
    folder.chmod(0o711)  # root's PostgreSQL runs as a user of its own and must pass
    try:
        url = postgres_server.start(folder / "postgres")
        _hasten(url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE template_vong")
        database = Database(named(url, "template_vong"), pool=1)
        migrate(database)
        database.close()
        yield url
    finally:
        postgres_server.stop(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """A fresh, migrated database of the test's own."""
    with fresh_database(postgres_url) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The pool on that database."""
    opened = Database(database_url, pool=3)
    yield opened
    opened.close()


@pytest.fixture
def project_id(database: Database) -> UUID:
    """A project in that database."""
    with database.owner() as connection:
        return access.create_project(connection, "default").id


@pytest.fixture
def connection(database: Database, project_id: UUID) -> Iterator[Connection]:
    """One transaction in that project, as a request has it."""
    with database.scope(project_id) as scoped:
        yield scoped


@pytest.fixture(scope="session")
def finished_loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, dict[str, Any]]]:
    """A Vong with one finished loop run, and the report of that run: most of a minute, so every test
    that wants one has the same."""
    with vong_with_loop_run(tmp_path_factory.mktemp("loop")) as both:
        yield both


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections to anything but this machine fail at once."""
    connect = socket.socket.connect

    def local_only(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(("127.", "::1", "localhost")):
            raise AssertionError(f"a test tried to reach {address!r}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local_only)


@pytest.fixture(autouse=True)
def no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test writes needs to outlive processes, not the machine."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@contextmanager
def fresh_database(postgres_url: str) -> Generator[str]:
    """A migrated database, for as long as somebody needs it."""
    name = f"test_{next(_counter)}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        made = "CREATE DATABASE {} TEMPLATE template_vong STRATEGY file_copy"
        connection.execute(sql.SQL(made).format(sql.Identifier(name)))
    yield named(postgres_url, name)
    _drop(postgres_url, name)


def named(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    before, _, query = url.partition("?")
    return f"{before.rsplit('/', 1)[0]}/{name}?{query}"


def _hasten(url: str) -> None:
    """Nothing of this server needs to outlive the machine: it waits for no disk and tidies nothing."""
    with psycopg.connect(url.replace("//vong@", "//postgres@", 1), autocommit=True) as superuser:
        for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
            superuser.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        superuser.execute("ALTER SYSTEM SET max_wal_size = '4GB'")
        superuser.execute("SELECT pg_reload_conf()")


def _drop(postgres_url: str, name: str) -> None:
    """Drop a database. While PostgreSQL itself vacuums it, its owner may not: that ends within moments."""
    until = time.monotonic() + 20
    while True:
        try:
            with psycopg.connect(postgres_url, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            return
        except psycopg.errors.InsufficientPrivilege:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
