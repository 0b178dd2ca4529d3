"""Routes of the sources of knowledge bases. Part of the knowledge API."""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, UploadFile

from vong.api.http.dependencies import CurrentUser
from vong.api.http.knowledge_access import BaseReader
from vong.app import knowledge_sources as sources_app
from vong.app.knowledge_sources import SourceCreate, SourceUpdate
from vong.knowledge.sources import items, store
from vong.knowledge.sources.definitions import ItemOutcome, KnowledgeSource, SourceItem, SourceSync
from vong.records import Job, Record

routes = APIRouter(prefix="/api/v1/knowledge", tags=["knowledge"], dependencies=[BaseReader])


class SyncRequest(Record):
    """Options of a sync. `force` also deletes more than half of the documents of the source."""

    force: bool = False


class SourceDeleted(Record):
    """Result of deleting a source: how many documents were deleted with it."""

    documents: int


@routes.get("/bases/{base}/sources")
def list_sources(base: str, context: CurrentUser) -> list[KnowledgeSource]:
    """List the sources of a base by name, with their state and newest sync."""
    with context.project_transaction() as connection:
        return sources_app.list_all(connection, base)


@routes.post("/bases/{base}/sources", status_code=201)
def create_source(base: str, body: SourceCreate, context: CurrentUser) -> KnowledgeSource:
    """Create a source of documents. The base is created if it is new; a sync reads the documents."""
    with context.project_transaction() as connection:
        return sources_app.create(context.platform, connection, base, body, context.principal)


@routes.get("/bases/{base}/sources/{name}")
def get_source(base: str, name: str, context: CurrentUser) -> KnowledgeSource:
    """Return a source with its state and newest sync."""
    with context.project_transaction() as connection:
        return sources_app.get(connection, base, name)


@routes.patch("/bases/{base}/sources/{name}")
def update_source(base: str, name: str, body: SourceUpdate, context: CurrentUser) -> KnowledgeSource:
    """Change settings, secret or schedule of a source, pause or resume it."""
    with context.project_transaction() as connection:
        return sources_app.update(context.platform, connection, base, name, body, context.principal)


@routes.delete("/bases/{base}/sources/{name}")
def delete_source(base: str, name: str, context: CurrentUser, keep_documents: bool = False) -> SourceDeleted:
    """Delete a source with its documents, or without them if `keep_documents` is set."""
    with context.project_transaction() as connection:
        deleted = sources_app.delete(connection, base, name, keep_documents=keep_documents)
    return SourceDeleted(documents=deleted)


@routes.put("/bases/{base}/sources/{name}/archive")
def upload_source_archive(base: str, name: str, file: UploadFile, context: CurrentUser) -> KnowledgeSource:
    """Upload the ZIP file of a source of the kind `notion_export`. The next sync reads it."""
    with tempfile.TemporaryDirectory(prefix="vong-export-") as folder:
        archive = Path(folder) / "export.zip"
        with archive.open("wb") as target:
            shutil.copyfileobj(file.file, target)
        with context.project_transaction() as connection:
            return sources_app.set_archive(context.platform, connection, base, name, archive, context.principal)


@routes.post("/bases/{base}/sources/{name}/sync", status_code=202)
def sync_source(base: str, name: str, context: CurrentUser, body: SyncRequest | None = None) -> Job:
    """Start a sync of a source. The job result counts added, changed, unchanged, deleted and failed documents."""
    force = body is not None and body.force
    with context.project_transaction() as connection:
        return sources_app.start_sync(connection, base, name, force=force, key=context.idempotency_key)


@routes.get("/bases/{base}/sources/{name}/syncs")
def list_source_syncs(
    base: str, name: str, context: CurrentUser, limit: Annotated[int, Query(ge=1, le=200)] = 20
) -> list[SourceSync]:
    """List the syncs of a source, newest first, with their counts and reasons."""
    with context.project_transaction() as connection:
        return store.list_syncs(connection, sources_app.get(connection, base, name).id, limit)


@routes.get("/bases/{base}/sources/{name}/items")
def list_source_items(
    base: str,
    name: str,
    context: CurrentUser,
    outcome: ItemOutcome | None = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[SourceItem]:
    """List the pages or files of a source by key, with what the newest sync did and why. `after` is the last key."""
    with context.project_transaction() as connection:
        source = store.get_source(connection, base, name)
        return items.list_items(connection, source.id, outcome=outcome, after=after, limit=limit)
