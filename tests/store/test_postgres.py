"""The embedded PostgreSQL starts, is adopted, recovers and stops, and says what is wrong where it cannot."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from vong.errors import Misconfigured, Unavailable
from vong.store.postgres import server as postgres_server
from vong.store.postgres.os_user import SYSTEM_USER, OsAccount, make_traversable
from vong.store.postgres.settings import BEGIN, END

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")


@pytest.fixture(scope="module")
def used() -> Iterator[Path]:
    """A data folder in use by this module, deeper than a unix socket's name may be long."""
    top = Path(tempfile.mkdtemp(prefix="vong-postgres-"))
    top.chmod(0o711)
    folder = top / ("deep" * 25) / "a folder" / "postgres"
    yield folder
    postgres_server.stop(folder)
    shutil.rmtree(top)


@pytest.fixture
def url(used: Path) -> str:
    return postgres_server.start(used)


def test_it_is_adopted_where_it_runs_and_many_may_start_it_at_once(used: Path, url: str) -> None:
    first = postgres_server.server_pid(used)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(postgres_server.start, [used] * 4)) == {url}
    assert postgres_server.is_running(used)
    assert postgres_server.server_pid(used) == first


def test_the_owner_is_no_superuser_and_the_sort_order_is_postgresqls_own(url: str) -> None:
    with psycopg.connect(url) as connection:
        asked = "SELECT current_database(), rolsuper FROM pg_roles WHERE rolname = current_user"
        assert connection.execute(asked).fetchone() == ("vong", False)
        provider = connection.execute("SELECT datlocprovider FROM pg_database WHERE datname = 'vong'").fetchone()
        assert provider == ("b",)


def test_after_kill_9_of_the_server_process_it_recovers_what_was_committed(used: Path, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number integer)")
        connection.execute("TRUNCATE kept")
        connection.execute("INSERT INTO kept VALUES (7)")
    busy = psycopg.connect(url, autocommit=True)
    server = postgres_server.server_pid(used)
    assert server
    child = psutil.Process(busy.info.backend_pid)
    child.suspend()  # a child that does not notice the death of its parent, and holds the shared memory
    os.kill(server, signal.SIGKILL)
    assert postgres_server.start(used) == url
    assert postgres_server.server_pid(used) != server
    assert not child.is_running()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(7,)]
    busy.close()


def test_a_pid_file_that_names_another_programs_process_is_not_believed(used: Path, url: str) -> None:
    file = used / "postmaster.pid"
    postgres_server.stop(used)
    assert not postgres_server.is_running(used)
    assert postgres_server.server_pid(used) is None
    owner = used.stat()
    file.write_text(f"{os.getpid()}\n{used}\n1\n5432\n/tmp\n\n1 1\nready\n")
    os.chown(file, owner.st_uid, owner.st_gid)
    assert not postgres_server.is_running(used)
    assert postgres_server.start(used) == url
    assert postgres_server.is_running(used)


def test_stopping_twice_and_stopping_what_never_ran_do_nothing(used: Path, url: str, tmp_path: Path) -> None:
    assert url
    postgres_server.stop(used)
    postgres_server.stop(used)
    postgres_server.stop(tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_a_start_that_fails_shows_the_end_of_the_log(used: Path, url: str) -> None:
    assert url
    postgres_server.stop(used)
    settings = used / "postgresql.auto.conf"
    before = settings.read_text()
    settings.write_text("shared_buffers = 'as much as you like'\n")
    try:
        with pytest.raises(Unavailable, match="shared_buffers") as failed:
            postgres_server.start(used)
        assert str(used / "log") in failed.value.hint
    finally:
        settings.write_text(before)
    postgres_server.start(used)


def test_our_settings_are_one_block_however_often_it_starts(used: Path, url: str) -> None:
    assert url
    for _ in range(2):
        postgres_server.stop(used)
        postgres_server.start(used)
    written = (used / "postgresql.conf").read_text()
    assert (written.count(BEGIN), written.count(END)) == (1, 1)


def test_idle_it_takes_little_memory(used: Path, url: str) -> None:
    assert url
    server = psutil.Process(postgres_server.server_pid(used))
    own = 0
    for process in [server, *server.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):  # a worker of its own comes and goes
            own += process.memory_full_info().pss
    assert own < 60_000_000


@as_root
def test_a_folder_of_anothers_that_is_closed_is_named_and_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    closed = tmp_path / "theirs"
    closed.mkdir()
    os.chown(closed, 1, 1)
    closed.chmod(0o700)
    with pytest.raises(Misconfigured, match="cannot traverse") as refused:
        make_traversable(closed / "postgres", OsAccount(SYSTEM_USER, 999, 999, switch=True))
    assert f"chmod o+x {closed}" in refused.value.hint
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_a_folder_of_roots_own_is_opened_for_passing_only_and_said_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)
    make_traversable(closed / "postgres", OsAccount(SYSTEM_USER, 999, 999, switch=True))
    assert closed.stat().st_mode & 0o777 == 0o701
    assert f"allowed traversal of {closed}" in caplog.text


def test_a_database_of_another_version_is_refused(used: Path, url: str) -> None:
    assert url
    postgres_server.stop(used)
    marker = used / "PG_VERSION"
    before = marker.read_text()
    marker.write_text("16\n")
    try:
        with pytest.raises(Misconfigured, match="PostgreSQL 16"):
            postgres_server.start(used)
    finally:
        marker.write_text(before)
