"""Sources of knowledge bases connected to jobs, stored secrets, the ingestion of documents and the schedule."""

import logging
import tempfile
import threading
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import Field, SecretStr
from sqlalchemy import Connection, func, select

from vong import jobs
from vong.access.principal import Principal
from vong.app import knowledge_ingestion
from vong.app.periodic import repeat
from vong.app.platform import Platform
from vong.errors import Conflict, Forbidden, InvalidInput, JobCancelled, VongError
from vong.jobs.context import JobContext
from vong.knowledge.documents import check_base_exists, check_base_name, delete_document, ensure_base
from vong.knowledge.sources import items, store
from vong.knowledge.sources.connector import Connector
from vong.knowledge.sources.connectors import ConnectorServices, check_settings, open_connector, secret_origin
from vong.knowledge.sources.definitions import KnowledgeSource
from vong.knowledge.sources.http.addresses import AddressPolicy
from vong.knowledge.sources.settings import NotionExportSettings, SourceKind, parse_settings
from vong.knowledge.sources.sync import SourceSynchronizer, SyncServices
from vong.knowledge.tables import documents
from vong.records import Job, Record, new_id
from vong.records.job import FINAL_STATUSES
from vong.records.name import check_name
from vong.store.encryption import SecretBox, lock_secrets
from vong.store.schema import PROJECT_SETTING

log = logging.getLogger(__name__)

SYNC_JOB = "knowledge.sync"
SCHEDULE_SECONDS = 15.0
"""Time between two looks at the schedule of all sources."""
MIN_HOURS, MAX_HOURS = 0.25, 24.0 * 366


class SourceCreate(Record):
    """Source to create. `settings` are those of its kind.

    `secret` is a Notion token, `ACCESS_KEY:SECRET_KEY` of a bucket, or the `Authorization` header of web pages.
    `every_hours` repeats the sync.
    """

    name: str
    kind: SourceKind
    settings: dict[str, Any] = {}
    secret: SecretStr | None = Field(default=None, max_length=10_000)
    every_hours: float | None = Field(default=None, ge=MIN_HOURS, le=MAX_HOURS)


class SourceUpdate(Record):
    """Fields of a source to change. Omitted fields, and omitted settings, keep their values.

    `secret` null removes the secret, `every_hours` null the schedule. `paused` stops the scheduled syncs.
    """

    settings: dict[str, Any] = {}
    secret: SecretStr | None = Field(default=None, max_length=10_000)
    every_hours: float | None = Field(default=None, ge=MIN_HOURS, le=MAX_HOURS)
    paused: bool = False


def create(
    platform: Platform, connection: Connection, base: str, new: SourceCreate, principal: Principal
) -> KnowledgeSource:
    """Store a source, and create its base if that is new.

    Raises: InvalidInput if a setting is invalid; Forbidden if an address or folder is refused; Conflict if the name is
    taken.
    """
    check_base_name(base)
    check_name(new.name, "source")
    settings = parse_settings(new.kind, new.settings)
    _check_role(new.kind, principal)
    check_settings(settings, _services(platform))
    ensure_base(connection, base)
    source = store.create_source(
        connection, store.NewSource(base, new.name, new.kind, settings, new.every_hours), principal.actor
    )
    if new.secret is not None and new.secret.get_secret_value():
        _set_secret(platform, connection, source, new.secret.get_secret_value())
    return store.get_source(connection, base, new.name)


def update(
    platform: Platform, connection: Connection, base: str, name: str, changes: SourceUpdate, principal: Principal
) -> KnowledgeSource:
    """Change a source.

    Raises: as `create` does; InvalidInput if a stored secret would be sent to another address.
    """
    source = store.get_source(connection, base, name, lock=True)
    _check_role(source.kind, principal)
    given = changes.model_fields_set
    values: dict[str, Any] = {field: getattr(changes, field) for field in ("every_hours", "paused") if field in given}
    if "settings" in given:
        settings = parse_settings(source.kind, {**source.settings, **changes.settings})
        check_settings(settings, _services(platform))
        earlier = parse_settings(source.kind, source.settings)
        if source.secret_set and "secret" not in given and secret_origin(earlier) != secret_origin(settings):
            raise InvalidInput("a stored secret is never sent to another address", "send the secret again")
        if settings != earlier:
            values["settings"] = settings.model_dump(mode="json")
            items.reset_validators(connection, source.id)
    if values:
        store.update_source(connection, source.id, values)
    if "secret" in given:
        secret = changes.secret.get_secret_value() if changes.secret else ""
        _set_secret(platform, connection, source, secret)
    changed = store.get_source(connection, base, name)
    if given & {"every_hours", "paused"}:
        store.schedule_next(connection, changed)
    return store.get_source(connection, base, name)


def set_archive(
    platform: Platform, connection: Connection, base: str, name: str, archive: Path, principal: Principal
) -> KnowledgeSource:
    """Store the export of a source of the kind `notion_export`, which the next sync reads.

    Raises: InvalidInput if the source is of another kind or the file is no ZIP file.
    """
    source = store.get_source(connection, base, name, lock=True)
    if source.kind != "notion_export":
        raise InvalidInput(f"source {name!r} is of kind {source.kind!r}, which has no archive", "use a notion_export")
    _check_role(source.kind, principal)
    with archive.open("rb") as file:
        if file.read(4) not in (b"PK\x03\x04", b"PK\x05\x06"):
            raise InvalidInput("the export is not a ZIP file", "upload the file that Notion exported")
    settings = NotionExportSettings(archive=platform.blobs.put_file(archive))
    store.update_source(connection, source.id, {"settings": settings.model_dump(mode="json")})
    return store.get_source(connection, base, name)


def delete(connection: Connection, base: str, name: str, *, keep_documents: bool = False) -> int:
    """Delete a source with its documents, and return how many were deleted. A running sync is cancelled."""
    source = store.get_source(connection, base, name, lock=True)
    active = store.find_active_sync(connection, source.id)
    if active is not None and jobs.get(connection, active.job_id).status not in FINAL_STATUSES:
        jobs.cancel(connection, active.job_id)
    query = select(documents.c.path).where(documents.c.base == base, documents.c.source_id == source.id)
    paths = [] if keep_documents else list(connection.scalars(query))
    for path in paths:
        delete_document(connection, base, path)
    if keep_documents:
        connection.execute(documents.update().where(documents.c.source_id == source.id).values(source_id=None))
    store.delete_source(connection, source.id)
    return len(paths)


def start_sync(connection: Connection, base: str, name: str, *, force: bool = False, key: str | None = None) -> Job:
    """Queue the sync of a source.

    A repeated call with the same `key` returns the same job.

    Raises: Conflict if a sync of the source is queued or running.
    """
    source = store.get_source(connection, base, name, lock=True)
    end_interrupted(connection, source.id)
    sync_id = new_id()
    job = jobs.submit(connection, SYNC_JOB, {"base": base, "source": name, "sync": str(sync_id)}, key=key)
    if job.params.get("sync") != str(sync_id):
        return job
    active = store.find_active_sync(connection, source.id)
    if active is not None:
        raise Conflict(
            f"source {name!r} is being synchronized by job {active.job_id}",
            f"wait for it, or cancel it with: vong jobs cancel {active.job_id}",
        )
    store.create_sync(connection, source.id, sync_id, job.id, force=force)
    store.schedule_next(connection, source)
    return job


def end_interrupted(connection: Connection, source_id: UUID) -> None:
    """Record that a sync has ended whose job was cancelled or failed before it could do so itself."""
    active = store.find_active_sync(connection, source_id)
    if active is None:
        return
    job = jobs.get(connection, active.job_id)
    if job.status in FINAL_STATUSES:
        state = "cancelled" if job.status == "cancelled" else "failed"
        hint = f"start it again; the log: vong jobs logs {job.id}"
        store.finish_sync(connection, active.id, state, job.error or f"the job was {job.status}", hint)


def sync(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `knowledge.sync`: synchronize a source with its base."""
    base, sync_id = job.params["base"], UUID(job.params["sync"])
    with platform.scope(job.project_id) as connection:
        record = store.get_sync(connection, sync_id)
        source = store.find_source(connection, record.source_id)
    services = SyncServices(
        scope=lambda: platform.scope(job.project_id),
        put_blob=platform.blobs.put,
        check=job.check,
        progress=lambda done, total, item: job.progress(done, total, unit="items", message=item),
        on_stored=lambda: _ingest(platform, job.project_id, base),
    )
    connector: Connector | None = None
    try:
        try:
            connector = _open(platform, job, source)
        except VongError as error:
            with platform.scope(job.project_id) as connection:
                store.finish_sync(connection, sync_id, "failed", error.message, error.hint)
            raise
        report = SourceSynchronizer(services, source, record, connector).run()
    except JobCancelled:
        if job.is_cancelled:
            with platform.scope(job.project_id) as connection:
                hint = "start it again; pages that were read are not read again if they have not changed"
                store.finish_sync(connection, sync_id, "cancelled", "the sync was cancelled", hint)
        raise
    finally:
        if connector is not None:
            connector.close()
    counts = {name: getattr(report, name) for name in ("total", *store.COUNTED_OUTCOMES)}
    job.progress(report.total, report.total, unit="items")
    return {"base": base, "source": source.name, "sync": str(sync_id), **counts, "incomplete": report.incomplete}


def run_schedule(platform: Platform, stop: threading.Event) -> None:
    """Start the syncs that are due, until `stop` is set. Runs in a thread of the worker."""
    repeat("schedule of knowledge sources", lambda: start_due(platform), stop, seconds=SCHEDULE_SECONDS)


def start_due(platform: Platform) -> int:
    """Start the scheduled syncs that are due, and return their number. Several workers may do this."""
    with platform.database.owner() as connection:
        due = store.list_due(connection)
    started = 0
    for one in due:
        try:
            started += _start_one(platform, one)
        except VongError as error:
            log.warning("the sync of source %s of base %s cannot be started: %s", one.name, one.base, error)
    return started


def _start_one(platform: Platform, due: store.DueSource) -> bool:
    """Start a sync that is due. Returns False if another worker has started it, or an earlier one still runs."""
    try:
        with platform.scope(due.project_id) as connection:
            if not store.is_due(store.get_source(connection, due.base, due.name, lock=True)):
                return False
            start_sync(connection, due.base, due.name)
    except Conflict:
        with platform.scope(due.project_id) as connection:
            store.schedule_next(connection, store.get_source(connection, due.base, due.name))
        return False
    return True


def get(connection: Connection, base: str, name: str) -> KnowledgeSource:
    """Return a source. Raises NotFound if the base has none of this name."""
    end_interrupted(connection, store.get_source(connection, base, name).id)
    return store.get_source(connection, base, name)


def list_all(connection: Connection, base: str) -> list[KnowledgeSource]:
    """Return the sources of a base by name. Raises NotFound if there is no such base."""
    check_base_exists(connection, base)
    for source in store.list_sources(connection, base):
        end_interrupted(connection, source.id)
    return store.list_sources(connection, base)


def _open(platform: Platform, job: JobContext, source: KnowledgeSource) -> Connector:
    with platform.scope(job.project_id) as connection:
        encrypted = store.load_secret(connection, source.id)
    secret = None
    if encrypted is not None:
        context = store.encryption_context(job.project_id, source.id)
        secret = SecretBox(platform.settings.home_folder).decrypt(encrypted, context)
    settings = parse_settings(source.kind, source.settings)
    services = _services(platform, secret, job.stop_event)
    if isinstance(settings, NotionExportSettings) and settings.archive:
        with tempfile.TemporaryDirectory(prefix="vong-export-") as folder:
            archive = platform.blobs.fetch(settings.archive, Path(folder) / "export.zip")
            # The open file stays readable after its folder is deleted.
            return open_connector(settings, services, archive.open("rb"))
    return open_connector(settings, services)


def _services(platform: Platform, secret: str | None = None, stop: threading.Event | None = None) -> ConnectorServices:
    settings = platform.settings
    policy = AddressPolicy(settings.knowledge_allowed_hosts)
    return ConnectorServices(policy, tuple(settings.knowledge_folders), secret, stop or threading.Event())


def _ingest(platform: Platform, project_id: UUID, base: str) -> None:
    """Queue the loading of the documents that were stored, unless a job that will load them is queued already."""
    with platform.scope(project_id) as connection:
        queued = jobs.list_jobs(connection, status="queued", kind=knowledge_ingestion.INGEST_JOB, limit=200)
        if not any(job.params == {"base": base} for job in queued):
            knowledge_ingestion.submit(connection, base)


def _check_role(kind: SourceKind, principal: Principal) -> None:
    if kind == "folder" and principal.role != "owner":
        raise Forbidden("only an owner may use a folder of the server as a source", "ask an owner to create the source")


def _set_secret(platform: Platform, connection: Connection, source: KnowledgeSource, secret: str) -> None:
    if not secret.isprintable() or not secret.isascii():
        raise InvalidInput("the secret contains characters that a header cannot hold", "paste it without line breaks")
    encrypted = None
    if secret:
        lock_secrets(connection)
        project_id = UUID(connection.scalar(select(func.current_setting(PROJECT_SETTING))))
        context = store.encryption_context(project_id, source.id)
        encrypted = SecretBox(platform.settings.home_folder).encrypt(secret, context)
    store.update_source(connection, source.id, {"secret": encrypted})
