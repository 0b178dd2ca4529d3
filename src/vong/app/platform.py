"""What one process of Vong holds: its settings, its database pool, its blobs."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Connection

from vong import access
from vong.config import Settings
from vong.errors import Misconfigured
from vong.records import Score, now
from vong.store.blobs import BlobStore
from vong.store.database import Database
from vong.store.spans.writer import SpanWriter

if TYPE_CHECKING:
    from vong.client import Client
    from vong.gateway.gateway import Gateway
    from vong.traces.otlp_exporter import OtlpExporter

INTERNAL_KEY = "internal"
INTERNAL_KEY_LIFE = timedelta(days=7)


@dataclass
class Platform:
    """The parts of one process. Each is made when first used, so that a command pays only for what it touches."""

    settings: Settings
    on_score: list[Callable[["Platform", UUID, Score], None]] = field(default_factory=list)
    """What happens after a score is stored (a canary looks at it)."""
    exports: "Sequence[OtlpExporter]" = ()
    """Where the spans of this process's calls are sent on to."""

    gateway: "Gateway | None" = None
    """Who answers the model calls of this process; None where it answers none."""

    @cached_property
    def database(self) -> Database:
        """The pool on the one database."""
        if not self.settings.database_url:
            raise Misconfigured("no database is running", "start Vong with: vong up")
        return Database(self.settings.database_url)

    @cached_property
    def blobs(self) -> BlobStore:
        """The content-addressed bytes."""
        return BlobStore(self.settings.blobs)

    @cached_property
    def journal(self) -> SpanWriter:
        """The writer of this process's spans."""
        folder, size = self.settings.folder / "journal", self.settings.journal_size
        return SpanWriter(self.database, folder=folder if size else None, disk=size)

    @contextmanager
    def scope(self, project_id: UUID) -> Generator[Connection]:
        """One transaction in one project."""
        with self.database.scope(project_id) as connection:
            yield connection

    def client(self, project_id: UUID, *, patience: float = 120.0) -> "Client":
        """A client of this very server, with a key of its own that expires: how jobs use the public API.

        `patience` is how many seconds it waits for a server that is restarting.
        """
        from vong.client import Client  # with its HTTP library: only jobs need it

        with self.scope(project_id) as connection:
            access.forget_expired(connection, INTERNAL_KEY)
            made = access.create_key(connection, INTERNAL_KEY, expires_at=now() + INTERNAL_KEY_LIFE)
        return Client(self.settings.server_url, made.secret, patience=patience)

    def close(self) -> None:
        """Give back what is held."""
        if "journal" in self.__dict__:
            self.journal.close()
        if "database" in self.__dict__:
            self.database.close()
