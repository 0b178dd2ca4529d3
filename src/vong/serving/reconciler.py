"""Supervisor of the engine processes of this machine.

The supervisor runs as a thread of the worker. In turn with the supervisors of other machines it schedules replicas
(`scheduler`), and it starts and ends those of its machine. All state that must survive a kill -9 is in the tables, so
that the next supervisor adopts the running engines. An advisory lock allows one supervisor per machine; others wait.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection, RowMapping
from sqlalchemy.exc import SQLAlchemyError

from vong.serving import engine_launcher, ray_cluster, replica_tables, tables
from vong.serving.engine_process import EngineDependencies, EngineProcess, SupervisorSettings
from vong.serving.machine_info import MachineInfo
from vong.serving.scheduler import schedule
from vong.serving.versions import ServedVersion, served_versions
from vong.store.database import Database

log = logging.getLogger(__name__)

IDLE_INTERVAL_FACTOR = 3
"""Factor of the interval between rounds while there is no deployment, to reduce load on an idle machine."""
CONCURRENT_REPLICAS = 8
"""Replicas that are reconciled at the same time: one that downloads its model does not delay the others."""
HEARTBEAT_SECONDS = 4.0


def supervise(
    database: Database,
    model_folder: Callable[[Connection, ServedVersion, str], Path],
    settings: SupervisorSettings,
    stop: threading.Event,
    ray: ray_cluster.RayCluster | None = None,
) -> None:
    """Supervise all engines of this machine until `stop` is set. They continue to run, until the next supervisor.

    `model_folder` returns the folder with the files that an engine loads for a model, by its ref: the base or the
    adapter of a version of a deployment. The supervisor also manages the applications of deployments on `ray`.
    """
    dependencies = EngineDependencies(database, model_folder, settings)
    while not stop.is_set():
        try:
            with database.engine.connect() as lock:
                lock.execution_options(isolation_level="AUTOCOMMIT")
                lock.detach()  # not pooled, because a pooled connection would hold the lock
                with suppress(SQLAlchemyError):  # a Unix socket has no keepalive
                    lock.execute(replica_tables.KEEPALIVE_QUERY)
                while not replica_tables.try_lock_machine(lock, settings.machine):
                    if stop.wait(max(settings.interval, 1.0)):
                        return
                _supervise_while_locked(dependencies, lock, stop, ray)
        except SQLAlchemyError as error:
            log.warning("the database is unavailable; engines continue to run: %s", str(error).splitlines()[0])
        # Boundary of this thread: one failed round must not end the supervision.
        except Exception:
            log.exception("a round of supervision failed")
        stop.wait(1.0)


def stop_all(database: Database, *, machine: str = engine_launcher.DEFAULT_MACHINE, grace: float = 10.0) -> int:
    """End all engine processes of this machine and return their number.

    Their replicas are placed on another machine, or here by the next supervisor.
    """
    with database.owner() as connection:
        running = [row for row in replica_tables.list_replicas(connection, machine=machine) if row["pid"]]
        replica_tables.clear_processes(connection, machine)
        replica_tables.delete_machine(connection, machine)
    engine_launcher.terminate([(row["pid"], row["started"]) for row in running], grace=grace)
    return len(running)


def drain(database: Database, machine: str, *, timeout: float, poll_seconds: float = 0.5) -> None:
    """Let the replicas of a machine end after their last calls, and wait until they have, at most `timeout` seconds.

    The supervisor of the machine must run. No replica is placed on the machine any longer.
    """
    with database.owner() as connection:
        tables.lock_scheduling(connection)
        replica_tables.update_machine(connection, machine, application=ray_cluster.LEAVING)
        replica_tables.drain_machine(connection, machine)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with database.owner() as connection:
            if not replica_tables.list_replicas(connection, machine=machine):
                return
        time.sleep(poll_seconds)


@dataclass
class Reconciler:
    """Supervised replicas of this machine, cached in memory between rounds."""

    dependencies: EngineDependencies
    processes: dict[tuple[UUID, str, int], EngineProcess] = field(
        default_factory=dict[tuple[UUID, str, int], EngineProcess]
    )
    running: dict[tuple[UUID, str, int], "Future[None]"] = field(
        default_factory=dict[tuple[UUID, str, int], "Future[None]"]
    )
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(CONCURRENT_REPLICAS, "engine"))

    def reconcile_all(self) -> None:
        """Reconcile every replica of this machine once. A replica whose last step still runs is skipped."""
        database, settings = self.dependencies.database, self.dependencies.settings
        with database.owner() as connection:
            rows = replica_tables.list_replicas(connection, machine=settings.machine)
            deployments = tables.list_desired(connection) if rows else []
        versions: dict[tuple[UUID, str], list[ServedVersion]] = {}
        for deployment in deployments:
            for version in served_versions(deployment):
                versions.setdefault((version.project_id, version.engine_key), []).append(version)
        for row in rows:
            self._submit(row, versions.get((row["project_id"], row["engine_key"]), []))
        wait(self.running.values(), timeout=settings.interval)
        self._forget_missing(rows)

    def _submit(self, row: RowMapping, versions: list[ServedVersion]) -> None:
        key = (row["project_id"], row["engine_key"], row["number"])
        if key in self.running and not self.running[key].done():
            return
        process = self.processes.setdefault(key, EngineProcess(self.dependencies, *key))
        self.running[key] = self.pool.submit(_reconcile, process, row, versions)

    def _forget_missing(self, rows: list[RowMapping]) -> None:
        """Forget replicas that are not on this machine any longer. Their engines end with their leases."""
        current = {(row["project_id"], row["engine_key"], row["number"]) for row in rows}
        for key in self.processes.keys() - current:
            if self.running[key].done():
                self.processes.pop(key).release()
                self.running.pop(key)
        if all(future.done() for future in self.running.values()):
            settings = self.dependencies.settings
            with self.dependencies.database.owner() as connection:
                rows = replica_tables.list_replicas(connection, machine=settings.machine)
            launches = {str(row["launch"]) for row in rows if row["launch"]}
            engine_launcher.remove_unused_leases(settings.home, settings.machine, launches)


def _reconcile(process: EngineProcess, row: RowMapping, versions: list[ServedVersion]) -> None:
    try:
        process.reconcile(row, versions)
    except SQLAlchemyError as error:
        log.warning("engine %s: the database is unavailable: %s", process.name, str(error).splitlines()[0])
    # Boundary of one step: a failed step must not end the supervision of other replicas.
    except Exception:
        log.exception("a step of engine %s failed", process.name)


def _supervise_while_locked(
    dependencies: EngineDependencies, lock: Connection, stop: threading.Event, ray: ray_cluster.RayCluster | None
) -> None:
    """Send heartbeats and repeat rounds while the lock is held."""
    database, settings = dependencies.database, dependencies.settings
    info = MachineInfo(settings.machine, settings.address, settings.application)
    ended = threading.Event()
    with database.owner() as connection:
        info.record(connection)
        replica_tables.adopt_replicas(connection, settings.machine)
    threads = [threading.Thread(target=_send_heartbeats, args=(database, info, settings, ended), name="heartbeat")]
    if ray is not None:
        threads.append(threading.Thread(target=ray_cluster.run, args=(database, ray, ended), name="ray"))
    for thread in threads:
        thread.start()
    reconciler, connected_at = Reconciler(dependencies), time.monotonic()
    try:
        while not stop.is_set():
            started = time.monotonic()
            lock.execute(replica_tables.PING_QUERY)  # fails if the connection, and with it the lock, is lost
            may_judge = started - connected_at > settings.overdue
            is_used = schedule(database, overdue_seconds=settings.overdue, may_judge=may_judge)
            if is_used:
                reconciler.reconcile_all()
            interval = settings.interval if is_used else IDLE_INTERVAL_FACTOR * settings.interval
            stop.wait(max(interval, 2 * (time.monotonic() - started)))
    finally:
        ended.set()
        for thread in threads:
            thread.join()
        reconciler.pool.shutdown(wait=True, cancel_futures=True)


def _send_heartbeats(
    database: Database, info: MachineInfo, settings: SupervisorSettings, ended: threading.Event
) -> None:
    while not ended.wait(min(HEARTBEAT_SECONDS, settings.overdue / 4)):
        try:
            with database.owner() as connection:
                info.record(connection)
        except SQLAlchemyError as error:
            log.warning("the heartbeat of this machine failed: %s", str(error).splitlines()[0])
