"""One replica: an engine process on this machine. Start, supervision, models, drain and termination."""

import logging
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from vong.errors import InvalidInput, UpstreamFailed, VongError
from vong.log_files import read_last_lines
from vong.processes import find_process
from vong.records import new_id, now
from vong.serving import engine_launcher, replica_tables, tables
from vong.serving.engine import EngineSettings
from vong.serving.engine_client import EngineClient
from vong.serving.engine_load import LoadReport
from vong.serving.engine_speed import EngineSpeed
from vong.serving.machine_info import free_memory
from vong.serving.replica_tables import NO_PROCESS, is_older
from vong.serving.versions import FilesPending, ServedVersion
from vong.store.database import Database

log = logging.getLogger(__name__)

STORED_LOG_LINES = 100
"""Last lines of the log that are stored when a process ends, because other machines cannot read its file."""


@dataclass(frozen=True)
class SupervisorSettings:
    """Settings of the supervision of engines. Times are in seconds.

    `machine` is the name of this machine, `address` the one on which its engines listen. An engine that ended is
    restarted after 1, 2, 4 … seconds (`first_backoff`), at most `max_backoff`. After `max_failures` ends within
    `failure_window` the replica fails. An engine that does not answer for `answer_timeout` is killed, and one with work
    that computes nothing for `stall_timeout`; an idle one generates a token every `check_interval`. Loading a model may
    take `load_timeout`. `threads` applies to deployments without this setting (0: default of the engine).

    `application` is the Ray Serve application to which this machine belongs; None for a machine with a worker.

    A replica that ends takes no new calls for `drain_grace` and then waits for its running calls, at most
    `drain_timeout`. A machine without a heartbeat for `overdue` counts as lost.
    """

    home: Path
    threads: int = 0
    interval: float = 1.0
    first_backoff: float = 1.0
    max_backoff: float = 60.0
    max_failures: int = 5
    failure_window: float = 600.0
    answer_timeout: float = 60.0
    stall_timeout: float = 120.0
    check_interval: float = 30.0
    load_timeout: float = 900.0
    machine: str = engine_launcher.DEFAULT_MACHINE
    address: str = "127.0.0.1"
    application: str | None = None
    drain_grace: float = 3.0
    drain_timeout: float = 600.0
    overdue: float = replica_tables.OVERDUE_SECONDS


@dataclass(frozen=True)
class EngineDependencies:
    """Dependencies of all engine processes."""

    database: Database
    model_folder: Callable[[Connection, ServedVersion, str], Path]
    settings: SupervisorSettings


@dataclass
class EngineProcess:
    """One replica. `reconcile` takes one step towards the desired state and records the observed state."""

    dependencies: EngineDependencies
    project_id: UUID
    engine_key: str
    number: int
    process: "subprocess.Popen[bytes] | None" = None
    cached_client: tuple[str, EngineClient] | None = None
    adapter_folders: dict[str, str] = field(default_factory=dict[str, str])
    load: LoadReport = field(default_factory=LoadReport)
    unused_since: dict[str, float] = field(default_factory=dict[str, float])
    """Since when each loaded model belongs to no version."""
    checked_at: float = 0.0
    """Time of the last health check for which the engine generated a token."""

    @property
    def name(self) -> str:
        """Return the name of the replica in logs."""
        return f"{self.engine_key} replica {self.number}"

    def reconcile(self, replica: RowMapping, versions: Sequence[ServedVersion]) -> None:
        """Take one step. `replica` is the stored row, `versions` are what its engine should serve."""
        if replica["state"] in {"draining", "stopping"}:
            self._drain(replica)
        elif replica["restart"]:
            self._terminate(replica)
            self._update(**NO_PROCESS, state="pending", restart=False, reason=None)
        elif replica["state"] == "failed":
            return
        elif not replica["url"]:
            self._launch_when_due(replica, versions)
        else:
            self._supervise(replica, versions)

    def release(self) -> None:
        """Forget a replica that is not on this machine any longer. Its engine ends, because its lease is removed."""
        if self.cached_client:
            self.cached_client[1].close()
        if self.process is not None:
            self.process.poll()

    def _launch_when_due(self, replica: RowMapping, versions: Sequence[ServedVersion]) -> None:
        if not versions or (replica["retry_at"] and replica["retry_at"] > now()):
            return
        try:
            folder = self._model_folder(versions[0], versions[0].base)
        except FilesPending as pending:
            if replica["reason"] != pending.message:
                self._update(reason=pending.message)
            return
        except (VongError, OSError) as error:
            self._record_end(replica, f"the files of the model are unavailable: {error}")
            return
        self._launch(versions[0], folder)

    def _launch(self, version: ServedVersion, folder: Path) -> None:
        settings = self.dependencies.settings
        values = version.settings.engine_settings()
        values["threads"] = values["threads"] or settings.threads
        engine_settings = EngineSettings(**values)
        address, launch = engine_launcher.reserve_address(settings.address), new_id()
        self.adapter_folders.clear()
        self.unused_since.clear()
        self.load = LoadReport(speed=EngineSpeed())
        # Recorded before the start, so that the next supervisor finds the engine if this one dies in between.
        timestamp = now()
        new_process: dict[str, Any] = {"url": address.url, "token": address.token, "launch": launch}
        is_ours = self._update(
            **{**NO_PROCESS, **new_process},
            state="starting",
            launched_at=timestamp,
            answered_at=timestamp,
            since=timestamp,
            retry_at=None,
        )
        if not is_ours:
            address.socket.close()
            return
        self.process = engine_launcher.start_engine(
            version.engine,
            folder,
            engine_settings,
            address,
            lease=engine_launcher.lease_path(settings.home, launch),
            log=self._log_path,
            machine=settings.machine,
        )
        log.info("started engine %s as process %d", self.name, self.process.pid)
        process = find_process(self.process.pid)
        self._update(pid=self.process.pid, started=process.create_time() if process else time.time())

    def _supervise(self, replica: RowMapping, versions: Sequence[ServedVersion]) -> None:
        """Check that the process runs and answers, and synchronize what it serves."""
        if self.process is not None:
            self.process.poll()
        alive = bool(replica["pid"]) and find_process(replica["pid"], replica["started"]) is not None
        if replica["pid"] and not alive:
            self._record_end(replica, f"the engine ended ({self._describe_exit()})")
            return
        self._renew_lease(replica)
        client = self._client(replica)
        try:
            health = client.health(generate=self._is_check_due())
        except (UpstreamFailed, InvalidInput) as error:
            self._handle_no_answer(replica, str(error))
            return
        if health.get("stalled_seconds", 0) > self.dependencies.settings.stall_timeout:
            self._terminate(replica)
            self._record_end(replica, f"the engine computed nothing for {health['stalled_seconds']:.0f} s")
            return
        models: list[str] = []
        if health["state"] == "ready":
            models = self._sync_models(client, health, versions)
        elif health["state"] == "loading" and is_older(replica["launched_at"], self.dependencies.settings.load_timeout):
            self._terminate(replica)
            timeout = self.dependencies.settings.load_timeout
            self._record_end(replica, f"the model did not load within {timeout:g} s")
            return
        self._record_health(replica, health, models, alive)

    def _record_health(self, replica: RowMapping, health: dict[str, Any], models: list[str], alive: bool) -> None:
        values: dict[str, Any] = {}
        if not alive:  # the supervisor that started it died before recording the pid
            process = find_process(int(health["pid"]))
            values |= {"pid": health["pid"], "started": process.create_time() if process else time.time()}
            log.info("adopted engine %s as process %d", self.name, health["pid"])
        state = "ready" if health["state"] == "ready" else "starting"
        if replica["state"] != state:
            values |= {"state": state, "reason": None, "since": now()}
        if models != replica["models"]:
            values["models"] = models
        values |= self.load.changes(health, is_forced=bool(values))
        if values:
            self._update(**values)
        if measured := self.load.measured_speed(health):
            with self.dependencies.database.scope(self.project_id) as connection:
                tables.add_speed(connection, replica["engine_key"], measured)

    def _is_check_due(self) -> bool:
        """Return True if an idle engine is to generate a token with this health check."""
        current = time.monotonic()
        if current - self.checked_at < self.dependencies.settings.check_interval:
            return False
        self.checked_at = current
        return True

    def _handle_no_answer(self, replica: RowMapping, reason: str) -> None:
        """Stop a process that does not answer. Without a recorded pid the timeout is 10 s: nothing may be listening."""
        timeout = self.dependencies.settings.answer_timeout if replica["pid"] else 10.0
        if is_older(replica["answered_at"], timeout):
            self._terminate(replica)
            self._record_end(replica, reason)

    def _sync_models(
        self, client: EngineClient, health: dict[str, Any], versions: Sequence[ServedVersion]
    ) -> list[str]:
        """Load the models of all versions and unload unused ones. Return the names that the engine serves for them."""
        served: dict[str, str | None] = health["models"]
        self._unload_unused(client, health, {version.served_name for version in versions})
        loaded: list[str] = []
        for version in versions:
            name = version.served_name
            try:
                folder = None if version.model == version.base else self._adapter_folder(version)
                fields = version.settings.defaults.fields()
                if name not in served or served[name] != folder or health.get("defaults", {}).get(name, {}) != fields:
                    client.serve(name, folder, fields)
            except FilesPending:
                continue
            except UpstreamFailed as error:
                log.warning("engine %s failed to load %r: %s", self.name, name, error)
            except (VongError, OSError) as error:
                self._record_rejection(version, str(error))
            else:
                loaded.append(name)
        return sorted(set(loaded))

    def _unload_unused(self, client: EngineClient, health: dict[str, Any], wanted: set[str]) -> None:
        """Unload models that belong to no version, after the calls that use them."""
        settings, current = self.dependencies.settings, time.monotonic()
        unused = set(health["models"]) - wanted
        self.unused_since = {name: self.unused_since.get(name, current) for name in unused}
        is_quiet = not health["active"] and not health["waiting"]
        for name, since in self.unused_since.items():
            if current - since > (settings.drain_grace if is_quiet else settings.drain_timeout):
                client.stop_serving(name)

    def _record_rejection(self, version: ServedVersion, reason: str) -> None:
        """Record that the engine rejects the model of a version."""
        if version.is_previous:
            log.warning("engine %s cannot load %r: %s", self.name, version.served_name, reason)
            return
        with self.dependencies.database.scope(self.project_id) as connection:
            tables.update_desired_deployment(
                connection, version.name, model=version.model, state="failed", reason=reason, updated_at=now()
            )

    def _drain(self, replica: RowMapping) -> None:
        """End a process after its last call, and delete its row."""
        settings = self.dependencies.settings
        alive = bool(replica["pid"]) and find_process(replica["pid"], replica["started"]) is not None
        if replica["state"] == "draining" and alive and not is_older(replica["since"], settings.drain_timeout):
            self._renew_lease(replica)
            if not is_older(replica["since"], settings.drain_grace) or self._is_busy(replica):
                return
        # Recorded first, so that the replica is not used again from now on.
        if not self._update(only_state=replica["state"], state="stopping"):
            return
        self._terminate(replica)
        free = free_memory()
        with self.dependencies.database.owner() as connection:
            # In one transaction, so that the scheduler does not evict a second engine for memory that is free already.
            replica_tables.update_machine(connection, settings.machine, **free)
            tables.enter_project(connection, self.project_id)
            replica_tables.delete_replica(connection, self.engine_key, self.number)

    def _is_busy(self, replica: RowMapping) -> bool:
        """Return True if the engine computes or queues a call. An engine that does not answer is not busy."""
        try:
            health = self._client(replica).health()
        except (UpstreamFailed, InvalidInput):
            return False
        return bool(health["active"] or health["waiting"])

    def _record_end(self, replica: RowMapping, reason: str) -> None:
        """Record that the process ended: schedule a restart, or give up after too many failures."""
        settings = self.dependencies.settings
        window_start = time.time() - settings.failure_window
        failures = [*(at for at in replica["failures"] if at > window_start), time.time()]
        backoff = min(settings.max_backoff, settings.first_backoff * 2 ** (len(failures) - 1))
        gave_up = len(failures) >= settings.max_failures
        log_end = read_last_lines(self._log_path, STORED_LOG_LINES)
        if gave_up:
            tail = "\n".join(log_end[-15:])
            minutes = settings.failure_window / 60
            reason = f"{reason}, {len(failures)} times in {minutes:.0f} minutes; end of the log:\n{tail}"
            log.error("giving up on engine %s: %s", self.name, reason)
        else:
            log.warning("%s; engine %s restarts in %.0f s", reason, self.name, backoff)
            reason = f"{reason}; restarting"
        self._update(
            **NO_PROCESS,
            state="failed" if gave_up else "pending",
            reason=reason,
            failures=[] if gave_up else failures,
            log_end="\n".join(log_end),
            restarts=replica["restarts"] + 1,
            retry_at=None if gave_up else now() + timedelta(seconds=backoff),
        )

    def _terminate(self, replica: RowMapping) -> None:
        if replica["pid"]:
            engine_launcher.terminate([(replica["pid"], replica["started"])])
            log.info("stopped engine %s, process %d", self.name, replica["pid"])
        if self.process is not None:
            self.process.poll()
            self.process = None
        if replica["launch"]:
            engine_launcher.lease_path(self.dependencies.settings.home, replica["launch"]).unlink(missing_ok=True)

    def _describe_exit(self) -> str:
        code = self.process.poll() if self.process else None
        self.process = None
        if code is None:
            return "unknown exit code, because an earlier supervisor started it"
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def _client(self, replica: RowMapping) -> EngineClient:
        if self.cached_client is None or self.cached_client[0] != replica["url"]:
            if self.cached_client:
                self.cached_client[1].close()
            self.cached_client = (replica["url"], EngineClient(replica["url"], replica["token"]))
        return self.cached_client[1]

    def _adapter_folder(self, version: ServedVersion) -> str:
        ref = version.model
        if ref not in self.adapter_folders:
            self.adapter_folders[ref] = str(self._model_folder(version, ref))
        return self.adapter_folders[ref]

    def _model_folder(self, version: ServedVersion, ref: str) -> Path:
        with self.dependencies.database.scope(self.project_id) as connection:
            return self.dependencies.model_folder(connection, version, ref)

    @property
    def _log_path(self) -> Path:
        return engine_launcher.engine_log_path(self.dependencies.settings.home, self.engine_key, self.number)

    def _renew_lease(self, replica: RowMapping) -> None:
        lease = engine_launcher.lease_path(self.dependencies.settings.home, replica["launch"])
        try:
            os.utime(lease)
        except FileNotFoundError:
            engine_launcher.create_lease(lease, self.dependencies.settings.machine)

    def _update(self, *, only_state: str | None = None, **values: Any) -> bool:
        """Update the row of this replica. Returns False if the replica is not on this machine any longer."""
        with self.dependencies.database.scope(self.project_id) as connection:
            return replica_tables.update_replica(
                connection,
                self.engine_key,
                self.number,
                on_machine=self.dependencies.settings.machine,
                only_state=only_state,
                **values,
            )
