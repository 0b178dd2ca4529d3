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
from vong.log_files import read_last_lines
from vong.processes import find_process
from vong.records import new_id, now
from vong.serving import engine_launcher, tables
from vong.serving.deployments import ENGINE_FIELDS, is_parity_passed
from vong.serving.engine import EngineSettings
from vong.serving.engine_client import EngineClient
from vong.store.database import Database

log = logging.getLogger(__name__)

MEMORY_REPORT_SECONDS = 5.0
STOPPED_VALUES: dict[str, Any] = {
    "url": None,
    "token": None,
    "pid": None,
    "started": None,
    "memory": None,
    "launch": None,
}


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
    interval: float = 1.0
    first_backoff: float = 1.0
    max_backoff: float = 60.0
    max_failures: int = 5
    failure_window: float = 600.0
    answer_timeout: float = 60.0
    load_timeout: float = 900.0


@dataclass(frozen=True)
class EngineDependencies:
    """Dependencies of all engine processes."""

    database: Database
    model_folder: Callable[[Connection, str], Path]
    settings: SupervisorSettings


@dataclass
class EngineProcess:
    """One engine process. `reconcile` takes one step towards the desired state and records the observed state."""

    dependencies: EngineDependencies
    project_id: UUID
    name: str
    process: "subprocess.Popen[bytes] | None" = None
    memory_reported_at: float = 0.0
    cached_client: tuple[str, EngineClient] | None = None
    adapter_folders: dict[str, str] = field(default_factory=dict[str, str])

    def reconcile(self, engine: RowMapping | None, members: Sequence[RowMapping]) -> None:
        """Take one step. `engine` is the stored row, None before the first start; `members` are the deployments."""
        if not members:
            if engine and engine["url"]:
                self._terminate(engine)
                self._update_engine(**STOPPED_VALUES, state="stopped")
        elif engine is None or not engine["url"]:
            self._launch_when_due(engine, members)
        elif engine["restart"]:
            self._terminate(engine)
            self._update_engine(**STOPPED_VALUES, state="stopped", restart=False)
        else:
            self._supervise(engine, members)

    def _launch_when_due(self, engine: RowMapping | None, members: Sequence[RowMapping]) -> None:
        if engine and engine["retry_at"] and engine["retry_at"] > now():
            return
        if engine and engine["restart"]:
            self._update_engine(restart=False)
        self._set_states(members, "starting", only={"pending", "ready", "checking"})
        try:
            folder = self._model_folder(members[0]["base"])
        except (VongError, OSError) as error:
            self._record_end(engine, members, f"the files of the model are unavailable: {error}")
            return
        self._launch(members[0], folder)

    def _launch(self, member: RowMapping, folder: Path) -> None:
        engine_settings = {name: value for name, value in member["settings"].items() if name in ENGINE_FIELDS}
        settings = EngineSettings(
            **{**engine_settings, "threads": engine_settings.get("threads") or self.dependencies.settings.threads}
        )
        address, launch = engine_launcher.reserve_address(), new_id()
        self.adapter_folders.clear()
        # Recorded before the start, so that the next supervisor finds the engine if this one dies in between.
        timestamp = now()
        self._update_engine(
            **{**STOPPED_VALUES, "url": address.url, "token": address.token, "launch": launch},
            state="starting",
            launched_at=timestamp,
            answered_at=timestamp,
            retry_at=None,
        )
        self.process = engine_launcher.start_engine(
            member["engine"], folder, settings, address, lease=self._lease_path(launch), log=self._log_path
        )
        log.info("started engine %s as process %d", self.name, self.process.pid)
        process = find_process(self.process.pid)
        self._update_engine(pid=self.process.pid, started=process.create_time() if process else time.time())

    def _supervise(self, engine: RowMapping, members: Sequence[RowMapping]) -> None:
        """Check that the process runs and answers, and synchronize what it serves."""
        if self.process is not None:
            self.process.poll()
        alive = bool(engine["pid"]) and find_process(engine["pid"], engine["started"]) is not None
        if engine["pid"] and not alive:
            self._record_end(engine, members, f"the engine ended ({self._describe_exit()})")
            return
        self._renew_lease(engine)
        client = self._client(engine)
        try:
            health = client.health()
        except (UpstreamFailed, InvalidInput) as error:
            self._handle_no_answer(engine, members, str(error))
            return
        self._record_health(engine, health, alive)
        if health["state"] == "ready":
            self._sync_adapters(client, health["models"], members)
        elif (
            health["state"] == "loading"
            and _seconds_since(engine["launched_at"]) > self.dependencies.settings.load_timeout
        ):
            self._terminate(engine)
            self._record_end(
                engine, members, f"the model did not load within {self.dependencies.settings.load_timeout:g} s"
            )

    def _record_health(self, engine: RowMapping, health: dict[str, Any], alive: bool) -> None:
        values: dict[str, Any] = {}
        if not alive:  # the supervisor that started it died before recording the pid
            process = find_process(int(health["pid"]))
            values |= {"pid": health["pid"], "started": process.create_time() if process else time.time()}
            log.info("adopted engine %s as process %d", self.name, health["pid"])
        state = "ready" if health["state"] == "ready" else "starting"
        if time.monotonic() - self.memory_reported_at > MEMORY_REPORT_SECONDS or engine["state"] != state:
            self.memory_reported_at = time.monotonic()
            values |= {"memory": health["memory"], "answered_at": now(), "state": state}
        if values:
            self._update_engine(**values)

    def _handle_no_answer(self, engine: RowMapping, members: Sequence[RowMapping], reason: str) -> None:
        """Stop a process that does not answer. Without a recorded pid the timeout is 10 s: nothing may be listening."""
        timeout = self.dependencies.settings.answer_timeout if engine["pid"] else 10.0
        if _seconds_since(engine["answered_at"]) > timeout:
            self._terminate(engine)
            self._record_end(engine, members, reason)

    def _sync_adapters(
        self, client: EngineClient, served: dict[str, str | None], members: Sequence[RowMapping]
    ) -> None:
        """Load and unload adapters until the engine serves exactly the members, and mark the members that are ready."""
        for removed in served.keys() - {member["name"] for member in members}:
            client.stop_serving(removed)
        for member in members:
            name = member["name"]
            try:
                folder = None if member["model"] == member["base"] else self._adapter_folder(member["model"])
                if name not in served or served[name] != folder:
                    self._set_states([member], "starting", only={"ready", "checking"})
                    client.serve(name, folder)
            except UpstreamFailed as error:
                log.warning("engine %s failed to load %r: %s", self.name, name, error)
            except (VongError, OSError) as error:
                self._update_deployment(member, state="failed", reason=str(error))
            else:
                self._update_ready_state(member)

    def _update_ready_state(self, member: RowMapping) -> None:
        """Set the state of a loaded deployment: ready if the parity check passed, else checking."""
        if is_parity_passed(member["parity"]):
            self._set_states([member], "ready", only={"pending", "starting", "checking"})
            return
        self._set_states([member], "checking", only={"pending", "starting"})
        with self.dependencies.database.scope(self.project_id) as connection:
            try:
                job = jobs.get(connection, member["job"])
            except NotFound:
                return
        if job.status in {"failed", "cancelled"}:
            reason = f"parity check {job.status}: {job.error or 'cancelled by a user'}"
            self._update_deployment(member, state="failed", reason=reason)

    def _record_end(self, engine: RowMapping | None, members: Sequence[RowMapping], reason: str) -> None:
        """Record that the process ended: schedule a restart, or give up after too many failures."""
        settings = self.dependencies.settings
        window_start = time.time() - settings.failure_window
        failures = [at for at in (engine["failures"] if engine else []) if at > window_start] + [time.time()]
        restarts = (engine["restarts"] if engine else 0) + 1
        backoff = min(settings.max_backoff, settings.first_backoff * 2 ** (len(failures) - 1))
        gave_up = len(failures) >= settings.max_failures
        retry_at = now() + timedelta(seconds=backoff)
        engine_values = {
            "failures": [] if gave_up else failures,
            "restarts": restarts,
            "retry_at": None if gave_up else retry_at,
        }
        if gave_up:
            tail = "\n".join(read_last_lines(self._log_path, 15))
            minutes = settings.failure_window / 60
            reason = f"{reason}, {len(failures)} times in {minutes:.0f} minutes; end of the log:\n{tail}"
            for member in members:
                self._update_deployment(member, state="failed", reason=reason)
            log.error("giving up on engine %s: %s", self.name, reason)
        else:
            log.warning("%s; engine %s restarts in %.0f s", reason, self.name, backoff)
            for member in members:
                self._update_deployment(member, state="starting", reason=f"{reason}; restarting")
        # Written after the deployments, so that no deployment is ready without a process.
        self._update_engine(**STOPPED_VALUES, state="failed" if gave_up else "stopped", **engine_values)

    def _terminate(self, engine: RowMapping) -> None:
        if engine["pid"]:
            engine_launcher.terminate([(engine["pid"], engine["started"])])
            log.info("stopped engine %s, process %d", self.name, engine["pid"])
        if self.process is not None:
            self.process.poll()
            self.process = None
        if engine["launch"]:
            self._lease_path(engine["launch"]).unlink(missing_ok=True)

    def _describe_exit(self) -> str:
        code = self.process.poll() if self.process else None
        self.process = None
        if code is None:
            return "unknown exit code, because an earlier supervisor started it"
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def _client(self, engine: RowMapping) -> EngineClient:
        if self.cached_client is None or self.cached_client[0] != engine["url"]:
            if self.cached_client:
                self.cached_client[1].close()
            self.cached_client = (engine["url"], EngineClient(engine["url"], engine["token"]))
        return self.cached_client[1]

    def _adapter_folder(self, ref: str) -> str:
        if ref not in self.adapter_folders:
            self.adapter_folders[ref] = str(self._model_folder(ref))
        return self.adapter_folders[ref]

    def _model_folder(self, ref: str) -> Path:
        with self.dependencies.database.scope(self.project_id) as connection:
            return self.dependencies.model_folder(connection, ref)

    @property
    def _log_path(self) -> Path:
        return engine_launcher.engine_log_path(self.dependencies.settings.home, self.name)

    def _lease_path(self, launch: UUID) -> Path:
        return self.dependencies.settings.home / "engines" / f"{launch}.lease"

    def _renew_lease(self, engine: RowMapping) -> None:
        lease = self._lease_path(engine["launch"])
        try:
            os.utime(lease)
        except FileNotFoundError:
            lease.parent.mkdir(parents=True, exist_ok=True)
            lease.touch()

    def _update_engine(self, **values: Any) -> None:
        with self.dependencies.database.scope(self.project_id) as connection:
            tables.upsert_engine(connection, self.name, **values)

    def _set_states(self, members: Sequence[RowMapping], state: str, *, only: set[str]) -> None:
        for member in members:
            if member["state"] in only and member["state"] != state:
                self._update_deployment(member, state=state, reason=None)

    def _update_deployment(self, member: RowMapping, **values: Any) -> None:
        with self.dependencies.database.scope(self.project_id) as connection:
            tables.update_desired_deployment(
                connection, member["name"], model=member["model"], **values, updated_at=now()
            )


def _seconds_since(moment: datetime) -> float:
    return (now() - moment).total_seconds()
