"""A throw-away PostgreSQL and a server on it, for measurements."""

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from vong import access
from vong.store import postgres
from vong.store.database import Database
from vong.store.migrate import migrate


@contextmanager
def database() -> Generator[tuple[Database, UUID]]:
    """A fresh, migrated database and a project in it."""
    folder = Path(tempfile.mkdtemp(prefix="vong-bench-"))
    try:
        opened = Database(postgres.start(folder / "postgres"), pool=4)
        migrate(opened)
        with opened.owner() as connection:
            project = access.create_project(connection, "default").id
        yield opened, project
        opened.close()
    finally:
        postgres.stop(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)
