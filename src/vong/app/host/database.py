"""Database lifecycle for the supervisor: start, migrate, bootstrap, and stop after the engines.

The supervisor imports this module after it has started the server process, so that both load their code in parallel.
"""

import logging
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from vong import serving
from vong.app.host import bootstrap
from vong.errors import Unavailable
from vong.serving import engine_launcher
from vong.store.database import Database
from vong.store.migrate import migrate
from vong.store.postgres import server as postgres_server

log = logging.getLogger(__name__)


def postgres_folder(home: Path) -> Path:
    """Return the folder of the embedded PostgreSQL of a home."""
    return home / "postgres"


def prepare(url: str | None, home: Path) -> tuple[str, bootstrap.InitialCredentials | None]:
    """Start the embedded PostgreSQL unless a URL is given, migrate the schema and bootstrap the first project.

    Returns the database URL, and the owner's credentials on the first start.
    """
    url = url or postgres_server.start(postgres_folder(home))
    database = Database(url, pool=1)
    try:
        migrate(database, home / "backups")
        return url, bootstrap.prepare(database, home)
    finally:
        database.close()


def running_url(url: str | None, home: Path) -> str:
    """Return the URL of the given database, or of the embedded PostgreSQL if it runs.

    Raises: Unavailable if no database is running.
    """
    if url is None and not postgres_server.is_running(postgres_folder(home)):
        raise Unavailable(f"no database is running from {home}", "start Vong with: vong up")
    return url or postgres_server.start(postgres_folder(home))


def shut_down(url: str | None, home: Path, machine: str | None = None) -> None:
    """Stop the engines of this machine, then the embedded PostgreSQL. An external database keeps running."""
    embedded = url is None
    if embedded and postgres_server.is_running(postgres_folder(home)):
        url = postgres_server.start(postgres_folder(home))
    if url:
        stop_engines(url, machine)
    if embedded:
        postgres_server.stop(postgres_folder(home))


def stop_engines(url: str, machine: str | None = None) -> None:
    """Stop the engines of this machine. An unavailable database is only logged: the other processes must still stop."""
    database = Database(url, pool=1)
    try:
        serving.stop_all(database, machine=machine or engine_launcher.DEFAULT_MACHINE)
    except DBAPIError as error:
        log.warning("cannot read the list of engines: %s", error)
    finally:
        database.close()
