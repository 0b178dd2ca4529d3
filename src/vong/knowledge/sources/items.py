"""Storage of the items of sources: what was listed, read and stored."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, case, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.knowledge.sources.connector import FetchedItem, KnownItem, ListedItem, UnchangedItem
from vong.knowledge.sources.definitions import ItemOutcome, SourceItem
from vong.knowledge.sources.tables import items
from vong.records import now

ITEM_COLUMNS = [items.c[name] for name in SourceItem.model_fields]
MAX_STORED_LINKS = 5000
"""Links of a page that are stored. They are followed if the page has not changed or cannot be read."""
MAX_REASON_CHARS = 1000


class StoredItem(NamedTuple):
    """Item with what was stored at its last success. `path` is that of its document."""

    known: KnownItem
    path: str | None
    hash: str | None
    links: tuple[ListedItem, ...]


def register_items(connection: Connection, source_id: UUID, sync_id: UUID, listed: Iterable[ListedItem]) -> int:
    """Add items to a sync that it does not have yet, and return how many were added."""
    unique = {item.key: item for item in listed}
    if not unique:
        return 0
    rows = [
        {
            "source_id": source_id,
            "key": item.key,
            "sync_id": sync_id,
            "listed_revision": item.revision,
            "depth": item.depth,
            "pending": True,
            "title": item.title,
            "url": item.url,
            "language": "",
            "links": [],
        }
        for item in sorted(unique.values())
    ]
    statement = upsert(items).values(rows)
    new = statement.excluded
    changes = {name: new[name] for name in ("sync_id", "listed_revision", "depth", "pending")}
    changes |= {"outcome": None, "reason": None, "hint": None}
    statement = statement.on_conflict_do_update(
        index_elements=["source_id", "key"], set_=changes, where=items.c.sync_id.is_distinct_from(sync_id)
    )
    return len(connection.execute(statement.returning(items.c.key)).all())


def count_items(connection: Connection, source_id: UUID, sync_id: UUID) -> int:
    """Return the number of items of a sync."""
    where = (items.c.source_id == source_id) & (items.c.sync_id == sync_id)
    return connection.scalar(select(func.count()).select_from(items).where(where)) or 0


def next_pending(connection: Connection, source_id: UUID, sync_id: UUID, limit: int) -> list[StoredItem]:
    """Return the next items of a sync to read, those near the start first."""
    where = (items.c.source_id == source_id) & (items.c.sync_id == sync_id) & items.c.pending
    rows = connection.execute(select(items).where(where).order_by(items.c.depth, items.c.key).limit(limit)).mappings()
    return [_to_stored(row) for row in rows]


def find_item(connection: Connection, source_id: UUID, key: str) -> StoredItem | None:
    """Return an item by its key. Returns None if there is none."""
    row = connection.execute(select(items).where(items.c.source_id == source_id, items.c.key == key)).mappings().first()
    return _to_stored(row) if row else None


def is_in_sync(connection: Connection, source_id: UUID, sync_id: UUID, key: str) -> bool:
    """Return whether a sync already has an item of this key."""
    where = (items.c.source_id == source_id) & (items.c.key == key) & (items.c.sync_id == sync_id)
    return connection.scalar(select(items.c.key).where(where)) is not None


def is_pending(connection: Connection, source_id: UUID, sync_id: UUID, key: str) -> bool:
    """Return whether a sync has not read an item yet."""
    where = (items.c.source_id == source_id) & (items.c.key == key) & (items.c.sync_id == sync_id) & items.c.pending
    return connection.scalar(select(items.c.key).where(where)) is not None


def is_path_taken(connection: Connection, source_id: UUID, path: str, key: str) -> bool:
    """Return whether another item of the source has a document of this path."""
    where = (items.c.source_id == source_id) & (items.c.path == path) & (items.c.key != key)
    return connection.scalar(select(items.c.key).where(where).limit(1)) is not None


def set_all_unchanged(connection: Connection, source_id: UUID, keys: Sequence[str]) -> None:
    """Record that items have not changed."""
    values = {"pending": False, "outcome": "unchanged", "reason": None, "hint": None, "checked_at": now()}
    connection.execute(update(items).where(items.c.source_id == source_id, items.c.key.in_(keys)).values(values))


def set_outcome(
    connection: Connection, source_id: UUID, key: str, outcome: ItemOutcome, reason: str | None = None, hint: str = ""
) -> None:
    """Record what a sync did with an item."""
    values: dict[str, Any] = {"pending": False, "outcome": outcome, "checked_at": now()}
    values |= {"reason": reason and reason[:MAX_REASON_CHARS], "hint": hint or None}
    _update(connection, source_id, key, values)


def set_unchanged(connection: Connection, source_id: UUID, key: str, found: UnchangedItem | None = None) -> None:
    """Record that an item has not changed, with new validators of its server."""
    values = {name: value for name, value in (found._asdict() if found else {}).items() if value}
    if values:
        _update(connection, source_id, key, values)
    set_outcome(connection, source_id, key, "unchanged")


def set_content(
    connection: Connection, source_id: UUID, key: str, fetched: FetchedItem, *, path: str, hash: str
) -> None:
    """Record what was read of an item and where its document is."""
    values: dict[str, Any] = {
        name: getattr(fetched, name) for name in ("raw_hash", "revision", "etag", "last_modified", "title", "language")
    }
    values |= {"url": fetched.url, "path": path, "hash": hash, "links": _dump_links(fetched.links)}
    _update(connection, source_id, key, values)


def set_changed_now(connection: Connection, source_id: UUID, key: str) -> None:
    """Record that the document of an item was stored."""
    _update(connection, source_id, key, {"changed_at": now()})


def forget_content(connection: Connection, source_id: UUID, key: str) -> None:
    """Remove what was stored of an item, so that it is read anew."""
    empty = dict.fromkeys(("path", "hash", "raw_hash", "revision", "etag", "last_modified"))
    _update(connection, source_id, key, {**empty, "links": []})


def reset_validators(connection: Connection, source_id: UUID) -> None:
    """Let the next sync read all items, because the settings of the source have changed."""
    empty = dict.fromkeys(("revision", "etag", "last_modified"))
    connection.execute(update(items).where(items.c.source_id == source_id).values(empty))


def set_links(connection: Connection, source_id: UUID, key: str, links: Sequence[ListedItem]) -> None:
    """Store the links of an item that has no document."""
    _update(connection, source_id, key, {"links": _dump_links(links)})


def list_disappeared(
    connection: Connection, source_id: UUID, sync_id: UUID, *, only_gone: bool, limit: int | None = None
) -> list[StoredItem]:
    """Return the items with a document that a sync did not find any more.

    With `only_gone`, items that the source did not list are left out, because its list is incomplete.
    """
    gone = (items.c.sync_id == sync_id) & (items.c.outcome == "deleted")
    unlisted = items.c.sync_id.is_distinct_from(sync_id)
    skipped = (items.c.sync_id == sync_id) & (items.c.outcome == "skipped")
    where = items.c.path.is_not(None) & (gone if only_gone else or_(gone, unlisted, skipped))
    query = select(items).where(items.c.source_id == source_id, where).order_by(items.c.key).limit(limit)
    return [_to_stored(row) for row in connection.execute(query).mappings()]


def count_with_document(connection: Connection, source_id: UUID) -> int:
    """Return the number of items of a source that have a document."""
    where = (items.c.source_id == source_id) & items.c.path.is_not(None)
    return connection.scalar(select(func.count()).select_from(items).where(where)) or 0


def set_gone(connection: Connection, source_id: UUID, key: str, reason: str) -> None:
    """Record that an item no longer exists. Its document is deleted at the end of the sync.

    An item that never had a document failed, because the source refers to it.
    """
    has_document = items.c.path.is_not(None)
    outcome = case((has_document, "deleted"), else_="failed")
    values = {"pending": False, "outcome": outcome, "reason": reason[:MAX_REASON_CHARS], "checked_at": now()}
    _update(connection, source_id, key, values)


def set_deleted(connection: Connection, source_id: UUID, sync_id: UUID, key: str) -> None:
    """Record that the document of an item was deleted by a sync. The reason of a skipped item stays."""
    forget_content(connection, source_id, key)
    values = {"sync_id": sync_id, "pending": False, "outcome": "deleted", "checked_at": now()}
    _update(connection, source_id, key, values)


def purge_deleted(connection: Connection, source_id: UUID, sync_id: UUID) -> None:
    """Delete the items without a document that earlier syncs left behind."""
    where = items.c.path.is_(None) & items.c.sync_id.is_distinct_from(sync_id)
    connection.execute(delete(items).where(items.c.source_id == source_id, where))


def list_items(
    connection: Connection,
    source_id: UUID,
    *,
    outcome: ItemOutcome | None = None,
    after: str | None = None,
    limit: int = 100,
) -> list[SourceItem]:
    """Return the items of a source by key. `after` is the last key of the previous page."""
    query = select(*ITEM_COLUMNS).where(items.c.source_id == source_id)
    if outcome is not None:
        query = query.where(items.c.outcome == outcome)
    if after is not None:
        query = query.where(items.c.key > after)
    rows = connection.execute(query.order_by(items.c.key).limit(limit)).mappings()
    return [SourceItem.model_validate(dict(row)) for row in rows]


def _update(connection: Connection, source_id: UUID, key: str, values: dict[str, Any]) -> None:
    connection.execute(update(items).where(items.c.source_id == source_id, items.c.key == key).values(values))


def _dump_links(links: Sequence[ListedItem]) -> list[list[Any]]:
    return [[link.key, link.title, link.url] for link in links[:MAX_STORED_LINKS]]


def _to_stored(row: RowMapping) -> StoredItem:
    known = KnownItem(**{name: row[name] for name in KnownItem._fields})
    links = tuple(ListedItem(key, None, row["depth"] + 1, title, url) for key, title, url in row["links"])
    return StoredItem(known, row["path"], row["hash"], links)
