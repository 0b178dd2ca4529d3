"""Files of vector stores: add, find, change and remove them, and count their statuses."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, Text, case, cast, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.errors import NotFound
from vong.knowledge.documents import DocumentUpload, store_documents
from vong.knowledge.index.attributes import store_attributes
from vong.knowledge.index.indexes import list_chunks
from vong.knowledge.index.tables import chunks
from vong.knowledge.tables import documents
from vong.knowledge.vector_store_tables import files, stores
from vong.knowledge.vector_stores.paging import StorePage, select_page
from vong.records import Document, now
from vong.records.vector_store import FileCounts, VectorStore, VectorStoreFile

BYTES_PER_DIMENSION = 2
"""Bytes of one dimension of a stored embedding."""
DIMENSIONS = 384
UNSUPPORTED_WORDS = ("not supported", "unsupported", "no loader", "cannot be read as", "unknown type")
"""Words in a reason which say that the type of a file is the reason."""


class VectorStoreFileNotFound(NotFound):
    """File that is not in the vector store."""

    code = "vector_store_file_not_found"
    param = "file_id"


class NewFile(NamedTuple):
    """Uploaded file that is added to a store: its id, name and blob, with attributes and chunking strategy."""

    id: UUID
    filename: str
    blob: str
    attributes: Mapping[str, Any]
    chunking: Mapping[str, Any] | None = None


def _status() -> ColumnElement[str]:
    """Return the status of a file as SQL. A document whose newest version failed is `completed`."""
    return case(
        (files.c.document_id.is_(None) & files.c.error.is_(None), literal("cancelled")),
        (documents.c.state == "ready", literal("completed")),
        ((documents.c.state == "failed") | files.c.error.is_not(None), literal("failed")),
        else_=literal("in_progress"),
    )


def sync_files(connection: Connection, store_ids: Iterable[UUID]) -> None:
    """Add a file for each document of the stores that has none, because it was added in another way."""
    known = select(files.c.document_id).where(files.c.document_id == documents.c.id).exists()
    query = (
        select(stores.c.id, documents.c.id, documents.c.id, documents.c.path, documents.c.created_at)
        .join(documents, documents.c.base == stores.c.base)
        .where(stores.c.id.in_(list(store_ids)), ~known)
    )
    names = ["store_id", "file_id", "document_id", "filename", "created_at"]
    connection.execute(upsert(files).from_select(names, query).on_conflict_do_nothing())


def add_files(
    connection: Connection, store: VectorStore, new: Sequence[NewFile], batch_id: UUID | None = None
) -> list[VectorStoreFile]:
    """Queue uploaded files as documents of the store's base. A file that is in the store already is replaced.

    The caller submits the job that indexes them.
    """
    sync_files(connection, [store.id])
    query = select(files.c.file_id, documents.c.path, documents.c.id).join(
        documents, documents.c.id == files.c.document_id
    )
    present = {
        row.file_id: row.path
        for row in connection.execute(
            query.where(files.c.store_id == store.id, files.c.file_id.in_([n.id for n in new]))
        )
    }
    taken = set(connection.scalars(select(documents.c.path).where(documents.c.base == store.base)))
    paths: dict[UUID, str] = {}
    for file in new:
        paths[file.id] = present.get(file.id) or _free_path(file, taken)
        taken.add(paths[file.id])
    uploads = [DocumentUpload(paths[file.id], file.blob) for file in new]
    stored = {document.path: document for document in store_documents(connection, store.base, uploads)}
    by_id = {file.id: stored[paths[file.id]] for file in new}
    set_metadata(connection, {by_id[file.id].id: file.attributes for file in new})
    for file in new:
        chunking = file.chunking or store.chunking
        if chunking or file.id in present:
            _set_chunker(connection, by_id[file.id], chunking)
    created_at = now()
    rows = [
        {
            "store_id": store.id,
            "file_id": file.id,
            "document_id": by_id[file.id].id,
            "batch_id": batch_id,
            "filename": file.filename,
            "chunking": dict(file.chunking) if file.chunking else store.chunking,
            "error": None,
            "created_at": created_at,
        }
        for file in new
    ]
    statement = upsert(files).values(rows)
    replaced = {name: statement.excluded[name] for name in rows[0] if name not in ("store_id", "file_id")}
    connection.execute(statement.on_conflict_do_update(index_elements=["store_id", "file_id"], set_=replaced))
    return find_files(connection, store.id, [file.id for file in new])


def _set_chunker(connection: Connection, document: Document, chunking: Mapping[str, Any] | None) -> None:
    """Set the chunker of a document. One that is indexed with another chunker is indexed again."""
    chunker: dict[str, Any] | None = None
    if chunking:
        size, overlap = chunking["max_chunk_size_tokens"], chunking["chunk_overlap_tokens"]
        chunker = {"kind": "tokens", "tokens": size, "overlap": overlap}
    if chunker == connection.scalar(select(documents.c.chunker).where(documents.c.id == document.id)):
        return
    connection.execute(update(documents).where(documents.c.id == document.id).values(chunker=chunker, state="pending"))


def _free_path(file: NewFile, taken: set[str]) -> str:
    """Return the path of the document of a file. Files of the same name get their id as a folder."""
    return file.filename if file.filename not in taken else f"file-{file.id.hex}/{file.filename}"


def find_files(connection: Connection, store_id: UUID, ids: Sequence[UUID]) -> list[VectorStoreFile]:
    """Return files of a store in the order of their ids."""
    rows = connection.execute(_select(store_id).where(files.c.file_id.in_(list(ids)))).mappings()
    found = {row["file_id"]: _to_file(row) for row in rows}
    return [found[id] for id in ids if id in found]


def get_file(connection: Connection, store_id: UUID, id: UUID) -> VectorStoreFile:
    """Return a file of a store. Raises VectorStoreFileNotFound."""
    sync_files(connection, [store_id])
    found = find_files(connection, store_id, [id])
    if not found:
        message = f"the vector store 'vs_{store_id.hex}' has no file with the id 'file-{id.hex}'"
        raise VectorStoreFileNotFound(message, f"list them: GET /v1/vector_stores/vs_{store_id.hex}/files")
    return found[0]


def list_files(
    connection: Connection,
    store_id: UUID,
    page: StorePage,
    *,
    status: str | None = None,
    batch_id: UUID | None = None,
) -> list[VectorStoreFile]:
    """Return a page of the files of a store, or of one of its batches."""
    sync_files(connection, [store_id])
    query = _select(store_id)
    if status is not None:
        query = query.where(_status() == status)
    if batch_id is not None:
        query = query.where(files.c.batch_id == batch_id)
    return [_to_file(row) for row in select_page(connection, query, files.c.created_at, files.c.file_id, page)]


def set_attributes(connection: Connection, store_id: UUID, id: UUID, attributes: Mapping[str, Any]) -> VectorStoreFile:
    """Replace the attributes of a file."""
    file = get_file(connection, store_id, id)
    if file.document_id is not None:
        set_metadata(connection, {file.document_id: attributes})
    return get_file(connection, store_id, id)


def set_metadata(connection: Connection, metadata: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Replace the metadata of documents, and that of their chunks, on which filters work."""
    columns = [documents.c[name] for name in ("id", "metadata", "base", "path", "language")]
    for row in connection.execute(select(*columns).where(documents.c.id.in_(list(metadata))).with_for_update()).all():
        changed = dict(metadata[row.id])
        if changed == row.metadata:
            continue
        connection.execute(update(documents).where(documents.c.id == row.id).values(metadata=changed))
        removed = cast([key for key in row.metadata if key not in changed], ARRAY(Text))
        merged = chunks.c.metadata.op("-")(removed).op("||")(cast(changed, JSONB))
        connection.execute(update(chunks).where(chunks.c.document_id == row.id).values(metadata=merged))
        store_attributes(connection, row.id, row.base, {"path": row.path, "language": row.language, **changed})


def remove_file(connection: Connection, store_id: UUID, id: UUID) -> VectorStoreFile:
    """Remove a file from a store, with its document. The uploaded file itself is kept."""
    file = get_file(connection, store_id, id)
    connection.execute(delete(files).where(files.c.store_id == store_id, files.c.file_id == id))
    connection.execute(delete(documents).where(documents.c.id == file.document_id))
    return file


def remove_everywhere(connection: Connection, id: UUID) -> None:
    """Remove an uploaded file from all stores of the project."""
    where = documents.c.id.in_(select(files.c.document_id).where(files.c.file_id == id))
    connection.execute(delete(documents).where(where))
    connection.execute(delete(files).where(files.c.file_id == id))


def cancel_files(connection: Connection, store_id: UUID, batch_id: UUID) -> None:
    """Cancel the files of a batch that are not indexed yet."""
    unfinished = documents.c.state.in_(("pending", "loading", "indexing")) & documents.c.text_blob.is_(None)
    query = (
        select(files.c.document_id)
        .join(documents, documents.c.id == files.c.document_id)
        .where(files.c.store_id == store_id, files.c.batch_id == batch_id, unfinished)
    )
    ids = list(connection.scalars(query))
    connection.execute(update(files).where(files.c.document_id.in_(ids)).values(document_id=None))
    connection.execute(delete(documents).where(documents.c.id.in_(ids)))


def count_files(connection: Connection, key: Any, ids: Sequence[UUID]) -> dict[UUID, FileCounts]:
    """Return the number of files in each status, for each value of a column: `store_id` or `batch_id`."""
    query = (
        select(key, _status().label("status"), func.count())
        .select_from(files)
        .join(documents, documents.c.id == files.c.document_id, isouter=True)
        .where(key.in_(list(ids)))
        .group_by(key, "status")
    )
    counts: dict[UUID, dict[str, int]] = {}
    for id, status, count in connection.execute(query):
        counts.setdefault(id, {})[status] = count
    return {id: FileCounts.model_validate(values) for id, values in counts.items()}


def measure_usage(connection: Connection, store_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return the bytes of the texts and embeddings of each store."""
    query = (
        select(files.c.store_id, func.sum(_usage()))
        .join(documents, documents.c.id == files.c.document_id)
        .where(files.c.store_id.in_(list(store_ids)))
        .group_by(files.c.store_id)
    )
    return {id: int(total) for id, total in connection.execute(query)}


def read_texts(connection: Connection, file: VectorStoreFile) -> list[str]:
    """Return the text of a file, chunk by chunk in reading order."""
    if file.document_id is None:
        return []
    return [chunk.text for chunk in list_chunks(connection, file.document_id) if chunk.kind != "parent"]


def _usage() -> ColumnElement[int]:
    return func.coalesce(documents.c.characters + documents.c.chunks * DIMENSIONS * BYTES_PER_DIMENSION, 0)


def _select(store_id: UUID) -> Select[Any]:
    columns = [files.c[name] for name in ("store_id", "file_id", "document_id", "batch_id", "filename")]
    columns += [files.c[name] for name in ("chunking", "error", "created_at")]
    return (
        select(*columns, _status().label("status"), _usage().label("usage_bytes"))
        .add_columns(documents.c.reason, documents.c.metadata.label("attributes"))
        .select_from(files)
        .join(documents, documents.c.id == files.c.document_id, isouter=True)
        .where(files.c.store_id == store_id)
    )


def _to_file(row: Any) -> VectorStoreFile:
    values = dict(row)
    reason, attributes = values.pop("reason"), values.pop("attributes") or {}
    values["attributes"] = {key: value for key, value in attributes.items() if isinstance(value, str | int | float)}
    if values["status"] == "failed" and values["error"] is None:
        is_unsupported = any(word in (reason or "").lower() for word in UNSUPPORTED_WORDS)
        code = "unsupported_file" if is_unsupported else "invalid_file"
        values["error"] = {"code": code, "message": reason or "the file could not be indexed"}
    return VectorStoreFile.model_validate(values)
