"""Storage of index versions: create, find and list the indexes of a base."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update

from vong.errors import NotFound, did_you_mean
from vong.knowledge.index.embedders import Embedder
from vong.knowledge.index.tables import CHUNK_COLUMNS, KnowledgeIndex, chunks, indexes
from vong.records import Chunk, new_id, now

DEFAULT_CHUNKER: dict[str, Any] = {"kind": "structure", "tokens": 256, "overlap": 32}


def create_index(
    connection: Connection,
    base: str,
    embedder: Embedder,
    chunker: dict[str, Any] | None = None,
    state: str = "building",
    *,
    reload: bool = False,
) -> KnowledgeIndex:
    """Create the next index of a base, without chunks. `state` is `building` or, for the first index, `live`."""
    number = connection.scalar(select(func.coalesce(func.max(indexes.c.number), 0)).where(indexes.c.base == base))
    index = KnowledgeIndex(
        id=new_id(),
        base=base,
        number=int(number or 0) + 1,
        chunker=chunker or DEFAULT_CHUNKER,
        embedder=embedder.version,
        dimension=embedder.dimension,
        state=state,
        reload=reload,
        created_at=now(),
    )
    connection.execute(insert(indexes).values(index.model_dump()))
    return index


def list_indexes(connection: Connection, base: str) -> list[KnowledgeIndex]:
    """Return the indexes of a base, oldest first."""
    columns = [column for column in indexes.c if column.name != "project_id"]
    rows = connection.execute(select(*columns).where(indexes.c.base == base).order_by(indexes.c.number)).mappings()
    return [KnowledgeIndex.model_validate(dict(row)) for row in rows]


def find_live_index(connection: Connection, base: str) -> KnowledgeIndex | None:
    """Return the live index of a base, or None if the base has none."""
    return next((index for index in list_indexes(connection, base) if index.state == "live"), None)


def get_index(connection: Connection, base: str, number: int | None = None) -> KnowledgeIndex:
    """Return an index of a base by its number; the live one without a number.

    Raises: NotFound if there is no such base or index.
    """
    found = list_indexes(connection, base)
    if not found:
        names = list(connection.scalars(select(indexes.c.base).distinct().order_by(indexes.c.base)))
        raise NotFound(f"no knowledge base named {base!r}", did_you_mean(base, names, "vong knowledge list"))
    for index in found:
        if index.number == number or (number is None and index.state == "live"):
            return index
    raise NotFound(
        f"knowledge base {base!r} has no index {number}" if number else f"knowledge base {base!r} has no live index",
        f"its indexes are {', '.join(str(index.number) for index in found)}",
    )


def ensure_live_index(
    connection: Connection, base: str, embedder: Embedder, chunker: dict[str, Any] | None = None
) -> KnowledgeIndex:
    """Return the live index of a base. Creates the first index of a new base."""
    return find_live_index(connection, base) or create_index(connection, base, embedder, chunker, state="live")


def count_chunks(connection: Connection, index_id: UUID, chunks: int, tokens: int) -> None:
    """Add chunks and tokens to the counts of an index. Deleted chunks are subtracted by a trigger."""
    values = {"chunks": indexes.c.chunks + chunks, "tokens": indexes.c.tokens + tokens}
    connection.execute(update(indexes).where(indexes.c.id == index_id).values(values))


def list_chunks(connection: Connection, document_id: UUID, index_number: int | None = None) -> list[Chunk]:
    """Return the chunks of a document in an index in reading order; those of the live index without a number."""
    query = (
        select(*CHUNK_COLUMNS)
        .join(indexes, indexes.c.id == chunks.c.index_id)
        .where(chunks.c.document_id == document_id)
        .where(indexes.c.state == "live" if index_number is None else indexes.c.number == index_number)
        .order_by(chunks.c.position)
    )
    return [Chunk.model_validate(dict(row)) for row in connection.execute(query).mappings()]
