"""Shared resources of one process: settings, database pool, blob store, span writer."""

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
from vong.errors import GateRejected, Misconfigured
from vong.records import Score, now
from vong.store.blobs import BlobStore
from vong.store.database import Database
from vong.store.spans.writer import SpanWriter

if TYPE_CHECKING:
    from vong.client import Client
    from vong.gateway.gateway import Gateway
    from vong.gateway.providers import Provider
    from vong.pipelines.execution.executor import PipelineExecutor
    from vong.traces.otlp_exporter import OtlpExporter

INTERNAL_KEY_NAME = "internal"
INTERNAL_KEY_LIFETIME = timedelta(days=7)
CLIENT_RETRY_SECONDS = 120.0
"""Seconds for which a job retries a request while the server restarts."""


@dataclass
class Platform:
    """Shared resources of one process. Each is created on first use, so that a command pays only for what it uses."""

    settings: Settings
    score_listeners: "list[ScoreListener]" = field(default_factory=list)
    """Listeners that are called after a score is stored, for example to evaluate canaries."""
    provider_loaders: "list[ProviderLoader]" = field(default_factory=list)
    """Functions that return providers of a project beside the stored ones, such as its published pipelines."""
    exporters: "Sequence[OtlpExporter]" = ()
    """Exporters for the spans of this process's calls."""

    gateway: "Gateway | None" = None
    """Gateway of this process, or None if the process serves no model calls."""

    pipelines: "PipelineExecutor | None" = None
    """Executor of pipeline runs of this process, or None if the process executes none."""

    @cached_property
    def database(self) -> Database:
        """Return the connection pool of the database."""
        if not self.settings.database_url:
            raise Misconfigured("no database is running", "start Vong with: vong up")
        return Database(self.settings.database_url)

    @cached_property
    def blobs(self) -> BlobStore:
        """Return the content-addressed blob store."""
        return BlobStore(self.settings.blob_store_url)

    @cached_property
    def span_writer(self) -> SpanWriter:
        """Return the span writer of this process."""
        folder, size = self.settings.home_folder / "journal", self.settings.span_buffer_bytes
        return SpanWriter(self.database, folder=folder if size else None, max_disk_bytes=size)

    @contextmanager
    def scope(self, project_id: UUID) -> Generator[Connection]:
        """Open a transaction in one project. If a gate rejects a change, the rejection is stored after the rollback."""
        try:
            with self.database.scope(project_id) as connection:
                yield connection
        except GateRejected as error:
            from vong.evals import gate_store  # most transactions reject nothing

            with self.database.scope(project_id) as connection:
                gate_store.add_rejection(connection, error.decision)
            raise

    def load_project_providers(self, project_id: UUID, connection: Connection) -> "dict[str, Provider]":
        """Return the providers of the connection's project beside the stored ones, by name."""
        providers: dict[str, Provider] = {}
        for load in self.provider_loaders:
            providers |= load(self, project_id, connection)
        return providers

    def apply_routing_change(self, project_id: UUID) -> None:
        """Apply a committed change of a project's routing to the next model call of this process."""
        if self.gateway is not None:
            self.gateway.on_change(project_id)

    def client(self, project_id: UUID) -> "Client":
        """Return a client of this server with an expiring key, through which jobs use the public API."""
        from vong.client import Client  # imports an HTTP library that only jobs need

        with self.scope(project_id) as connection:
            access.delete_expired_keys(connection, INTERNAL_KEY_NAME)
            created = access.create_key(connection, INTERNAL_KEY_NAME, expires_at=now() + INTERNAL_KEY_LIFETIME)
        return Client(self.settings.server_url, created.secret, retry_seconds=CLIENT_RETRY_SECONDS)

    def close(self) -> None:
        """Close the span writer and the database pool if they were opened."""
        if "span_writer" in self.__dict__:
            self.span_writer.close()
        if "database" in self.__dict__:
            self.database.close()


ScoreListener = Callable[[Platform, UUID, Score], None]
"""Function that is called after a score is stored."""
ProviderLoader = Callable[[Platform, UUID, Connection], "dict[str, Provider]"]
"""Function that returns providers of the connection's project, by name."""
