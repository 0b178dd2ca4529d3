"""SQL tables and queries of knowledge bases."""

from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    delete,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.records import Document, Record
from vong.store.schema import project_table

bases = project_table(
    "knowledge_bases",
    Column("name", Text, nullable=False),
    Column("index_version", Text, nullable=False),
    Column("embedder", Text, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("settings", JSONB, nullable=False, server_default=text("'{}'")),
    PrimaryKeyConstraint("project_id", "name", name="knowledge_bases_pk"),
)

documents = project_table(
    "knowledge_documents",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("base", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("source_id", UUID(as_uuid=True)),
    Column("hash", Text, nullable=False),
    Column("blob", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("language", Text, nullable=False, server_default=""),
    Column("metadata", JSONB, nullable=False, server_default=text("'{}'")),
    Column("chunker", JSONB(none_as_null=True)),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("hint", Text),
    Column("notes", JSONB, nullable=False, server_default=text("'[]'")),
    Column("pages", Integer),
    Column("pages_done", Integer, nullable=False, server_default="0"),
    Column("chunks", Integer, nullable=False),
    Column("characters", Integer, nullable=False),
    Column("text_blob", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("project_id", "base", "path"),
    Index(
        "knowledge_documents_pending_ix",
        *("project_id", "base", "path"),
        postgresql_where=text("state IN ('pending', 'loading', 'indexing')"),
    ),
    Index("knowledge_documents_source_ix", "project_id", "source_id"),
)


class KnowledgeBase(Record):
    """Knowledge base. `index_version` is a hash of its documents, chunk settings and embedder."""

    name: str
    index_version: str
    embedder: str
    documents: int
    chunks: int
    updated_at: datetime


def list_bases(connection: Connection) -> list[KnowledgeBase]:
    """Return all bases of the project with their numbers of documents and chunks."""
    counts = (
        select(documents.c.base, func.count().label("documents"), func.sum(documents.c.chunks).label("chunks"))
        .group_by(documents.c.base)
        .subquery()
    )
    query = (
        select(
            bases.c.name,
            bases.c.index_version,
            bases.c.embedder,
            bases.c.updated_at,
            func.coalesce(counts.c.documents, 0).label("documents"),
            func.coalesce(counts.c.chunks, 0).label("chunks"),
        )
        .outerjoin(counts, counts.c.base == bases.c.name)
        .order_by(bases.c.name)
    )
    return [KnowledgeBase.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def upsert_base(connection: Connection, name: str, index_version: str, embedder: str, updated_at: datetime) -> None:
    """Create a base or update its index version."""
    values = {"index_version": index_version, "embedder": embedder, "updated_at": updated_at}
    statement = upsert(bases).values(name=name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["project_id", "name"], set_=values))


def list_documents(connection: Connection, base: str) -> list[Document]:
    """Return the documents of a base, by path."""
    columns = [column for column in documents.c if column.name != "project_id"]
    rows = connection.execute(select(*columns).where(documents.c.base == base).order_by(documents.c.path)).mappings()
    return [Document.model_validate(dict(row)) for row in rows]


def delete_document(connection: Connection, base: str, path: str) -> bool:
    """Delete a document and its chunks. Returns False if there is no such document."""
    where = (documents.c.base == base) & (documents.c.path == path)
    return connection.execute(delete(documents).where(where)).rowcount > 0
