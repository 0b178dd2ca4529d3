"""Synchronization of a source with the documents of its base.

Every item that a source lists is a row, which is finished in the transaction that stores its document. A sync that was
interrupted therefore continues with the rows that are left. Documents are deleted only at the end, and only if that
are at most half of them.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection, select

from vong.errors import InvalidInput, JobCancelled, Misconfigured, PreconditionFailed, UpstreamFailed, VongError
from vong.knowledge.documents import clean_path, delete_document, store_document
from vong.knowledge.sources import items, store
from vong.knowledge.sources.connector import (
    Connector,
    FetchedItem,
    ItemGone,
    ItemSkipped,
    KnownItem,
    ListedItem,
    SourceFailed,
    UnchangedItem,
)
from vong.knowledge.sources.definitions import KnowledgeSource, SourceSync
from vong.knowledge.sources.items import StoredItem
from vong.knowledge.tables import documents
from vong.records import now

T = TypeVar("T")

log = logging.getLogger(__name__)

BATCH_ITEMS = 200
MAX_FAILURES_IN_A_ROW = 20
"""Requests that fail one after the other, after which the whole source counts as unreachable."""
MAX_DELETED_SHARE = 0.5
"""Share of the documents of a source that a sync deletes without `force`."""


@dataclass(frozen=True)
class SyncServices:
    """Dependencies of a sync.

    `check` raises JobCancelled if the job must stop. `on_stored` is called after a batch of documents was stored.
    """

    scope: Callable[[], AbstractContextManager[Connection]]
    put_blob: Callable[[bytes], str]
    check: Callable[[], None]
    progress: Callable[[int, int, str], None]
    on_stored: Callable[[], None]


class SourceSynchronizer:
    """One sync of a source."""

    def __init__(self, services: SyncServices, source: KnowledgeSource, sync: SourceSync, connector: Connector) -> None:
        self._services = services
        self._source = source
        self._sync = sync
        self._connector = connector
        self._registered = 0
        self._failures_in_a_row = 0
        self._has_stored = False

    def run(self) -> SourceSync:
        """Run or continue the sync, and return its report.

        Raises: PreconditionFailed if too many documents would be deleted; VongError if the source cannot be read;
        JobCancelled if the job must stop.
        """
        services, sync = self._services, self._sync
        with services.scope() as connection:
            started = {"state": "running", "started_at": sync.started_at or now(), "finished_at": None}
            store.update_sync(connection, sync.id, {**started, "reason": None, "hint": None})
            listed = store.is_listed(connection, sync.id)
            items.purge_deleted(connection, self._source.id, sync.id)
            self._registered = items.count_items(connection, self._source.id, sync.id)
        try:
            if not listed:
                self._list_items()
            self._read_items()
            self._delete_disappeared()
        except JobCancelled:
            raise
        except PreconditionFailed as error:
            self._finish("stopped", error)
            raise
        except VongError as error:
            self._finish("failed", error)
            raise
        return self._finish("finished")

    def _finish(self, state: store.SyncState, error: VongError | None = None) -> SourceSync:
        if self._has_stored:
            self._services.on_stored()
        with self._services.scope() as connection:
            if self._connector.incomplete:
                store.update_sync(connection, self._sync.id, {"incomplete": self._connector.incomplete})
            store.finish_sync(
                connection, self._sync.id, state, error.message if error else None, error.hint if error else ""
            )
            return store.get_sync(connection, self._sync.id)

    def _list_items(self) -> None:
        for batch in _batched(self._connector.list_items(), BATCH_ITEMS):
            self._services.check()
            with self._services.scope() as connection:
                self._register(connection, batch)
            if self._registered >= self._connector.max_items:
                break
        with self._services.scope() as connection:
            values = {"listed": True, "incomplete": self._connector.incomplete}
            store.update_sync(connection, self._sync.id, values)

    def _register(self, connection: Connection, listed: Iterable[ListedItem]) -> None:
        """Add items to the sync, up to the bound of the source."""
        unique = list({item.key: item for item in listed}.values())
        free = self._connector.max_items - self._registered
        if len(unique) > free:
            known = [item for item in unique if not items.is_in_sync(connection, *self._ids, item.key)]
            if len(known) > free:
                limit = (
                    f"the source has more than {self._connector.max_items} pages or files, the limit of its settings"
                )
                self._connector.incomplete = limit
                store.update_sync(connection, self._sync.id, {"incomplete": limit})
            unique = known[: max(free, 0)]
        self._registered += items.register_items(connection, *self._ids, unique)

    def _read_items(self) -> None:
        done = 0
        while True:
            self._services.check()
            with self._services.scope() as connection:
                batch = items.next_pending(connection, *self._ids, BATCH_ITEMS)
                unchanged = self._find_unchanged(connection, batch)
                keys = [item.known.key for item in batch if item.known.key in unchanged]
                items.set_all_unchanged(connection, self._source.id, keys)
                self._register(
                    connection, (link for item in batch if item.known.key in unchanged for link in item.links)
                )
            if not batch:
                return
            for item in batch:
                if item.known.key not in unchanged:
                    self._services.check()
                    self._services.progress(done, self._registered, item.known.key)
                    self._read_item(item)
                done += 1
            if self._has_stored:
                self._services.on_stored()
                self._has_stored = False

    @property
    def _ids(self) -> tuple[UUID, UUID]:
        return self._source.id, self._sync.id

    def _find_unchanged(self, connection: Connection, batch: list[StoredItem]) -> set[str]:
        """Return the keys of items whose revision is that of their document."""
        same = [
            item
            for item in batch
            if item.path is not None
            and item.known.revision is not None
            and item.known.revision == item.known.listed_revision
        ]
        paths = [item.path for item in same]
        query = select(documents.c.path).where(
            documents.c.base == self._source.base,
            documents.c.source_id == self._source.id,
            documents.c.path.in_(paths),
        )
        existing = set(connection.scalars(query)) if paths else set[str]()
        return {item.known.key for item in same if item.path in existing}

    def _read_item(self, item: StoredItem) -> None:
        """Read one item, and record its outcome. An error of this item does not end the sync."""
        key = item.known.key
        with self._services.scope() as connection:
            if not items.is_pending(connection, *self._ids, key):
                return  # another item of the batch was redirected to this one
            known = item.known
            if item.path is None or not self._has_document(connection, item.path):
                known = KnownItem(key, known.depth, known.listed_revision, known.title, known.url)
        try:
            found = self._connector.fetch(known)
        except (JobCancelled, SourceFailed, Misconfigured):
            raise
        except ItemGone as gone:
            reason = str(gone)
            self._record(lambda connection: items.set_gone(connection, self._source.id, key, reason))
        except ItemSkipped as skipped:
            self._record_skipped(item, skipped)
        except VongError as error:
            self._record_failure(item, error)
        except Exception as error:
            log.exception("item %s of source %s failed", key, self._source.id)
            self._record_failure(item, VongError(f"{type(error).__name__}: {error}", "see logs/server.log"))
        else:
            self._failures_in_a_row = 0
            if isinstance(found, UnchangedItem):
                self._record(lambda connection: self._set_unchanged(connection, item, found))
            else:
                self._store(item, found)

    def _record(self, action: Callable[[Connection], None]) -> None:
        self._failures_in_a_row = 0
        with self._services.scope() as connection:
            action(connection)

    def _set_unchanged(self, connection: Connection, item: StoredItem, found: UnchangedItem) -> None:
        items.set_unchanged(connection, self._source.id, item.known.key, found)
        self._register(connection, item.links)

    def _record_skipped(self, item: StoredItem, skipped: ItemSkipped) -> None:
        with self._services.scope() as connection:
            key = item.known.key
            items.set_outcome(connection, self._source.id, key, "skipped", skipped.reason, skipped.hint)
            if skipped.links:
                items.set_links(connection, self._source.id, key, skipped.links)
            self._register(connection, skipped.links)

    def _record_failure(self, item: StoredItem, error: VongError) -> None:
        """Record a failed item. The links of its last success are followed, because their pages may still exist."""
        with self._services.scope() as connection:
            items.set_outcome(connection, self._source.id, item.known.key, "failed", error.message, error.hint)
            self._register(connection, item.links)
        self._failures_in_a_row = self._failures_in_a_row + 1 if isinstance(error, UpstreamFailed) else 0
        if self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
            message = f"{self._failures_in_a_row} requests failed in a row; the last one: {error.message}"
            raise SourceFailed(message, error.hint or "try again later")

    def _store(self, item: StoredItem, found: FetchedItem) -> None:
        """Store the document of an item if it changed, and add the items that it refers to."""
        blob = hashlib.sha256(found.content).hexdigest()
        try:
            if blob != item.hash:
                blob = self._services.put_blob(found.content)
            with self._services.scope() as connection:
                target = self._resolve_target(connection, item, found)
                if target is not None:
                    self._store_document(connection, target, found, blob)
                self._register(connection, found.links)
        except InvalidInput as error:
            self._record_failure(item, error)

    def _resolve_target(self, connection: Connection, item: StoredItem, found: FetchedItem) -> StoredItem | None:
        """Return the item whose content was read, if it is not the one that was asked for.

        Returns None if the sync reads that item by itself.
        """
        key = item.known.key
        if found.key is None or found.key == key:
            return item
        is_known = items.is_in_sync(connection, *self._ids, found.key)
        items.set_outcome(connection, self._source.id, key, "skipped", f"same page as {found.key}")
        if is_known:
            return None
        items.register_items(connection, *self._ids, [ListedItem(found.key, None, item.known.depth)])
        self._registered += 1
        return items.find_item(connection, self._source.id, found.key)

    def _store_document(self, connection: Connection, item: StoredItem, found: FetchedItem, blob: str) -> None:
        source, key = self._source, item.known.key
        path = self._choose_path(connection, key, found.path)
        had_document = item.path is not None and self._has_document(connection, item.path)
        is_unchanged = had_document and item.path == path and item.hash == blob
        if not is_unchanged:
            self._check_owner(connection, path)
            if had_document and item.path is not None and item.path != path:
                delete_document(connection, source.base, item.path)
            store_document(connection, source.base, path, blob, source_id=source.id)
            self._has_stored = True
        items.set_content(connection, source.id, key, found, path=path, hash=blob)
        if is_unchanged:
            items.set_outcome(connection, source.id, key, "unchanged")
        else:
            items.set_outcome(connection, source.id, key, "changed" if had_document else "added")
            items.set_changed_now(connection, source.id, key)

    def _choose_path(self, connection: Connection, key: str, relative: str) -> str:
        """Return the path of a document: below the name of the source, and different from those of other items."""
        path = clean_path(f"{self._source.name}/{relative}")
        if not items.is_path_taken(connection, self._source.id, path, key):
            return path
        stem, dot, suffix = path.rpartition(".")
        digest = hashlib.sha256(key.encode()).hexdigest()[:8]
        return f"{stem}-{digest}.{suffix}" if dot and "/" not in suffix else f"{path}-{digest}"

    def _check_owner(self, connection: Connection, path: str) -> None:
        query = select(documents.c.source_id).where(documents.c.base == self._source.base, documents.c.path == path)
        row = connection.execute(query).first()
        if row is not None and row[0] != self._source.id:
            raise InvalidInput(
                f"the base has a document {path!r} that is not of this source",
                "delete that document, or create the source under another name",
            )

    def _has_document(self, connection: Connection, path: str) -> bool:
        query = select(documents.c.id).where(
            documents.c.base == self._source.base, documents.c.path == path, documents.c.source_id == self._source.id
        )
        return connection.scalar(query) is not None

    def _delete_disappeared(self) -> None:
        """Delete the documents of items that the source does not have any more.

        Raises: PreconditionFailed if that are more than half of the documents, and the sync is not forced.
        """
        with self._services.scope() as connection:
            sync = store.get_sync(connection, self._sync.id)
            only_gone = (sync.incomplete or self._connector.incomplete) is not None
            found = items.list_disappeared(connection, *self._ids, only_gone=only_gone)
            before = items.count_with_document(connection, self._source.id) - sync.added + sync.deleted
        disappeared = [item for item in found if self._is_gone(item)]
        if not sync.force and len(disappeared) > before * MAX_DELETED_SHARE:
            raise PreconditionFailed(
                f"{len(disappeared)} of {before} documents are no longer in the source; nothing was deleted",
                "check the source; if they are to be deleted, sync with --force",
            )
        for batch in _batched(disappeared, BATCH_ITEMS):
            self._services.check()
            with self._services.scope() as connection:
                for item in batch:
                    if item.path is not None and self._has_document(connection, item.path):
                        delete_document(connection, self._source.base, item.path)
                    items.set_deleted(connection, *self._ids, item.known.key)
            self._has_stored = True

    def _is_gone(self, item: StoredItem) -> bool:
        """Return whether an item is gone, if its source says so."""
        self._services.check()
        return self._connector.is_gone(item.known.key)


def _batched(values: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch
