"""Storage of source definitions and their syncs."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from vong.errors import Conflict, NotFound, did_you_mean
from vong.knowledge.sources.definitions import ACTIVE_SYNC_STATES, KnowledgeSource, SourceState, SourceSync, SyncState
from vong.knowledge.sources.settings import SourceKind
from vong.knowledge.sources.tables import items, sources, syncs
from vong.knowledge.tables import documents
from vong.records import Record, new_id, now

SYNC_COLUMNS = [syncs.c[name] for name in SourceSync.model_fields]
STATES: dict[SyncState, SourceState] = {
    "queued": "queued",
    "running": "syncing",
    "finished": "ready",
    "stopped": "failed",
    "failed": "failed",
    "cancelled": "cancelled",
}
COUNTED_OUTCOMES = ("added", "changed", "unchanged", "deleted", "failed", "skipped")


class NewSource(NamedTuple):
    """Definition of a source to create."""

    base: str
    name: str
    kind: SourceKind
    settings: Record
    every_hours: float | None = None


class DueSource(NamedTuple):
    """Source whose scheduled sync is due."""

    project_id: UUID
    base: str
    name: str


def create_source(connection: Connection, new: NewSource, actor: str) -> KnowledgeSource:
    """Store a source. Its first scheduled sync is due at once.

    Raises: Conflict if the base has a source of this name.
    """
    taken = (sources.c.base == new.base) & (sources.c.name == new.name)
    if connection.scalar(select(sources.c.id).where(taken)) is not None:
        raise Conflict(
            f"knowledge base {new.base!r} has a source named {new.name!r}",
            f"choose another name, or delete it with: vong knowledge sources delete {new.base} {new.name}",
        )
    at = now()
    values = {
        "id": new_id(),
        "base": new.base,
        "name": new.name,
        "kind": new.kind,
        "settings": new.settings.model_dump(mode="json"),
        "every_hours": new.every_hours,
        "paused": False,
        "next_sync_at": at if new.every_hours else None,
        "created_by": actor,
        "created_at": at,
        "updated_at": at,
    }
    connection.execute(insert(sources).values(values))
    return get_source(connection, new.base, new.name)


def update_source(connection: Connection, id: UUID, values: Mapping[str, Any]) -> None:
    """Change columns of a source."""
    connection.execute(update(sources).where(sources.c.id == id).values({**values, "updated_at": now()}))


def get_source(connection: Connection, base: str, name: str, *, lock: bool = False) -> KnowledgeSource:
    """Return a source with its newest sync. Raises NotFound if the base has no source of this name."""
    query = select(sources).where(sources.c.base == base, sources.c.name == name)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        names = list(connection.scalars(select(sources.c.name).where(sources.c.base == base)))
        raise NotFound(
            f"knowledge base {base!r} has no source named {name!r}",
            did_you_mean(name, names, f"vong knowledge sources list {base}"),
        )
    return _to_sources(connection, [row])[0]


def find_source(connection: Connection, id: UUID) -> KnowledgeSource:
    """Return a source by its id. Raises NotFound if it was deleted."""
    row = connection.execute(select(sources).where(sources.c.id == id)).mappings().first()
    if row is None:
        raise NotFound(f"no source {str(id)!r}", "it was deleted")
    return _to_sources(connection, [row])[0]


def list_sources(connection: Connection, base: str | None = None) -> list[KnowledgeSource]:
    """Return the sources of the project, or of one base, by base and name."""
    query = select(sources).order_by(sources.c.base, sources.c.name)
    if base is not None:
        query = query.where(sources.c.base == base)
    return _to_sources(connection, connection.execute(query).mappings().all())


def delete_source(connection: Connection, id: UUID) -> None:
    """Delete a source with its items and syncs. Its documents stay."""
    connection.execute(delete(sources).where(sources.c.id == id))


def load_secret(connection: Connection, id: UUID) -> bytes | None:
    """Return the encrypted secret of a source. Returns None if it has none."""
    return connection.scalar(select(sources.c.secret).where(sources.c.id == id))


def encryption_context(project_id: UUID, id: UUID) -> str:
    """Return the name for which the secret of a source is encrypted."""
    return f"{project_id}/knowledge-source/{id}"


def list_due(connection: Connection) -> list[DueSource]:
    """Return the sources of all projects whose scheduled sync is due. Requires a connection of the owner."""
    columns = (sources.c.project_id, sources.c.base, sources.c.name)
    due = (sources.c.next_sync_at <= now()) & ~sources.c.paused
    return [DueSource(*row) for row in connection.execute(select(*columns).where(due).limit(100))]


def is_due(source: KnowledgeSource) -> bool:
    """Return whether the scheduled sync of a source is due."""
    return not source.paused and source.next_sync_at is not None and source.next_sync_at <= now()


def schedule_next(connection: Connection, source: KnowledgeSource) -> None:
    """Set the time of the next scheduled sync."""
    due = now() + timedelta(hours=source.every_hours) if source.every_hours else None
    connection.execute(update(sources).where(sources.c.id == source.id).values(next_sync_at=due))


def create_sync(connection: Connection, source_id: UUID, sync_id: UUID, job_id: UUID, *, force: bool) -> None:
    """Store a queued sync. The caller has checked that the source has no active one."""
    zeros = {name: 0 for name in ("total", *COUNTED_OUTCOMES)}
    values = {"id": sync_id, "source_id": source_id, "job_id": job_id, "state": "queued", "force": force}
    connection.execute(insert(syncs).values({**values, **zeros, "listed": False, "created_at": now()}))


def get_sync(connection: Connection, id: UUID) -> SourceSync:
    """Return a sync. Raises NotFound if it was deleted with its source."""
    row = connection.execute(select(*SYNC_COLUMNS).where(syncs.c.id == id)).mappings().first()
    if row is None:
        raise NotFound(f"no sync {str(id)!r}", "its source was deleted")
    return _with_counts(connection, SourceSync.model_validate(dict(row)))


def list_syncs(connection: Connection, source_id: UUID, limit: int = 20) -> list[SourceSync]:
    """Return the syncs of a source, newest first."""
    query = select(*SYNC_COLUMNS).where(syncs.c.source_id == source_id).order_by(syncs.c.id.desc()).limit(limit)
    rows = connection.execute(query).mappings()
    return [_with_counts(connection, SourceSync.model_validate(dict(row))) for row in rows]


def update_sync(connection: Connection, id: UUID, values: Mapping[str, Any]) -> None:
    """Change columns of a sync."""
    connection.execute(update(syncs).where(syncs.c.id == id).values(dict(values)))


def is_listed(connection: Connection, id: UUID) -> bool:
    """Return whether a sync has listed all items that the source names itself."""
    return bool(connection.scalar(select(syncs.c.listed).where(syncs.c.id == id)))


def finish_sync(connection: Connection, id: UUID, state: SyncState, reason: str | None = None, hint: str = "") -> None:
    """Store the outcome and the counts of a sync."""
    sync = get_sync(connection, id)
    counts = {name: getattr(sync, name) for name in ("total", *COUNTED_OUTCOMES)}
    values = {"state": state, "reason": reason, "hint": hint or None, "finished_at": now()}
    update_sync(connection, id, {**counts, **values})


def _with_counts(connection: Connection, sync: SourceSync) -> SourceSync:
    """Count the items of a sync that has not ended."""
    if sync.finished_at is not None:
        return sync
    # An item that is gone is only deleted at the end of the sync.
    gone = (items.c.outcome == "deleted") & items.c.path.is_not(None)
    mine = (items.c.source_id == sync.source_id) & (items.c.sync_id == sync.id)
    rows = connection.execute(select(items.c.outcome, func.count()).where(mine & ~gone).group_by(items.c.outcome))
    counts = {outcome: count for outcome, count in rows if outcome in COUNTED_OUTCOMES}
    listed = mine & (items.c.pending | (items.c.outcome != "deleted"))
    total = connection.scalar(select(func.count()).select_from(items).where(listed)) or 0
    return sync.model_copy(update={**counts, "total": total})


def _to_sources(connection: Connection, rows: Sequence[RowMapping]) -> list[KnowledgeSource]:
    ids = [row["id"] for row in rows]
    others = syncs.alias()
    last_id = select(others.c.id).where(others.c.source_id == syncs.c.source_id).order_by(others.c.id.desc()).limit(1)
    is_last = syncs.c.id == last_id.correlate(syncs).scalar_subquery()
    newest = select(*SYNC_COLUMNS).where(syncs.c.source_id.in_(ids), is_last)
    found = connection.execute(newest).mappings().all()
    last = {row["source_id"]: _with_counts(connection, SourceSync.model_validate(dict(row))) for row in found}
    query = select(documents.c.source_id, func.count()).where(documents.c.source_id.in_(ids))
    counts = {id: count for id, count in connection.execute(query.group_by(documents.c.source_id))}
    return [_to_source(row, last.get(row["id"]), counts.get(row["id"], 0)) for row in rows]


def _to_source(row: RowMapping, sync: SourceSync | None, count: int) -> KnowledgeSource:
    stored = set(KnowledgeSource.model_fields) - {"secret_set", "state", "documents", "last_sync"}
    return KnowledgeSource(
        **{name: row[name] for name in stored},
        secret_set=row["secret"] is not None,
        state=STATES[sync.state] if sync else "new",
        documents=count,
        last_sync=sync,
    )


def find_active_sync(connection: Connection, source_id: UUID) -> SourceSync | None:
    """Return the sync of a source that is queued or running. Returns None if there is none."""
    query = select(*SYNC_COLUMNS).where(syncs.c.source_id == source_id, syncs.c.state.in_(ACTIVE_SYNC_STATES))
    row = connection.execute(query).mappings().first()
    return SourceSync.model_validate(dict(row)) if row else None
