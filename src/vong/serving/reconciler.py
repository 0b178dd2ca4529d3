"""Reconciler of the engine processes of this machine with the desired state in `serving_deployments`.

The reconciler runs as a thread of the worker. All state that must survive a kill -9 is in the tables, so that the next
supervisor adopts the running engines. An advisory lock allows one supervisor per database; others wait for the lock.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from vong.serving import engine_launcher, tables
from vong.serving.engine_process import EngineDependencies, EngineProcess, SupervisorSettings
from vong.store.database import Database

log = logging.getLogger(__name__)

IDLE_INTERVAL_FACTOR = 3
"""Factor of the interval between rounds while there is no deployment, to reduce load on an idle machine."""


def supervise(
    database: Database,
    model_folder: Callable[[Connection, str], Path],
    settings: SupervisorSettings,
    stop: threading.Event,
) -> None:
    """Supervise all engines until `stop` is set. Engines continue to run, and the next supervisor adopts them.

    `model_folder` returns the folder with the files of a model version by its ref.
    """
    dependencies = EngineDependencies(database, model_folder, settings)
    while not stop.is_set():
        try:
            with database.engine.connect() as lock:
                lock.execution_options(isolation_level="AUTOCOMMIT")
                lock.detach()  # not pooled, because a pooled connection would hold the lock
                while not lock.scalar(tables.TRY_LOCK_QUERY):
                    if stop.wait(max(settings.interval, 1.0)):
                        return
                _reconcile_while_locked(Reconciler(dependencies), lock, stop)
        except SQLAlchemyError as error:
            log.warning("the database is unavailable; engines continue to run: %s", str(error).splitlines()[0])
        # Boundary of this thread: one failed round must not end the supervision.
        except Exception:
            log.exception("a round of supervision failed")
        stop.wait(1.0)


def stop_all(database: Database, *, grace: float = 10.0) -> int:
    """End all engine processes of this machine and return their number. The next supervisor starts them again."""
    with database.owner() as connection:
        engines = [row for row in tables.list_engines(connection) if row["pid"]]
        engine_launcher.terminate([(row["pid"], row["started"]) for row in engines], grace=grace)
        tables.clear_processes(connection)
    return len(engines)


@dataclass
class Reconciler:
    """Supervised engine processes, cached in memory between rounds."""

    dependencies: EngineDependencies
    processes: dict[tuple[UUID, str], EngineProcess] = field(default_factory=dict[tuple[UUID, str], EngineProcess])

    def reconcile_all(self) -> bool:
        """Reconcile every engine process once. Returns False if there is none."""
        database, has_any = self.dependencies.database, False
        with database.owner() as connection:
            projects = tables.list_active_projects(connection)
        for project_id in projects:
            with database.scope(project_id) as connection:
                engines = {row["engine_key"]: row for row in tables.list_engines(connection)}
                desired = [row for row in tables.list_desired(connection) if row["state"] != "failed"]
            for name in sorted({*engines, *(row["engine_key"] for row in desired)}):
                has_any = True
                key = (project_id, name)
                process = self.processes.setdefault(key, EngineProcess(self.dependencies, project_id, name))
                process.reconcile(engines.get(name), [row for row in desired if row["engine_key"] == name])
        return has_any


def _reconcile_while_locked(reconciler: Reconciler, lock: Connection, stop: threading.Event) -> None:
    """Repeat rounds while the lock is held."""
    tick = reconciler.dependencies.settings.interval
    while not stop.is_set():
        started = time.monotonic()
        lock.execute(tables.PING_QUERY)  # fails if the connection, and with it the lock, is lost
        interval = tick if reconciler.reconcile_all() else IDLE_INTERVAL_FACTOR * tick
        stop.wait(max(interval, 2 * (time.monotonic() - started)))
