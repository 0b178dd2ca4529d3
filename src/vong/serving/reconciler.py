"""The reconciler: brings the engine processes of this machine to what `serving_deployments` asks for.

It runs as a thread of the worker. It keeps no truth of its own: whatever it must know after a kill -9 is in the tables,
so the next supervisor adopts the engines that still run. One supervisor works on a database at a time, by an advisory
lock; the others wait for their turn.
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

CALM = 3
"""Without a deployment a round comes this many times more seldom: an idle machine should stay idle."""


def supervise(
    database: Database,
    model_folder: Callable[[Connection, str], Path],
    settings: SupervisorSettings,
    stop: threading.Event,
) -> None:
    """Look after all engines until `stop` is set, and leave them running then: the next supervisor adopts them.

    `model_folder` gives the folder with a model version's files, by its ref.
    """
    places = EngineDependencies(database, model_folder, settings)
    while not stop.is_set():
        try:
            with database.engine.connect() as lock:
                lock.execution_options(isolation_level="AUTOCOMMIT")
                lock.detach()  # closed at the end and not pooled: a pooled connection would go on holding the lock
                while not lock.scalar(tables.LOCK):
                    if stop.wait(max(settings.tick, 1.0)):
                        return
                _watch(Reconciler(places), lock, stop)
        except SQLAlchemyError as error:
            log.warning("the database does not answer; engines go on meanwhile: %s", str(error).splitlines()[0])
        # The boundary of this thread: deployments must not go unsupervised because one round failed.
        except Exception:
            log.exception("a round of supervision failed")
        stop.wait(1.0)


def stop_all(database: Database, *, grace: float = 10.0) -> int:
    """End every engine process of this machine; how many there were. They start again with the next supervisor."""
    with database.owner() as connection:
        engines = [row for row in tables.all_engines(connection) if row["pid"]]
        engine_launcher.end([(row["pid"], row["started"]) for row in engines], grace=grace)
        tables.forget_processes(connection)
    return len(engines)


@dataclass
class Reconciler:
    """The groups under supervision, as far as memory of them makes the work quicker."""

    places: EngineDependencies
    groups: dict[tuple[UUID, str], EngineProcess] = field(default_factory=dict[tuple[UUID, str], EngineProcess])

    def round(self) -> bool:
        """Look at every group once. Whether there is any."""
        database, found = self.places.database, False
        with database.owner() as connection:
            projects = tables.projects(connection)
        for project_id in projects:
            with database.scope(project_id) as connection:
                engines = {row["group"]: row for row in tables.all_engines(connection)}
                wanted = [row for row in tables.wanted(connection) if row["state"] != "failed"]
            for name in sorted({*engines, *(row["group"] for row in wanted)}):
                found = True
                key = (project_id, name)
                group = self.groups.setdefault(key, EngineProcess(self.places, project_id, name))
                group.reconcile(engines.get(name), [row for row in wanted if row["group"] == name])
        return found


def _watch(watch: Reconciler, lock: Connection, stop: threading.Event) -> None:
    """Round after round, as long as the lock is held."""
    tick = watch.places.settings.tick
    while not stop.is_set():
        began = time.monotonic()
        lock.execute(tables.HELD)  # fails when the connection, and with it the lock, is gone
        pause = tick if watch.round() else CALM * tick
        stop.wait(max(pause, 2 * (time.monotonic() - began)))
