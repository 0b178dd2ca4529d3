"""Supervisor of `vong up`: starts, watches, restarts and stops PostgreSQL, the servers and a worker.

Loading the server's code takes longest. The first server process therefore starts before the database: it loads while
PostgreSQL starts and the schema is checked, and then receives the database URL through a pipe.
"""

import fcntl
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

from vong import __version__
from vong.app.host.processes import ProcessIdentity, spawn, terminate
from vong.config import METRICS_FOLDER, Settings
from vong.errors import Conflict, Unavailable, VongError
from vong.log_files import read_last_lines
from vong.records import now

if TYPE_CHECKING:
    from vong.app.host.bootstrap import InitialCredentials

log = logging.getLogger(__name__)

STATE_FILE = "server.json"
MODULES = {"server": "vong.api.main", "worker": "vong.app.worker"}
START_TIMEOUT_SECONDS = 60.0
"""Seconds in which the first server must become healthy."""
MAX_RESTART_DELAY_SECONDS = 30.0


@dataclass
class ManagedProcess:
    """One supervised process, with its failures and the earliest time of its next start.

    `database_pipe` passes the database URL to a server that was started before its database.
    """

    name: str
    process: "subprocess.Popen[bytes] | None" = None
    failures: int = 0
    started_at: float = 0.0
    restart_at: float = 0.0
    database_pipe: int | None = None


@dataclass
class Supervisor:
    """Supervisor of all processes of one home folder on this machine."""

    settings: Settings
    report: Callable[[str], None]
    stopping: threading.Event = field(default_factory=threading.Event)
    children: dict[str, ManagedProcess] = field(default_factory=dict[str, ManagedProcess])

    def __post_init__(self) -> None:
        servers = self.settings.server_processes or len(os.sched_getaffinity(0))
        more_servers = [f"server-{number}" for number in range(2, servers + 1)]
        self.children = {name: ManagedProcess(name) for name in (*MODULES, *more_servers)}

    def run(self, ready: Callable[[str, "InitialCredentials | None"], None]) -> None:
        """Start everything, call `ready(url, welcome)` once it is healthy, and watch until SIGTERM or Ctrl-C."""
        home = self.settings.home_folder
        home.mkdir(parents=True, exist_ok=True)
        with _lock_home(home):
            end_orphans(home)
            shutil.rmtree(home / METRICS_FOLDER, ignore_errors=True)
            listener = _listen(self.settings)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: self.stopping.set())
            url = self._server_url(listener)
            environment = {"VONG_HOME": str(home), "VONG_PUBLIC_URL": url}
            try:
                self._start(self.children["server"], environment, listener, early=True)
                welcome = self._open_database(environment)
                self._start_all(environment, listener, url)
                self._wait_until_healthy(url)
                ready(url, welcome)
                self._watch(environment, listener, url)
            finally:
                self._stop()
                listener.close()

    def _open_database(self, environment: dict[str, str]) -> "InitialCredentials | None":
        """Start the database and send its URL to the waiting server."""
        from vong.app.host import database

        url, welcome = database.prepare(self.settings.database_url, self.settings.home_folder)
        environment["VONG_DATABASE_URL"] = url
        server = self.children["server"]
        if server.database_pipe is not None:
            with (
                suppress(BrokenPipeError),
                os.fdopen(server.database_pipe, "w") as pipe,
            ):  # the server may have died meanwhile
                server.database_pipe = None
                pipe.write(url)
        return welcome

    def _server_url(self, listener: socket.socket) -> str:
        port = listener.getsockname()[1]
        return self.settings.model_copy(update={"port": port}).server_url

    def _start_all(self, environment: dict[str, str], listener: socket.socket, url: str) -> None:
        for child in self.children.values():
            if child.process is None and time.monotonic() >= child.restart_at:
                self._start(child, environment, listener)
        self._write_state(url)

    def _start(
        self, child: ManagedProcess, environment: dict[str, str], listener: socket.socket, *, early: bool = False
    ) -> None:
        log = self.settings.home_folder / "logs" / f"{child.name}.log"
        arguments: list[str] = []
        inherited_fds: list[int] = []
        if process_module(child.name) == MODULES["server"]:
            arguments, inherited_fds = ["--fd", str(listener.fileno())], [listener.fileno()]
        if early:
            reader, child.database_pipe = os.pipe()
            arguments, inherited_fds = [*arguments, "--database-from", str(reader)], [*inherited_fds, reader]
        child.process = spawn(process_module(child.name), *arguments, log=log, env=environment, fds=inherited_fds)
        child.started_at = time.monotonic()
        if early:
            os.close(inherited_fds[-1])

    def _wait_until_healthy(self, url: str) -> None:
        """Wait until the server is healthy.

        Raises: Unavailable with the end of the server's log if the server exits or is not healthy in time.
        """
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline and not self.stopping.is_set():
            if is_healthy(url):
                return
            server = self.children["server"].process
            if server is not None and server.poll() is not None:
                break
            time.sleep(0.05)
        if not self.stopping.is_set():
            log = self.settings.home_folder / "logs" / "server.log"
            end = "\n".join(read_last_lines(log, 15))
            raise Unavailable(f"the server did not start; the end of {log}:\n{end}", "find the cause with: vong doctor")

    def _watch(self, environment: dict[str, str], listener: socket.socket, url: str) -> None:
        rounds = 0
        while not self.stopping.wait(1.0):
            rounds += 1
            changed = [self._reap(child) for child in self.children.values()]
            if any(changed) or any(child.process is None for child in self.children.values()):
                self._start_all(environment, listener, url)
            if rounds % 2 == 0 and not self.settings.database_url:
                self._watch_postgres(url)

    def _watch_postgres(self, url: str) -> None:
        """Restart PostgreSQL if it has ended. A failed start is reported and retried in the next round."""
        from vong.store.postgres import server as postgres_server

        folder = self.settings.home_folder / "postgres"
        if postgres_server.is_running(folder):
            return
        self.report("PostgreSQL ended unexpectedly; restarting")
        try:
            postgres_server.start(folder)
        except VongError as error:
            self.report(str(error))
        else:
            self._write_state(url)

    def _reap(self, child: ManagedProcess) -> bool:
        if child.process is None or child.process.poll() is None:
            return False
        uptime = time.monotonic() - child.started_at
        child.failures = 0 if uptime > 60 else child.failures + 1
        delay = min(MAX_RESTART_DELAY_SECONDS, 0.5 * 2**child.failures) if child.failures else 0.0
        self.report(f"the {child.name} ended with {child.process.returncode}; restarting in {delay:.1f} s")
        child.restart_at = time.monotonic() + delay
        child.process = None
        return True

    def _stop(self) -> None:
        """Stop in order: no new work, then no new requests, then the database."""
        running = [child.process for child in self.children.values() if child.process and child.process.poll() is None]
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        from vong.app.host import database

        database.shut_down(self.settings.database_url, self.settings.home_folder, self.settings.machine_name)
        (self.settings.home_folder / STATE_FILE).unlink(missing_ok=True)

    def _write_state(self, url: str) -> None:
        from vong.store.postgres import server as postgres_server

        pids = {child.name: child.process.pid for child in self.children.values() if child.process}
        pids["supervisor"] = os.getpid()
        if not self.settings.database_url and (
            pid := postgres_server.server_pid(self.settings.home_folder / "postgres")
        ):
            pids["postgres"] = pid
        state = {
            "url": url,
            "version": __version__,
            "written_at": now().isoformat(),
            "processes": {name: ProcessIdentity.of(pid)._asdict() for name, pid in pids.items()},
        }
        temporary = self.settings.home_folder / f"{STATE_FILE}.new"
        temporary.write_text(json.dumps(state, indent=2), encoding="utf-8")
        temporary.replace(self.settings.home_folder / STATE_FILE)


def process_module(name: str) -> str:
    """Return the Python module that a process runs (`server-2` is another server), or "" if it is not ours to start."""
    return MODULES.get(name.partition("-")[0], "")


def read_state(home: Path) -> dict[str, Any] | None:
    """Return the state file of `vong up`, or None if nothing was started or it was stopped in order."""
    file = home / STATE_FILE
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def live_processes(state: dict[str, Any]) -> dict[str, ProcessIdentity]:
    """Return the processes in that state which are still alive."""
    identities = {name: ProcessIdentity(**values) for name, values in state["processes"].items()}
    return {name: process for name, process in identities.items() if process.find() is not None}


def end_orphans(home: Path) -> None:
    """Stop servers and workers that a killed supervisor left behind. PostgreSQL and engines are adopted instead."""
    state = read_state(home)
    for name, identity in live_processes(state).items() if state else ():
        if process_module(name):
            terminate(identity)


def is_healthy(url: str) -> bool:
    """Return whether the server at that URL is up and reaches its database."""
    return get_health(url).get("status") == "ok"


def get_health(url: str) -> dict[str, Any]:
    """Return the health report of the server at that URL, or an empty one if it does not respond."""
    try:
        with urlopen(f"{url}/health", timeout=2) as response:
            return json.load(response)
    except HTTPError as error:  # an unhealthy server responds with an error status and a report
        with suppress(ValueError), error:
            return json.load(error)
    except OSError:
        pass
    return {}


def _listen(settings: Settings) -> socket.socket:
    """Bind the server's port, which child processes inherit, so that a restart of a server loses no connection."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        message = f"port {settings.port} on {settings.host} cannot be used: {error.strerror}"
        raise Conflict(message, "choose another port: vong up --port 8401") from error
    listener.listen(2048)
    listener.set_inheritable(True)
    return listener


@contextmanager
def _lock_home(home: Path) -> Generator[None]:
    """Hold the lock of the home folder, so that it has only one supervisor."""
    with (home / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Conflict(
                "Vong is already running from this home", "see: vong status; stop it with: vong down"
            ) from None
        yield
