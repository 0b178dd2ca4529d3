"""One engine process and the deployments that share it: start it, keep it, tell it what to serve, end it."""

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
    """How engines are looked after. Times in seconds.

    An engine that ends is started again after 1, 2, 4 … seconds, at most `longest_pause`; after `tries` ends within
    `window` its deployments fail. One that does not answer for `patience` is killed; loading may take `loading`.
    `threads` is what an engine gets whose deployment does not say (0: the engine chooses).
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
    """What every group works with."""

    database: Database
    model_folder: Callable[[Connection, str], Path]
    settings: SupervisorSettings


@dataclass
class EngineProcess:
    """One engine process. `reconcile` takes one step towards what is wanted and writes down what it finds."""

    places: EngineDependencies
    project_id: UUID
    name: str
    child: "subprocess.Popen[bytes] | None" = None
    measured: float = 0.0
    spoken: tuple[str, EngineClient] | None = None
    folders: dict[str, str] = field(default_factory=dict[str, str])

    def reconcile(self, engine: RowMapping | None, members: Sequence[RowMapping]) -> None:
        """`engine` is its row, None before the first start; `members` are the deployments that want it."""
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
            self._ended(engine, members, f"the model's files cannot be had: {error}")
            return
        self._launch(members[0], folder)

    def _launch(self, member: RowMapping, folder: Path) -> None:
        chosen = {name: value for name, value in member["settings"].items() if name in ENGINE_FIELDS}
        settings = EngineSettings(**{**chosen, "threads": chosen.get("threads") or self.places.settings.threads})
        address, launch = engine_launcher.reserve(), new_id()
        self.folders.clear()
        # Written before it lives: whoever supervises next finds it even if we die between the two lines.
        moment = now()
        self._write(
            **{**STOPPED, "url": address.url, "token": address.token, "launch": launch},
            state="starting",
            launched_at=moment,
            answered_at=moment,
            retry_at=None,
        )
        self.child = engine_launcher.start(
            member["engine"], folder, settings, address, lease=self._lease(launch), log=self._log
        )
        log.info("started the engine %s as process %d", self.name, self.child.pid)
        alive = engine_launcher.look(self.child.pid)
        self._write(pid=self.child.pid, started=alive.started if alive else time.time())

    def _look_after(self, engine: RowMapping, members: Sequence[RowMapping]) -> None:
        """A process that was started: is it alive, does it answer, does it serve what it should?"""
        if self.child is not None:
            self.child.poll()
        alive = engine_launcher.look(engine["pid"], engine["started"]) if engine["pid"] else None
        if engine["pid"] and alive is None:
            self._ended(engine, members, f"the engine ended ({self._how()})")
            return
        self._touch(engine)
        remote = self._remote(engine)
        try:
            health = remote.health()
        except (UpstreamFailed, InvalidInput) as error:
            self._silent(engine, members, str(error))
            return
        self._answered(engine, health, alive)
        if health["state"] == "ready":
            self._serve(remote, health["models"], members)
        elif health["state"] == "loading" and _age(engine["launched_at"]) > self.places.settings.loading:
            self._end(engine)
            self._ended(engine, members, "the model took too long to load")

    def _answered(
        self, engine: RowMapping, health: dict[str, Any], alive: engine_launcher.ProcessStatus | None
    ) -> None:
        values: dict[str, Any] = {}
        if alive is None:  # the supervisor that started it died before it could write down the pid
            found = engine_launcher.look(int(health["pid"]))
            values |= {"pid": health["pid"], "started": found.started if found else time.time()}
            log.info("adopted the engine %s as process %d", self.name, health["pid"])
        state = "ready" if health["state"] == "ready" else "starting"
        if time.monotonic() - self.measured > MEMORY_EVERY or engine["state"] != state:
            self.measured = time.monotonic()
            values |= {"memory": health["memory"], "answered_at": now(), "state": state}
        if values:
            self._write(**values)

    def _silent(self, engine: RowMapping, members: Sequence[RowMapping], reason: str) -> None:
        """It lives but does not answer. Before it has a pid nothing may be listening: that is over sooner."""
        patience = self.places.settings.patience if engine["pid"] else 10.0
        if _age(engine["answered_at"]) > patience:
            self._end(engine)
            self._ended(engine, members, reason)

    def _serve(self, remote: EngineClient, served: dict[str, str | None], members: Sequence[RowMapping]) -> None:
        """Load and unload until the engine serves exactly the members, then say which of them are ready."""
        for gone in served.keys() - {member["name"] for member in members}:
            remote.drop(gone)
        for member in members:
            name = member["name"]
            try:
                folder = None if member["model"] == member["base"] else self._adapter_folder(member["model"])
                if name not in served or served[name] != folder:
                    self._states([member], "starting", only={"ready", "checking"})
                    remote.serve(name, folder)
            except UpstreamFailed as error:
                log.warning("the engine %s could not load %r: %s", self.name, name, error)
            except (VongError, OSError) as error:
                self._change(member, state="failed", reason=str(error))
            else:
                self._settle(member)

    def _settle(self, member: RowMapping) -> None:
        """Loaded: ready where the parity check allows it, else waiting for the check."""
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
            reason = f"the parity check {job.status}: {job.error or 'it was cancelled'}"
            self._change(member, state="failed", reason=reason)

    def _ended(self, engine: RowMapping | None, members: Sequence[RowMapping], reason: str) -> None:
        """It ended by itself: again after a pause, or never."""
        settings = self.places.settings
        since = time.time() - settings.window
        failures = [at for at in (engine["failures"] if engine else []) if at > since] + [time.time()]
        restarts = (engine["restarts"] if engine else 0) + 1
        pause = min(settings.longest_pause, settings.first_pause * 2 ** (len(failures) - 1))
        over = len(failures) >= settings.tries
        retry_at = now() + timedelta(seconds=pause)
        kept = {"failures": [] if over else failures, "restarts": restarts, "retry_at": None if over else retry_at}
        if over:
            tail = "\n".join(engine_launcher.tail(self._log, 15))
            reason = (
                f"{reason}, {len(failures)} times in {settings.window / 60:.0f} minutes; the end of its log:\n{tail}"
            )
            for member in members:
                self._change(member, state="failed", reason=reason)
            log.error("the engine %s is given up: %s", self.name, reason)
        else:
            log.warning("%s; the engine %s starts again in %.0f s", reason, self.name, pause)
            for member in members:
                self._change(member, state="starting", reason=f"{reason}; it starts again")
        # After the deployments, so that none is seen ready without a process.
        self._write(**STOPPED, state="failed" if over else "stopped", **kept)

    def _end(self, engine: RowMapping) -> None:
        if engine["pid"]:
            engine_launcher.end([(engine["pid"], engine["started"])])
            log.info("ended the engine %s, process %d", self.name, engine["pid"])
        if self.child is not None:
            self.child.poll()
            self.child = None
        if engine["launch"]:
            self._lease(engine["launch"]).unlink(missing_ok=True)

    def _how(self) -> str:
        code = self.child.poll() if self.child else None
        self.child = None
        if code is None:
            return "it was started by an earlier supervisor, so how is not known"
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
