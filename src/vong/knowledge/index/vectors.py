"""Vector search: exact for small indexes and selective filters, else by the HNSW graph of the index.

Each large index has an HNSW graph of its own (a partial index on its chunks), so that the graph of one base is not
searched through the chunks of others. pgvector scans the graph further while a filter removes results, up to
MAX_SCANNED_CHUNKS; if they are not enough, the search is exact.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from vong.knowledge.index.tables import KnowledgeIndex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_EXACT_CHUNKS = 10_000
"""Chunks of an index up to which the search is exact, and above which the index gets a graph."""
MAX_EXACT_DOCUMENTS = 2_000
"""Documents that match a filter up to which the search is exact among their chunks."""
MAX_GRAPH_DIMENSION = 4000
"""Dimensions of a halfvec that pgvector can index."""
GRAPH_PREFIX = "knowledge_graph_"
"""Start of the names of the graphs, followed by the id of the index."""
GRAPH_LINKS = 24
GRAPH_BUILD_CANDIDATES = 128
GRAPH_OPTIONS = (f"m={GRAPH_LINKS}", f"ef_construction={GRAPH_BUILD_CANDIDATES}")
"""Options of a graph. One with other options, as of an earlier version, is built again."""
GRAPH_EXISTS = "EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(:graph) AND indisvalid AND indisready)"
MIN_SEARCH_CANDIDATES = 80
MAX_SEARCH_CANDIDATES = 1000
"""Nearest chunks that a search of the graph keeps (`hnsw.ef_search`), of which pgvector allows at most 1000."""
CANDIDATES_PER_RESULT = 2
FILTERED_CANDIDATES = 24
MAX_FILTERED_CANDIDATES = 400
"""Candidates of a search whose filter keeps all chunks; one that keeps a tenth needs ten times as many, up to the
maximum. Measured for a recall@10 of 0.99."""
SAMPLED_CHUNKS = 96
"""Chunks on which a filter is tried to estimate the share that it keeps."""
MAX_SCANNED_CHUNKS = 20_000


_FILTERED_CANDIDATES = f"""
SELECT least({MAX_FILTERED_CANDIDATES}, {FILTERED_CANDIDATES} * count(*)
    / greatest(count(*) FILTER (WHERE {{conditions}}), 0.5))
FROM knowledge_chunks WHERE index_id = :index AND number = ANY(ARRAY(
    SELECT (last.number * place / {SAMPLED_CHUNKS})::int FROM generate_series(1, {SAMPLED_CHUNKS}) AS place,
    (SELECT max(number)::bigint AS number FROM knowledge_chunks WHERE index_id = :index) AS last))
"""  # noqa: S608
"""Candidates of a filtered search, by the share of matches in a sample that is spread evenly over the index."""


class Selection(NamedTuple):
    """Few documents, as a query in SQL with its parameters."""

    query: str
    parameters: dict[str, object]


class SearchScope(NamedTuple):
    """Restriction of a search: a predicate on the metadata (`filters.compile_filter`) and documents; None is all.

    `selection` contains all documents that can match the predicate if they are few. An exact search among them is
    fastest then.
    """

    predicate: str | None = None
    documents: Sequence[UUID] | None = None
    selection: Selection | None = None

    @property
    def is_selective(self) -> bool:
        """Return True if the scope has few documents."""
        has_few = self.documents is not None and len(self.documents) <= MAX_EXACT_DOCUMENTS
        return has_few or self.selection is not None

    def conditions(self) -> list[str]:
        """Return the conditions in SQL."""
        found = ["document_id = ANY(:documents)"] if self.documents is not None else []
        found += [f"document_id = ANY(ARRAY({self.selection.query}))"] if self.selection else []
        return found + (["metadata @@ cast(:predicate AS jsonpath)"] if self.predicate else [])

    def parameters(self) -> dict[str, object]:
        """Return the parameters of the conditions."""
        values: dict[str, object] = {"predicate": self.predicate} if self.predicate else {}
        values |= {"documents": list(self.documents)} if self.documents is not None else {}
        return values | (self.selection.parameters if self.selection else {})


class VectorHit(NamedTuple):
    """Chunk that vector search returned, with its number in the text index and its cosine similarity."""

    chunk_id: UUID
    number: int | None
    similarity: float


def search_vectors(
    connection: Connection, index: KnowledgeIndex, vector: "NDArray[np.float32]", limit: int, scope: SearchScope
) -> list[VectorHit]:
    """Return the chunks of an index with the most similar vectors, best first."""
    is_large = index.chunks > MAX_EXACT_CHUNKS
    if is_large and not scope.is_selective and _prepare_graph_search(connection, index, limit, scope):
        hits = _search(connection, index, vector, limit, scope, exact=False)
        if len(hits) >= limit:
            return hits
    return _search(connection, index, vector, limit, scope, exact=True)


def _search(
    connection: Connection,
    index: KnowledgeIndex,
    vector: "NDArray[np.float32]",
    limit: int,
    scope: SearchScope,
    *,
    exact: bool,
) -> list[VectorHit]:
    # The id is written out, because the planner must prove that it implies the condition of the partial index.
    where = " AND ".join([f"index_id = '{index.id}'", "embedding IS NOT NULL", *scope.conditions()])
    size = index.dimension
    distance = f"embedding::halfvec({size}) <=> cast(:vector AS halfvec({size}))"
    # Adding zero keeps the planner from the graph.
    order = f"({distance}) + 0.0" if exact else distance
    # The outer query computes no distance a second time.
    statement = text(
        f"SELECT id, number, 1 - distance FROM (SELECT id, number, {distance} AS distance FROM knowledge_chunks "  # noqa: S608
        f"WHERE {where} ORDER BY {order} LIMIT {int(limit)}) AS nearest ORDER BY distance, id"
    )
    parameters = scope.parameters() | {"vector": vector_text(vector)}
    return [VectorHit(*row) for row in connection.execute(statement, parameters)]


def _prepare_graph_search(connection: Connection, index: KnowledgeIndex, limit: int, scope: SearchScope) -> bool:
    """Set the options of a search of the graph in this transaction. Return False if the index has no graph."""
    candidates = f"greatest({MIN_SEARCH_CANDIDATES}, {CANDIDATES_PER_RESULT} * :limit)"
    if conditions := " AND ".join(scope.conditions()):
        candidates = f"greatest({candidates}, ({_FILTERED_CANDIDATES.format(conditions=conditions)}))"
    # A generic plan of a prepared statement could not use the partial index.
    statement = text(
        f"SELECT set_config('hnsw.ef_search', (least({MAX_SEARCH_CANDIDATES}, {candidates}))::int::text, true), "
        "set_config('hnsw.iterative_scan', 'relaxed_order', true), "
        f"set_config('hnsw.max_scan_tuples', '{MAX_SCANNED_CHUNKS}', true), "
        f"set_config('plan_cache_mode', 'force_custom_plan', true) WHERE {GRAPH_EXISTS}"
    )
    parameters = scope.parameters() | {"limit": limit, "index": index.id, "graph": graph_name(index.id)}
    return connection.execute(statement, parameters).first() is not None


def similarities(connection: Connection, chunk_ids: Sequence[UUID], vector: "NDArray[np.float32]") -> dict[UUID, float]:
    """Return the cosine similarity of chunks to a vector."""
    if not chunk_ids:
        return {}
    statement = text(
        "SELECT id, 1 - (embedding <=> cast(:vector AS halfvec)) FROM knowledge_chunks "
        "WHERE id = ANY(:ids) AND embedding IS NOT NULL"
    )
    rows = connection.execute(statement, {"vector": vector_text(vector), "ids": list(chunk_ids)})
    return {row[0]: float(row[1]) for row in rows}


def read_vectors(connection: Connection, chunk_ids: Sequence[UUID]) -> "dict[UUID, NDArray[np.float32]]":
    """Return the vectors of chunks, with length 1."""
    import json

    import numpy as np

    statement = text("SELECT id, embedding::text FROM knowledge_chunks WHERE id = ANY(:ids) AND embedding IS NOT NULL")
    found: dict[UUID, NDArray[np.float32]] = {}
    for chunk_id, content in connection.execute(statement, {"ids": list(chunk_ids)}):
        vector = np.array(json.loads(content), dtype=np.float32)
        found[chunk_id] = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return found


def vector_text(vector: "NDArray[np.float32]") -> str:
    """Return a vector in the text format of pgvector."""
    return "[" + ",".join(f"{value:.6g}" for value in vector.tolist()) + "]"


def graph_name(index_id: UUID) -> str:
    """Return the name of the HNSW graph of an index."""
    return f"{GRAPH_PREFIX}{index_id.hex}"


def has_graph(connection: Connection, index: KnowledgeIndex) -> bool:
    """Return True if the index has a complete graph."""
    return bool(connection.scalar(text(f"SELECT {GRAPH_EXISTS}"), {"graph": graph_name(index.id)}))


def needs_graph(connection: Connection, index: KnowledgeIndex) -> bool:
    """Return True if the index is large and has no graph, or one with other options than now."""
    if index.chunks <= MAX_EXACT_CHUNKS or index.dimension > MAX_GRAPH_DIMENSION:
        return False
    options = text("SELECT reloptions FROM pg_class WHERE oid = to_regclass(:graph)")
    found = connection.scalar(options, {"graph": graph_name(index.id)})
    return not has_graph(connection, index) or sorted(found or ()) != sorted(GRAPH_OPTIONS)


def build_graph(connection: Connection, index: KnowledgeIndex) -> None:
    """Build the HNSW graph of an index without blocking writes.

    `connection` must be one of the owner that commits each statement. An incomplete graph of an interrupted build is
    replaced.
    """
    name = graph_name(index.id)
    connection.execute(text("SET maintenance_work_mem = '512MB'"))
    connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))
    connection.execute(
        text(
            f"CREATE INDEX CONCURRENTLY {name} ON knowledge_chunks USING hnsw "
            f"((embedding::halfvec({index.dimension})) halfvec_cosine_ops) "
            f"WITH ({', '.join(GRAPH_OPTIONS)}) "
            f"WHERE index_id = '{index.id}' AND embedding IS NOT NULL"
        )
    )


def drop_unused_graphs(connection: Connection) -> list[str]:
    """Drop the HNSW graphs of deleted indexes and return their names. `connection` is as in `build_graph`."""
    unused = text(
        "SELECT relname FROM pg_class WHERE relkind = 'i' AND starts_with(relname, :prefix) AND NOT EXISTS "
        "(SELECT FROM knowledge_indexes WHERE :prefix || replace(id::text, '-', '') = relname)"
    )
    names = [str(name) for name in connection.scalars(unused, {"prefix": GRAPH_PREFIX})]
    for name in names:
        connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))
    return names
