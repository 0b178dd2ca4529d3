"""Batches of files that are added to a vector store together."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from vong.errors import NotFound
from vong.knowledge.vector_store_tables import batches, files
from vong.knowledge.vector_stores.files import NewFile, add_files, cancel_files, count_files
from vong.records import new_id, now
from vong.records.vector_store import VectorStore, VectorStoreBatch

COLUMNS = [column for column in batches.c if column.name != "project_id"]


class VectorStoreBatchNotFound(NotFound):
    """Batch of files that does not exist in the vector store."""

    code = "vector_store_file_batch_not_found"
    param = "batch_id"


def create_batch(connection: Connection, store: VectorStore, new: Sequence[NewFile]) -> VectorStoreBatch:
    """Add files to a store as a batch."""
    batch = VectorStoreBatch(id=new_id(), store_id=store.id, created_at=now())
    connection.execute(insert(batches).values(batch.model_dump(exclude={"file_counts"})))
    add_files(connection, store, new, batch.id)
    return get_batch(connection, store.id, batch.id)


def get_batch(connection: Connection, store_id: UUID, id: UUID) -> VectorStoreBatch:
    """Return a batch of a store. Raises VectorStoreBatchNotFound."""
    query = select(*COLUMNS).where(batches.c.id == id, batches.c.store_id == store_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        message = f"the vector store 'vs_{store_id.hex}' has no file batch with the id 'vsfb_{id.hex}'"
        raise VectorStoreBatchNotFound(message, "use the id that creating the batch returned")
    counts = count_files(connection, files.c.batch_id, [id])
    return VectorStoreBatch.model_validate({**row, **({"file_counts": counts[id]} if id in counts else {})})


def cancel_batch(connection: Connection, store_id: UUID, id: UUID) -> VectorStoreBatch:
    """Cancel the files of a batch that are not indexed yet. A batch that has ended stays as it is."""
    batch = get_batch(connection, store_id, id)
    if batch.file_counts.in_progress:
        cancel_files(connection, store_id, id)
        connection.execute(update(batches).where(batches.c.id == id).values(cancelled_at=now()))
    return get_batch(connection, store_id, id)
