"""Documents of knowledge bases: queue, find, list and delete them, and record how far their loading has come."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.errors import InvalidInput, NotFound, did_you_mean
from vong.knowledge.tables import bases, documents
from vong.records import Document, new_id, now

DocumentState = Literal["pending", "loading", "indexing", "ready", "failed"]
UNFINISHED_STATES = ("pending", "loading", "indexing")
MAX_BASE_NAME_CHARS = 100
MAX_PATH_CHARS = 1000
BASE_NAME_PATTERN = re.compile(r"[^\W_][\w.-]*")
COLUMNS = [column for column in documents.c if column.name != "project_id"]


class DocumentUpload(NamedTuple):
    """File to store in a base: its path there and the blob with its bytes."""

    path: str
    blob: str


def check_base_name(name: str) -> str:
    """Return a valid name of a base.

    Raises: InvalidInput if it is empty, too long, or has other characters than letters, digits, `.`, `_` and `-`.
    """
    if len(name) > MAX_BASE_NAME_CHARS:
        raise InvalidInput(
            f"the name of the knowledge base has {len(name)} characters", f"use at most {MAX_BASE_NAME_CHARS}"
        )
    if not BASE_NAME_PATTERN.fullmatch(name):
        raise InvalidInput(
            f"{name!r} is not a name of a knowledge base",
            "use letters, digits, '.', '_' and '-', and begin with a letter or digit",
        )
    return name


def clean_path(path: str) -> str:
    """Return the path of a document: relative, with `/`, without `.` and `..`, control characters and empty parts.

    Raises: InvalidInput if nothing is left or the path is too long.
    """
    visible = "".join(sign for sign in path.replace("\\", "/") if unicodedata.category(sign) not in {"Cc", "Cs"})
    parts = [part for part in unicodedata.normalize("NFC", visible).split("/") if part.strip() not in {"", ".", ".."}]
    cleaned = "/".join(parts)
    if not cleaned:
        raise InvalidInput(f"{path!r} is not a name of a document", "name the file")
    if len(cleaned) > MAX_PATH_CHARS:
        raise InvalidInput(f"the path of a document has {len(cleaned)} characters", f"use at most {MAX_PATH_CHARS}")
    return cleaned


def ensure_base(connection: Connection, name: str) -> None:
    """Create a base if the project has none of that name."""
    values = {"name": check_base_name(name), "index_version": "", "embedder": "", "updated_at": now()}
    connection.execute(upsert(bases).values(values).on_conflict_do_nothing())


def check_base_exists(connection: Connection, name: str) -> None:
    """Raise NotFound if the project has no base of that name."""
    if connection.scalar(select(bases.c.name).where(bases.c.name == name)) is None:
        names = list(connection.scalars(select(bases.c.name).order_by(bases.c.name)))
        raise NotFound(f"no knowledge base named {name!r}", did_you_mean(name, names, "vong knowledge list"))


def store_document(connection: Connection, base: str, path: str, blob: str, source_id: UUID | None = None) -> Document:
    """Queue a document whose bytes are stored as `blob`, and create the base if it is new.

    An unchanged document is returned as it is. The earlier version of a changed document stays indexed until the new
    one is. The caller submits the job `knowledge.ingest` once all documents are queued.

    Raises: InvalidInput if the base or the path has no valid name.
    """
    return store_documents(connection, base, [DocumentUpload(path, blob)], source_id)[0]


def store_documents(
    connection: Connection, base: str, uploads: Sequence[DocumentUpload], source_id: UUID | None = None
) -> list[Document]:
    """Queue documents as `store_document` does, with a constant number of statements."""
    ensure_base(connection, base)
    blobs = {clean_path(upload.path): upload.blob for upload in uploads}
    # Sorted, so that concurrent uploads of the same paths lock their rows in the same order.
    query = select(*COLUMNS).where(documents.c.base == base, documents.c.path.in_(sorted(blobs)))
    rows = connection.execute(query.order_by(documents.c.path).with_for_update()).mappings()
    earlier = {row["path"]: to_document(row) for row in rows}
    new = [_new_row(base, path, blob, source_id) for path, blob in blobs.items() if path not in earlier]
    if new:
        inserted = upsert(documents).values(new).on_conflict_do_nothing().returning(documents.c.path)
        stored = set(connection.scalars(inserted))
        if conflicts := {row["path"] for row in new} - stored:
            # Another upload stored them after the query above.
            rows = connection.execute(
                select(*COLUMNS).where(documents.c.base == base, documents.c.path.in_(conflicts)).with_for_update()
            ).mappings()
            earlier |= {row["path"]: to_document(row) for row in rows}
    for path, document in earlier.items():
        _update_upload(connection, document, blobs[path], source_id)
    query = select(*COLUMNS).where(documents.c.base == base, documents.c.path.in_(list(blobs)))
    by_path = {row["path"]: to_document(row) for row in connection.execute(query).mappings()}
    return [by_path[path] for path in blobs]


def _new_row(base: str, path: str, blob: str, source_id: UUID | None) -> dict[str, Any]:
    document = Document(
        id=new_id(),
        base=base,
        path=path,
        source_id=source_id,
        hash=blob,
        blob=blob,
        title=path,
        state="pending",
        created_at=now(),
        updated_at=now(),
    )
    return document.model_dump()


def _update_upload(connection: Connection, document: Document, blob: str, source_id: UUID | None) -> None:
    values: dict[str, Any] = {}
    if source_id is not None and source_id != document.source_id:
        values["source_id"] = source_id
    indexed = document.text_blob is not None
    if blob == document.hash and indexed and document.state not in UNFINISHED_STATES:
        if document.reason is not None:
            # The indexed version was uploaded again after a newer one had failed.
            values |= {"blob": blob, "state": "ready", "reason": None, "hint": None}
    elif blob != document.blob or document.state not in UNFINISHED_STATES:
        values |= _queued(blob)
    if values:
        where = documents.c.id == document.id
        connection.execute(update(documents).where(where).values(values | {"updated_at": now()}))


def _queued(blob: str) -> dict[str, Any]:
    return {"blob": blob, "state": "pending", "reason": None, "hint": None, "pages": None, "pages_done": 0}


def get_document(connection: Connection, id: UUID) -> Document:
    """Return a document. Raises NotFound if the project has no document of that id."""
    row = connection.execute(select(*COLUMNS).where(documents.c.id == id)).mappings().first()
    if row is None:
        raise NotFound(f"no document {str(id)!r}", "list them with: vong knowledge documents BASE")
    return to_document(row)


def get_for_update(connection: Connection, id: UUID) -> Document | None:
    """Return a document and lock its row, or None if it was deleted."""
    row = connection.execute(select(*COLUMNS).where(documents.c.id == id).with_for_update()).mappings().first()
    return to_document(row) if row is not None else None


def find_base(connection: Connection, id: object) -> str | None:
    """Return the base of a document. None if there is no document of that id."""
    try:
        return connection.scalar(select(documents.c.base).where(documents.c.id == UUID(str(id))))
    except ValueError:
        return None


def find_document(connection: Connection, base: str, path: str) -> Document:
    """Return the document of a base with this path.

    Raises: NotFound if the base has no such document.
    """
    query = select(*COLUMNS).where(documents.c.base == base, documents.c.path == path)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise _no_document(connection, base, path)
    return to_document(row)


def list_documents(
    connection: Connection,
    base: str,
    *,
    state: str | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> list[Document]:
    """Return the documents of a base by path. `after` is the last path of the previous page."""
    query = select(*COLUMNS).where(documents.c.base == base).order_by(documents.c.path)
    if state is not None:
        query = query.where(documents.c.state == state)
    if after is not None:
        query = query.where(documents.c.path > after)
    return [to_document(row) for row in connection.execute(query.limit(limit)).mappings()]


def list_unfinished(connection: Connection, base: str, ids: Sequence[UUID] | None = None) -> list[UUID]:
    """Return the ids of the documents of a base that are not loaded yet, the longest waiting first."""
    query = select(documents.c.id).where(documents.c.base == base, documents.c.state.in_(UNFINISHED_STATES))
    if ids is not None:
        query = query.where(documents.c.id.in_(ids))
    return list(connection.scalars(query.order_by(documents.c.updated_at, documents.c.path)))


def list_by_ids(connection: Connection, ids: Sequence[UUID]) -> list[Document]:
    """Return the documents with these ids by path. Deleted ones are left out."""
    rows = connection.execute(select(*COLUMNS).where(documents.c.id.in_(ids)).order_by(documents.c.path)).mappings()
    return [to_document(row) for row in rows]


def count_states(connection: Connection, base: str) -> dict[str, int]:
    """Return the number of documents of a base in each state."""
    query = select(documents.c.state, func.count()).where(documents.c.base == base).group_by(documents.c.state)
    return {state: count for state, count in connection.execute(query)}


def retry_documents(connection: Connection, base: str, path: str | None = None) -> list[UUID]:
    """Queue the failed documents of a base again, or the one with this path. Return their ids.

    Raises: NotFound if there is no such base or document.
    """
    check_base_exists(connection, base)
    query = select(*COLUMNS).where(documents.c.base == base, documents.c.reason.is_not(None))
    if path is not None:
        find_document(connection, base, path)
        query = query.where(documents.c.path == path)
    failed = [to_document(row) for row in connection.execute(query.with_for_update()).mappings()]
    for document in failed:
        values = _queued(document.blob) | {"updated_at": now()}
        connection.execute(update(documents).where(documents.c.id == document.id).values(values))
    return [document.id for document in failed]


def set_state(connection: Connection, document: Document, state: str, **values: Any) -> None:
    """Record the state of a document, unless another version has been uploaded since it was read."""
    where = (documents.c.id == document.id) & (documents.c.blob == document.blob)
    connection.execute(update(documents).where(where).values(state=state, updated_at=now(), **values))


def set_failed(connection: Connection, document: Document, reason: str, hint: str) -> None:
    """Record why a document could not be loaded. An earlier version stays indexed, and the reason says so."""
    state = "failed"
    if document.text_blob is not None:
        state = "ready"
        reason = f"{reason} (the earlier version is still indexed)"
    set_state(connection, document, state, reason=reason, hint=hint)


def delete_document(connection: Connection, base: str, path: str) -> Document:
    """Delete a document with its chunks in every index, and return what it was.

    Raises: NotFound if the base has no such document.
    """
    where = (documents.c.base == base) & (documents.c.path == path)
    row = connection.execute(delete(documents).where(where).returning(*COLUMNS)).mappings().first()
    if row is None:
        raise _no_document(connection, base, path)
    return to_document(row)


def to_document(row: Any) -> Document:
    """Convert a row to a record."""
    return Document.model_validate(dict(row))


def _no_document(connection: Connection, base: str, path: str) -> NotFound:
    check_base_exists(connection, base)
    paths = list(connection.scalars(select(documents.c.path).where(documents.c.base == base).limit(5000)))
    return NotFound(f"no document {path!r} in {base!r}", did_you_mean(path, paths, f"vong knowledge documents {base}"))
