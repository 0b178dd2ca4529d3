"""Embedded PostgreSQL: start, adoption, recovery, stop, and the errors of failed starts."""

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
def data_folder() -> Iterator[Path]:
    """Return the data folder of this module. Its path is longer than the path of a unix socket may be."""
    top = Path(tempfile.mkdtemp(prefix="vong-postgres-"))
    top.chmod(0o711)
    folder = top / ("deep" * 25) / "a folder" / "postgres"
    yield folder
    postgres_server.stop(folder)
    shutil.rmtree(top)


@pytest.fixture
def url(data_folder: Path) -> str:
    return postgres_server.start(data_folder)


def test_a_running_server_is_adopted_by_concurrent_starts(data_folder: Path, url: str) -> None:
    first = postgres_server.server_pid(data_folder)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(postgres_server.start, [data_folder] * 4)) == {url}
    assert postgres_server.is_running(data_folder)
    assert postgres_server.server_pid(data_folder) == first


def test_the_owner_is_not_a_superuser_and_the_collation_is_built_in(url: str) -> None:
    with psycopg.connect(url) as connection:
        asked = "SELECT current_database(), rolsuper FROM pg_roles WHERE rolname = current_user"
        assert connection.execute(asked).fetchone() == ("vong", False)
        provider = connection.execute("SELECT datlocprovider FROM pg_database WHERE datname = 'vong'").fetchone()
        assert provider == ("b",)


def test_committed_data_is_recovered_after_sigkill_of_the_server(data_folder: Path, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number integer)")
        connection.execute("TRUNCATE kept")
        connection.execute("INSERT INTO kept VALUES (7)")
    busy = psycopg.connect(url, autocommit=True)
    server = postgres_server.server_pid(data_folder)
    assert server
    child = psutil.Process(busy.info.backend_pid)
    child.suspend()  # a child that survives its parent and holds the shared memory
    os.kill(server, signal.SIGKILL)
    assert postgres_server.start(data_folder) == url
    assert postgres_server.server_pid(data_folder) != server
    assert not child.is_running()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(7,)]
    busy.close()


def test_a_pid_file_with_the_process_of_another_program_is_ignored(data_folder: Path, url: str) -> None:
    file = data_folder / "postmaster.pid"
    postgres_server.stop(data_folder)
    assert not postgres_server.is_running(data_folder)
    assert postgres_server.server_pid(data_folder) is None
    owner = data_folder.stat()
    file.write_text(f"{os.getpid()}\n{data_folder}\n1\n5432\n/tmp\n\n1 1\nready\n")
    os.chown(file, owner.st_uid, owner.st_gid)
    assert not postgres_server.is_running(data_folder)
    assert postgres_server.start(data_folder) == url
    assert postgres_server.is_running(data_folder)


def test_stopping_a_stopped_or_unknown_server_does_nothing(data_folder: Path, url: str, tmp_path: Path) -> None:
    assert url
    postgres_server.stop(data_folder)
    postgres_server.stop(data_folder)
    postgres_server.stop(tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_the_error_of_a_failed_start_has_the_end_of_the_log(data_folder: Path, url: str) -> None:
    assert url
    postgres_server.stop(data_folder)
    settings = data_folder / "postgresql.auto.conf"
    before = settings.read_text()
    settings.write_text("shared_buffers = 'as much as you like'\n")
    try:
        with pytest.raises(Unavailable, match="shared_buffers") as failed:
            postgres_server.start(data_folder)
        assert str(data_folder / "log") in failed.value.hint
    finally:
        settings.write_text(before)
    postgres_server.start(data_folder)


def test_the_settings_are_written_as_one_block_by_any_number_of_starts(data_folder: Path, url: str) -> None:
    assert url
    for _ in range(2):
        postgres_server.stop(data_folder)
        postgres_server.start(data_folder)
    written = (data_folder / "postgresql.conf").read_text()
    assert (written.count(BEGIN), written.count(END)) == (1, 1)


def test_an_idle_server_uses_little_memory(data_folder: Path, url: str) -> None:
    assert url
    server = psutil.Process(postgres_server.server_pid(data_folder))
    own = 0
    for process in [server, *server.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):  # background workers start and exit
            own += process.memory_full_info().pss
    assert own < 60_000_000


@as_root
def test_an_inaccessible_folder_of_another_user_is_an_error_and_unchanged(tmp_path: Path) -> None:
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
def test_a_private_folder_of_root_becomes_traversable_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)
    make_traversable(closed / "postgres", OsAccount(SYSTEM_USER, 999, 999, switch=True))
    assert closed.stat().st_mode & 0o777 == 0o701
    assert f"allowed traversal of {closed}" in caplog.text


def test_a_database_of_another_version_is_rejected(data_folder: Path, url: str) -> None:
    assert url
    postgres_server.stop(data_folder)
    marker = data_folder / "PG_VERSION"
    before = marker.read_text()
    marker.write_text("16\n")
    try:
        with pytest.raises(Misconfigured, match="PostgreSQL 16"):
            postgres_server.start(data_folder)
    finally:
        marker.write_text(before)
