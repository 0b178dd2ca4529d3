"""One engine process and the deployments that share it: start, supervision, adapters and termination."""

import logging
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from vong import jobs
from vong.errors import InvalidInput, NotFound, UpstreamFailed, VongError
from vong.records import new_id, now
from vong.serving import engine_launcher, tables
from vong.serving.deployments import ENGINE_FIELDS, parity_passed
from vong.serving.engine import EngineSettings
from vong.serving.engine_client import EngineClient
from vong.store.database import Database

log = logging.getLogger(__name__)

MEMORY_EVERY = 5.0
STOPPED: dict[str, Any] = {"url": None, "token": None, "pid": None, "started": None, "memory": None, "launch": None}


@dataclass(frozen=True)
class SupervisorSettings:
    """Settings of the supervision of engines. Times are in seconds.

    An engine that ended is restarted after 1, 2, 4 … seconds (`first_backoff`), at most `max_backoff`. After
    `max_failures` ends within `failure_window` its deployments fail. An engine that does not answer for
    `answer_timeout` is killed; loading a model may take `load_timeout`. `threads` applies to deployments without this
    setting (0: default of the engine).
    """

    home: Path
    threads: int = 0
    tick: float = 1.0
    first_pause: float = 1.0
    longest_pause: float = 60.0
    tries: int = 5
    window: float = 600.0
    patience: float = 60.0
    loading: float = 900.0


@dataclass(frozen=True)
class EngineDependencies:
    """Dependencies of all engine processes."""

    database: Database
    model_folder: Callable[[Connection, str], Path]
    settings: SupervisorSettings


@dataclass
class EngineProcess:
    """One engine process. `reconcile` takes one step towards the desired state and records the observed state."""

    places: EngineDependencies
    project_id: UUID
    name: str
    child: "subprocess.Popen[bytes] | None" = None
    measured: float = 0.0
    spoken: tuple[str, EngineClient] | None = None
    folders: dict[str, str] = field(default_factory=dict[str, str])

    def reconcile(self, engine: RowMapping | None, members: Sequence[RowMapping]) -> None:
        """Take one step. `engine` is the stored row, None before the first start; `members` are the deployments."""
        if not members:
            if engine and engine["url"]:
                self._end(engine)
                self._write(**STOPPED, state="stopped")
        elif engine is None or not engine["url"]:
            self._launch_when_due(engine, members)
        elif engine["restart"]:
            self._end(engine)
            self._write(**STOPPED, state="stopped", restart=False)
        else:
            self._look_after(engine, members)

    def _launch_when_due(self, engine: RowMapping | None, members: Sequence[RowMapping]) -> None:
        if engine and engine["retry_at"] and engine["retry_at"] > now():
            return
        if engine and engine["restart"]:
            self._write(restart=False)
        self._states(members, "starting", only={"pending", "ready", "checking"})
        try:
            folder = self._folder(members[0]["base"])
        except (VongError, OSError) as error:
            self._ended(engine, members, f"the files of the model are unavailable: {error}")
            return
        self._launch(members[0], folder)

    def _launch(self, member: RowMapping, folder: Path) -> None:
        engine_settings = {name: value for name, value in member["settings"].items() if name in ENGINE_FIELDS}
        settings = EngineSettings(
            **{**engine_settings, "threads": engine_settings.get("threads") or self.places.settings.threads}
        )
        address, launch = engine_launcher.reserve(), new_id()
        self.folders.clear()
        # Recorded before the start, so that the next supervisor finds the engine if this one dies in between.
        timestamp = now()
        self._write(
            **{**STOPPED, "url": address.url, "token": address.token, "launch": launch},
            state="starting",
            launched_at=timestamp,
            answered_at=timestamp,
            retry_at=None,
        )
        self.child = engine_launcher.start(
            member["engine"], folder, settings, address, lease=self._lease(launch), log=self._log
        )
        log.info("started engine %s as process %d", self.name, self.child.pid)
        status = engine_launcher.look(self.child.pid)
        self._write(pid=self.child.pid, started=status.started if status else time.time())

    def _look_after(self, engine: RowMapping, members: Sequence[RowMapping]) -> None:
        """Check that the process runs and answers, and synchronize what it serves."""
        if self.child is not None:
            self.child.poll()
        alive = engine_launcher.look(engine["pid"], engine["started"]) if engine["pid"] else None
        if engine["pid"] and alive is None:
            self._ended(engine, members, f"the engine ended ({self._how()})")
            return
        self._touch(engine)
        client = self._remote(engine)
        try:
            health = client.health()
        except (UpstreamFailed, InvalidInput) as error:
            self._silent(engine, members, str(error))
            return
        self._answered(engine, health, alive)
        if health["state"] == "ready":
            self._serve(client, health["models"], members)
        elif health["state"] == "loading" and _age(engine["launched_at"]) > self.places.settings.loading:
            self._end(engine)
            self._ended(engine, members, f"the model did not load within {self.places.settings.loading:g} s")

    def _answered(
        self, engine: RowMapping, health: dict[str, Any], alive: engine_launcher.ProcessStatus | None
    ) -> None:
        values: dict[str, Any] = {}
        if alive is None:  # the supervisor that started it died before recording the pid
            process = engine_launcher.look(int(health["pid"]))
            values |= {"pid": health["pid"], "started": process.started if process else time.time()}
            log.info("adopted engine %s as process %d", self.name, health["pid"])
        state = "ready" if health["state"] == "ready" else "starting"
        if time.monotonic() - self.measured > MEMORY_EVERY or engine["state"] != state:
            self.measured = time.monotonic()
            values |= {"memory": health["memory"], "answered_at": now(), "state": state}
        if values:
            self._write(**values)

    def _silent(self, engine: RowMapping, members: Sequence[RowMapping], reason: str) -> None:
        """Stop a process that does not answer. Without a recorded pid the timeout is 10 s: nothing may be listening."""
        timeout = self.places.settings.patience if engine["pid"] else 10.0
        if _age(engine["answered_at"]) > timeout:
            self._end(engine)
            self._ended(engine, members, reason)

    def _serve(self, client: EngineClient, served: dict[str, str | None], members: Sequence[RowMapping]) -> None:
        """Load and unload adapters until the engine serves exactly the members, and mark the members that are ready."""
        for removed in served.keys() - {member["name"] for member in members}:
            client.drop(removed)
        for member in members:
            name = member["name"]
            try:
                folder = None if member["model"] == member["base"] else self._adapter_folder(member["model"])
                if name not in served or served[name] != folder:
                    self._states([member], "starting", only={"ready", "checking"})
                    client.serve(name, folder)
            except UpstreamFailed as error:
                log.warning("engine %s failed to load %r: %s", self.name, name, error)
            except (VongError, OSError) as error:
                self._change(member, state="failed", reason=str(error))
            else:
                self._settle(member)

    def _settle(self, member: RowMapping) -> None:
        """Set the state of a loaded deployment: ready if the parity check passed, else checking."""
        if parity_passed(member["parity"]):
            self._states([member], "ready", only={"pending", "starting", "checking"})
            return
        self._states([member], "checking", only={"pending", "starting"})
        with self.places.database.scope(self.project_id) as connection:
            try:
                job = jobs.get(connection, member["job"])
            except NotFound:
                return
        if job.status in {"failed", "cancelled"}:
            reason = f"parity check {job.status}: {job.error or 'cancelled by a user'}"
            self._change(member, state="failed", reason=reason)

    def _ended(self, engine: RowMapping | None, members: Sequence[RowMapping], reason: str) -> None:
        """Record that the process ended: schedule a restart, or give up after too many failures."""
        settings = self.places.settings
        window_start = time.time() - settings.window
        failures = [at for at in (engine["failures"] if engine else []) if at > window_start] + [time.time()]
        restarts = (engine["restarts"] if engine else 0) + 1
        backoff = min(settings.longest_pause, settings.first_pause * 2 ** (len(failures) - 1))
        gave_up = len(failures) >= settings.tries
        retry_at = now() + timedelta(seconds=backoff)
        engine_values = {
            "failures": [] if gave_up else failures,
            "restarts": restarts,
            "retry_at": None if gave_up else retry_at,
        }
        if gave_up:
            tail = "\n".join(engine_launcher.tail(self._log, 15))
            reason = f"{reason}, {len(failures)} times in {settings.window / 60:.0f} minutes; end of the log:\n{tail}"
            for member in members:
                self._change(member, state="failed", reason=reason)
            log.error("giving up on engine %s: %s", self.name, reason)
        else:
            log.warning("%s; engine %s restarts in %.0f s", reason, self.name, backoff)
            for member in members:
                self._change(member, state="starting", reason=f"{reason}; restarting")
        # Written after the deployments, so that no deployment is ready without a process.
        self._write(**STOPPED, state="failed" if gave_up else "stopped", **engine_values)

    def _end(self, engine: RowMapping) -> None:
        if engine["pid"]:
            engine_launcher.end([(engine["pid"], engine["started"])])
            log.info("stopped engine %s, process %d", self.name, engine["pid"])
        if self.child is not None:
            self.child.poll()
            self.child = None
        if engine["launch"]:
            self._lease(engine["launch"]).unlink(missing_ok=True)

    def _how(self) -> str:
        code = self.child.poll() if self.child else None
        self.child = None
        if code is None:
            return "unknown exit code, because an earlier supervisor started it"
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def _remote(self, engine: RowMapping) -> EngineClient:
        if self.spoken is None or self.spoken[0] != engine["url"]:
            if self.spoken:
                self.spoken[1].close()
            self.spoken = (engine["url"], EngineClient(engine["url"], engine["token"]))
        return self.spoken[1]

    def _adapter_folder(self, ref: str) -> str:
        if ref not in self.folders:
            self.folders[ref] = str(self._folder(ref))
        return self.folders[ref]

    def _folder(self, ref: str) -> Path:
        with self.places.database.scope(self.project_id) as connection:
            return self.places.model_folder(connection, ref)

    @property
    def _log(self) -> Path:
        return engine_launcher.log_file(self.places.settings.home, self.name)

    def _lease(self, launch: UUID) -> Path:
        return self.places.settings.home / "engines" / f"{launch}.lease"

    def _touch(self, engine: RowMapping) -> None:
        lease = self._lease(engine["launch"])
        try:
            os.utime(lease)
        except FileNotFoundError:
            lease.parent.mkdir(parents=True, exist_ok=True)
            lease.touch()

    def _write(self, **values: Any) -> None:
        with self.places.database.scope(self.project_id) as connection:
            tables.put_engine(connection, self.name, **values)

    def _states(self, members: Sequence[RowMapping], state: str, *, only: set[str]) -> None:
        for member in members:
            if member["state"] in only and member["state"] != state:
                self._change(member, state=state, reason=None)

    def _change(self, member: RowMapping, **values: Any) -> None:
        with self.places.database.scope(self.project_id) as connection:
            tables.change(connection, member["name"], model=member["model"], **values, updated_at=now())


def _age(moment: datetime) -> float:
    return (now() - moment).total_seconds()
