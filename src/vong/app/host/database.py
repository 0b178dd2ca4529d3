"""The database as the supervisor sees it: running, at the newest schema, with an owner; and free of engines at the end.

The supervisor imports this file when the server's process has been started, so that both load their code side by side.
"""

import logging
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from vong import serving
from vong.app.host import bootstrap
from vong.store.database import Database
from vong.store.migrate import migrate
from vong.store.postgres import server as postgres_server

log = logging.getLogger(__name__)


def folder(home: Path) -> Path:
    """Where the embedded PostgreSQL of a home lies."""
    return home / "postgres"


def prepare(url: str | None, home: Path) -> tuple[str, bootstrap.InitialCredentials | None]:
    """Start the embedded PostgreSQL (where no URL of another is given), bring it to the newest schema, and make project
    and owner where there are none. Gives the database's URL, and what the owner is shown once.
    """
    url = url or postgres_server.start(folder(home))
    database = Database(url, pool=1)
    try:
        migrate(database, home / "backups")
        return url, bootstrap.prepare(database, home)
    finally:
        database.close()


def close(url: str | None, home: Path) -> None:
    """End the engines of this machine, then the embedded PostgreSQL (another's goes on)."""
    embedded = url is None
    if embedded and postgres_server.alive(folder(home)):
        url = postgres_server.start(folder(home))
    if url:
        stop_engines(url)
    if embedded:
        postgres_server.stop(folder(home))


def stop_engines(url: str) -> None:
    """End the engines of this machine. A database that is away is no reason not to stop the rest."""
    database = Database(url, pool=1)
    try:
        serving.stop_all(database)
    except DBAPIError as error:
        log.warning("the engines' list cannot be read: %s", error)
    finally:
        database.close()
