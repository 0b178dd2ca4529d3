"""What one process of Vong holds: its settings, its database pool, its blobs."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from sqlalchemy import Connection

from vong.config import Settings
from vong.errors import Misconfigured
from vong.store.blobs import Blobs
from vong.store.database import Database


@dataclass
class Platform:
    """The parts of one process. Each is made when first used, so that a command pays only for what it touches."""

    settings: Settings

    @cached_property
    def database(self) -> Database:
        """The pool on the one database."""
        if not self.settings.database_url:
            raise Misconfigured("no database is running", "start Vong with: vong up")
        return Database(self.settings.database_url)

    @cached_property
    def blobs(self) -> Blobs:
        """The content-addressed bytes."""
        return Blobs(self.settings.blobs)

    @contextmanager
    def scope(self, project_id: UUID) -> Generator[Connection]:
        """One transaction in one project."""
        with self.database.scope(project_id) as connection:
            yield connection

    def close(self) -> None:
        """Give back what is held."""
        if "database" in self.__dict__:
            self.database.close()
