"""Temporary PostgreSQL server for benchmarks."""

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from vong import access
from vong.store.database import Database
from vong.store.migrate import migrate
from vong.store.postgres import server as postgres_server


@contextmanager
def database() -> Generator[tuple[Database, UUID]]:
    """Provide a new, migrated database and a project in it."""
    folder = Path(tempfile.mkdtemp(prefix="vong-bench-"))
    try:
        db = Database(postgres_server.start(folder / "postgres"), pool=4)
        migrate(db)
        with db.owner() as connection:
            project = access.create_project(connection, "default").id
        yield db, project
        db.close()
    finally:
        postgres_server.stop(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)
