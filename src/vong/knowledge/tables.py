"""SQL tables and queries of knowledge bases."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    Column,
    Computed,
    Connection,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR, UUID
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.records import Chunk, Document, Record
from vong.store.schema import project_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEARCH_VECTOR_SQL = "to_tsvector('simple', heading || ' ' || text) || to_tsvector('english', heading || ' ' || text)"
MAX_EXACT_SEARCH_CHUNKS = 50_000
"""Chunks of a base up to which vector search is exact, which is faster there than a filtered graph search."""

bases = project_table(
    "knowledge_bases",
    Column("name", Text, nullable=False),
    Column("index_version", Text, nullable=False),
    Column("embedder", Text, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "name", name="knowledge_bases_pk"),
)

documents = project_table(
    "knowledge_documents",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("base", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("chunks", Integer, nullable=False),
    Column("characters", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("project_id", "base", "path"),
)

chunks = project_table(
    "knowledge_chunks",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("document_id", UUID(as_uuid=True), ForeignKey("knowledge_documents.id", ondelete="CASCADE"), nullable=False),
    Column("base", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("heading", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("embedding", HALFVEC(384), nullable=False),
    Column("words", TSVECTOR, Computed(SEARCH_VECTOR_SQL, persisted=True)),
    Index("knowledge_chunks_document_id_ix", "document_id"),
    Index("knowledge_chunks_project_id_base_ix", "project_id", "base"),
    Index("knowledge_chunks_words_ix", "words", postgresql_using="gin"),
    Index(
        "knowledge_chunks_embedding_ix",
        "embedding",
        postgresql_using="hnsw",
        postgresql_with={"m": 16, "ef_construction": 64},
        postgresql_ops={"embedding": "halfvec_cosine_ops"},
    ),
)


class KnowledgeBase(Record):
    """Knowledge base. `index_version` is a hash of its documents, chunk settings and embedder."""

    name: str
    index_version: str
    embedder: str
    documents: int
    chunks: int
    updated_at: datetime


class SearchHit(Record):
    """Chunk that a search returned, with its similarity to the question and its rank."""

    chunk: Chunk
    path: str
    title: str
    similarity: float
    rank: int


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


def replace_document(
    connection: Connection, document: Document, new_chunks: Sequence[Chunk], vectors: "NDArray[np.float32]"
) -> None:
    """Store a document with its chunks, replacing an earlier one with this path."""
    delete_document(connection, document.base, document.path)
    connection.execute(insert(documents).values(document.model_dump()))
    rows = [
        {**piece.model_dump(exclude={"metadata"}), "base": document.base, "embedding": vector.tolist()}
        for piece, vector in zip(new_chunks, vectors, strict=True)
    ]
    if rows:
        connection.execute(insert(chunks), rows)


def list_chunks(connection: Connection, document_id: uuid.UUID) -> list[Chunk]:
    """Return the chunks of a document in reading order."""
    query = select(*CHUNK_COLUMNS).where(chunks.c.document_id == document_id).order_by(chunks.c.position)
    return [Chunk.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def search_by_vector(connection: Connection, base: str, vector: "NDArray[np.float32]", limit: int) -> list[SearchHit]:
    """Return the chunks with the nearest embeddings by cosine distance, best first."""
    distance = chunks.c.embedding.cosine_distance(vector.tolist())
    total = connection.scalar(select(func.count()).select_from(chunks).where(chunks.c.base == base)) or 0
    # Adding zero prevents use of the approximate index, which misses neighbours if few rows pass the filter.
    order = distance + literal_column("0.0") if total <= MAX_EXACT_SEARCH_CHUNKS else distance
    if total > MAX_EXACT_SEARCH_CHUNKS:
        connection.execute(text("SET LOCAL hnsw.ef_search = 100"))
        connection.execute(text("SET LOCAL hnsw.iterative_scan = 'strict_order'"))
    query = _select_hits(distance).where(chunks.c.base == base).order_by(order, chunks.c.id).limit(limit)
    return _to_hits(connection.execute(query).mappings())


def search_by_words(
    connection: Connection, base: str, question: str, vector: "NDArray[np.float32]", limit: int
) -> list[SearchHit]:
    """Return the chunks that share words with the question, by cover density (ts_rank_cd, length-normalized)."""
    query_expression = func.replace(
        func.cast(func.plainto_tsquery("english", question), Text)
        .op("||")(" & ")
        .op("||")(func.cast(func.plainto_tsquery("simple", question), Text)),
        "&",
        "|",
    )
    query_text = connection.scalar(select(query_expression))
    if not query_text or not str(query_text).strip(" |"):
        return []
    terms = func.to_tsquery("simple", str(query_text).strip(" |"))
    matching = func.knowledge_matching(base, terms, limit).table_valued("id", "rank").alias("matching")
    distance = chunks.c.embedding.cosine_distance(vector.tolist())
    query = _select_hits(distance).join(matching, matching.c.id == chunks.c.id)
    return _to_hits(connection.execute(query.order_by(matching.c.rank.desc(), chunks.c.id)).mappings())


def count_lexemes(
    connection: Connection, base: str, question: str, chunk_ids: Sequence[uuid.UUID]
) -> list[tuple[int, bool]]:
    """Return the frequency of each word of the question, except stop words.

    Each item is the number of chunks of the base that contain the word, and whether one of the given chunks does.
    """
    lexemes = func.unnest(func.to_tsvector("english", question)).table_valued("lexeme", "positions", "weights")
    term = func.cast(func.quote_literal(lexemes.c.lexeme), TSQUERY)
    in_given_chunks = select(chunks.c.id).where(chunks.c.id.in_(chunk_ids) & chunks.c.words.op("@@")(term))
    rows = connection.execute(select(func.knowledge_holding(base, term), in_given_chunks.exists()).select_from(lexemes))
    return [(int(row[0]), bool(row[1])) for row in rows]


CHUNK_COLUMNS = [chunks.c[name] for name in ("id", "document_id", "position", "text", "heading", "start", "end")]


def _select_hits(distance: Any) -> Any:
    columns = [*CHUNK_COLUMNS, documents.c.path, documents.c.title, (1 - distance).label("similarity")]
    return select(*columns).join(documents, documents.c.id == chunks.c.document_id)


def _to_hits(rows: Any) -> list[SearchHit]:
    hits: list[SearchHit] = []
    for rank, row in enumerate(rows, 1):
        values = dict(row)
        rest = {name: values.pop(name) for name in ("path", "title", "similarity")}
        hits.append(SearchHit(chunk=Chunk.model_validate(values), rank=rank, **rest))
    return hits
