"""Create, find, change and delete vector stores."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import INTERVAL
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.errors import Conflict, NotFound
from vong.knowledge import vector_store_tables as tables
from vong.knowledge.deletion import delete_base
from vong.knowledge.documents import MAX_BASE_NAME_CHARS, ensure_base
from vong.knowledge.tables import bases, documents
from vong.knowledge.vector_stores.files import count_files, measure_usage, sync_files
from vong.knowledge.vector_stores.paging import StorePage, select_page
from vong.records import new_id, now
from vong.records.vector_store import VectorStore

ACTIVITY_INTERVAL = timedelta(minutes=1)
"""Interval in which at most one search updates the time of the last activity."""
COLUMNS = [column for column in tables.stores.c if column.name != "project_id"]
MAX_NAME_ATTEMPTS = 100


class VectorStoreNotFound(NotFound):
    """Vector store that does not exist or belongs to another project."""

    code = "vector_store_not_found"
    param = "vector_store_id"


class VectorStoreExpired(Conflict):
    """Vector store that was not used for longer than its lifetime. Its documents are deleted."""

    code, status = "vector_store_expired", 400


def create_store(
    connection: Connection,
    *,
    name: str | None = None,
    description: str | None = None,
    metadata: Mapping[str, str] | None = None,
    expires_after_days: int | None = None,
    chunking: Mapping[str, Any] | None = None,
) -> VectorStore:
    """Create a vector store with a new knowledge base, whose name is derived from the name of the store."""
    id, current = new_id(), now()
    base = _free_base_name(connection, name or "", id)
    ensure_base(connection, base)
    store = VectorStore(
        id=id,
        base=base,
        name=name,
        description=description,
        metadata=dict(metadata or {}),
        chunking=dict(chunking) if chunking else None,
        expires_after_days=expires_after_days,
        last_active_at=current,
        created_at=current,
    )
    connection.execute(insert(tables.stores).values(store.model_dump(exclude={"usage_bytes", "file_counts"})))
    return store


def sync_stores(connection: Connection) -> None:
    """Add a vector store for each knowledge base that has none, because it was created in another way."""
    missing = select(bases.c.name, bases.c.updated_at).where(
        ~select(tables.stores.c.id).where(tables.stores.c.base == bases.c.name).exists()
    )
    rows = [
        {
            "id": new_id(updated_at),
            "base": name,
            "name": name,
            "metadata": {},
            "created_at": updated_at,
            "last_active_at": updated_at,
        }
        for name, updated_at in connection.execute(missing)
    ]
    if rows:
        connection.execute(upsert(tables.stores).values(rows).on_conflict_do_nothing())


def get_store(connection: Connection, id: UUID, *, counts: bool = True) -> VectorStore:
    """Return a vector store, with its counts and usage unless `counts` is false.

    Raises: VectorStoreNotFound.
    """
    query = select(*COLUMNS).where(tables.stores.c.id == id)
    row = connection.execute(query).mappings().first()
    if row is None:
        sync_stores(connection)
        row = connection.execute(query).mappings().first()
    if row is None:
        raise VectorStoreNotFound(f"no vector store has the id 'vs_{id.hex}'", "list them: GET /v1/vector_stores")
    return _with_counts(connection, [VectorStore.model_validate(dict(row))])[0] if counts else _to_store(row)


def find_store(connection: Connection, base: str) -> VectorStore:
    """Return the vector store of a knowledge base, without counts.

    Raises: VectorStoreNotFound.
    """
    sync_stores(connection)
    row = connection.execute(select(*COLUMNS).where(tables.stores.c.base == base)).mappings().first()
    if row is None:
        raise VectorStoreNotFound(f"no knowledge base is named {base!r}", "list them: vong knowledge list")
    return _to_store(row)


def list_stores(
    connection: Connection, page: StorePage, bases_like: Sequence[str] = (), readable: Sequence[str] | None = None
) -> list[VectorStore]:
    """Return a page of vector stores.

    `bases_like` are the names of bases that the caller may read, with `*`, and `readable` those of the caller's role.
    """
    sync_stores(connection)
    query = select(*COLUMNS)
    if readable is not None:
        query = query.where(tables.stores.c.base.in_(readable))
    if bases_like:
        patterns = [pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for pattern in bases_like]
        query = query.where(or_(*(tables.stores.c.base.like(pattern.replace("*", "%")) for pattern in patterns)))
    rows = select_page(connection, query, tables.stores.c.created_at, tables.stores.c.id, page)
    return _with_counts(connection, [_to_store(row) for row in rows])


def update_store(connection: Connection, id: UUID, values: Mapping[str, Any]) -> VectorStore:
    """Change name, metadata or expiry of a vector store, which counts as activity."""
    get_store(connection, id, counts=False)
    changed = {**values, "last_active_at": now()}
    connection.execute(update(tables.stores).where(tables.stores.c.id == id).values(changed))
    return get_store(connection, id)


def delete_store(connection: Connection, id: UUID) -> VectorStore:
    """Delete a vector store with its knowledge base and all documents."""
    store = get_store(connection, id, counts=False)
    delete_base(connection, store.base)
    return store


def record_activity(connection: Connection, id: UUID) -> None:
    """Record that a vector store was used."""
    current = now()
    is_old = tables.stores.c.last_active_at < current - ACTIVITY_INTERVAL
    connection.execute(update(tables.stores).where(tables.stores.c.id == id, is_old).values(last_active_at=current))


def is_expired(store: VectorStore) -> bool:
    """Return True if the store was not used for longer than its lifetime."""
    return store.expires_at is not None and store.expires_at <= now()


def check_not_expired(store: VectorStore) -> None:
    """Raise VectorStoreExpired if the lifetime of the store has ended."""
    if is_expired(store):
        at = f"{store.expires_at:%Y-%m-%d %H:%M} UTC"
        message = f"the vector store {store.tag!r} expired at {at}, after {store.expires_after_days} days without use"
        raise VectorStoreExpired(message, "set expires_after to use it again, and add its files again")


def delete_expired_documents(connection: Connection) -> int:
    """Delete the documents of all expired vector stores of all projects and return their number.

    The transaction must belong to the owner of the database.
    """
    columns = tables.stores.c
    lifetime = func.make_interval(0, 0, 0, columns.expires_after_days, type_=INTERVAL())
    expired = select(columns.project_id, columns.base).where(
        columns.expires_after_days.is_not(None), columns.last_active_at + lifetime <= now()
    )
    found = expired.subquery()
    same = and_(documents.c.project_id == found.c.project_id, documents.c.base == found.c.base)
    return connection.execute(delete(documents).where(select(found.c.base).where(same).exists())).rowcount


def _free_base_name(connection: Connection, name: str, id: UUID) -> str:
    """Return an unused name of a knowledge base that resembles the name of a store."""
    plain = unicodedata.normalize("NFC", name).strip()
    plain = re.sub(r"[^\w.-]+", "-", plain).strip("-_.")[: MAX_BASE_NAME_CHARS - 5] or f"vs_{id.hex}"
    taken = set(connection.scalars(select(bases.c.name).where(bases.c.name.startswith(plain, autoescape=True))))
    candidates = (plain, *(f"{plain}-{number}" for number in range(2, MAX_NAME_ATTEMPTS)), f"vs_{id.hex}")
    return next(candidate for candidate in candidates if candidate not in taken)


def _to_store(row: Any) -> VectorStore:
    return VectorStore.model_validate(dict(row))


def _with_counts(connection: Connection, found: list[VectorStore]) -> list[VectorStore]:
    ids = [store.id for store in found]
    if not ids:
        return []
    sync_files(connection, ids)
    counts, usage = count_files(connection, tables.files.c.store_id, ids), measure_usage(connection, ids)
    return [
        store.model_copy(
            update={
                "usage_bytes": usage.get(store.id, 0),
                **({"file_counts": counts[store.id]} if store.id in counts else {}),
            }
        )
        for store in found
    ]
