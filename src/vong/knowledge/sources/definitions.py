"""Records of sources: definitions, syncs and items."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from vong.knowledge.sources.settings import SourceKind
from vong.records import Record

SyncState = Literal["queued", "running", "finished", "stopped", "failed", "cancelled"]
SourceState = Literal["new", "queued", "syncing", "ready", "failed", "cancelled"]
ItemOutcome = Literal["added", "changed", "unchanged", "deleted", "failed", "skipped"]
ACTIVE_SYNC_STATES = ("queued", "running")


class SourceSync(Record):
    """Synchronization of a source with its base.

    `state` is `stopped` if the sync would have deleted more than half of the documents; nothing was deleted then.
    `incomplete` states why pages may be missing, so that no document was deleted. `skipped` counts pages that a rule
    excludes, for example robots.txt, and duplicates.
    """

    id: UUID
    source_id: UUID
    job_id: UUID
    state: SyncState
    force: bool
    total: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    failed: int = 0
    skipped: int = 0
    incomplete: str | None = None
    reason: str | None = None
    hint: str | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None


class KnowledgeSource(Record):
    """Source of documents of a knowledge base.

    `state` is that of the newest sync. `documents` counts the documents of the source. `secret_set` is true if a secret
    is stored: a Notion token, `ACCESS_KEY:SECRET_KEY` of a bucket or the `Authorization` header of web pages.
    """

    id: UUID
    base: str
    name: str
    kind: SourceKind
    settings: dict[str, Any]
    secret_set: bool
    every_hours: float | None = None
    paused: bool = False
    state: SourceState = "new"
    documents: int = 0
    next_sync_at: datetime | None = None
    last_sync: SourceSync | None = None
    created_by: str
    created_at: datetime
    updated_at: datetime


class SourceItem(Record):
    """Page or file of a source, with what the newest sync did with it.

    `key` is its address, id or path in the source, `path` that of its document. `reason` and `hint` explain an item
    that failed or was skipped. An item that failed keeps its earlier document.
    """

    key: str
    path: str | None = None
    url: str | None = None
    title: str = ""
    language: str = ""
    outcome: ItemOutcome | None = None
    reason: str | None = None
    hint: str | None = None
    checked_at: datetime | None = None
    changed_at: datetime | None = None
