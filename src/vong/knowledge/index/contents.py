"""Documents that an index contains: for each the hash of the bytes that were indexed."""

import uuid

from sqlalchemy import Column, Connection, ForeignKey, Index, PrimaryKeyConstraint, Text, select
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.knowledge.index.tables import indexes
from vong.store.schema import project_table

index_documents = project_table(
    "knowledge_index_documents",
    Column("index_id", UUID(as_uuid=True), ForeignKey("knowledge_indexes.id", ondelete="CASCADE"), nullable=False),
    Column("document_id", UUID(as_uuid=True), ForeignKey("knowledge_documents.id", ondelete="CASCADE"), nullable=False),
    Column("hash", Text, nullable=False),
    Column("text_blob", Text),
    PrimaryKeyConstraint("index_id", "document_id", name="knowledge_index_documents_pk"),
    Index("knowledge_index_documents_document_ix", "document_id"),
)


def record_indexed(
    connection: Connection,
    index_id: uuid.UUID,
    document_id: uuid.UUID,
    document_hash: str,
    text_blob: str | None = None,
) -> None:
    """Record that an index contains a version of a document. Call it in the transaction that stores the chunks.

    `text_blob` is the text to which the chunks refer if it is not that of the document.
    """
    values = {"hash": document_hash, "text_blob": text_blob}
    statement = upsert(index_documents).values(values | {"index_id": index_id, "document_id": document_id})
    connection.execute(statement.on_conflict_do_update(index_elements=["index_id", "document_id"], set_=values))


def find_text_blob(connection: Connection, document_id: uuid.UUID) -> str | None:
    """Return the text of a document in the live index if that index loaded the files again, else None."""
    stored = index_documents.c
    query = select(stored.text_blob).join(indexes, indexes.c.id == stored.index_id)
    return connection.scalar(query.where(stored.document_id == document_id, indexes.c.state == "live"))
