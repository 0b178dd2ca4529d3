"""Hybrid retrieval of passages: vector search and full-text search, fused, with context from neighbours or parents."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection, select

from vong.errors import InvalidInput
from vong.knowledge.index.attributes import find_selective
from vong.knowledge.index.embedders import Embedder
from vong.knowledge.index.filters import compile_filter
from vong.knowledge.index.fusion import add_reciprocal_ranks, add_standardized, select_diverse
from vong.knowledge.index.indexes import get_index
from vong.knowledge.index.tables import CHUNK_COLUMNS, KnowledgeIndex, chunks
from vong.knowledge.index.text_search import compute_word_coverage, search_text
from vong.knowledge.index.vectors import SearchScope, read_vectors, search_vectors, similarities
from vong.knowledge.tables import documents
from vong.records import Chunk, Record, RetrievedPassage

CONTEXT_SEPARATOR = "\n\n"
DEFAULT_WINDOW = 2
"""Sentences before and after a passage in its context, if the index has sentences and no setting."""
SIBLINGS = 4
"""Factor of the chunks that are read, because those with the parent of a better one are dropped."""


class RetrievalSettings(Record):
    """Settings of a retrieval.

    `mode` names the searches and `fusion` how their results are combined: by standardized scores or by reciprocal
    ranks. `vector_weight` is the share of vector search in it, by default 0.6 with scores and 0.5 with ranks.
    `candidates` is the number of chunks that each search returns before fusion. `diversity` in 0..1 prefers passages
    unlike those before (maximal marginal relevance). `rerank` names a model that reorders the first
    `rerank_candidates` passages. `neighbours` is the number of chunks before and after a passage in its context, and
    `parents` returns the parent as context. `document_ids` restricts the search to documents.
    """

    mode: Literal["hybrid", "vector", "text"] = "hybrid"
    fusion: Literal["scores", "ranks"] = "scores"
    vector_weight: float | None = Field(default=None, ge=0, le=1)
    candidates: int = Field(default=50, ge=1, le=1000)
    diversity: float = Field(default=0.0, ge=0, le=1)
    rerank: str | None = None
    rerank_candidates: int = Field(default=20, ge=1, le=200)
    neighbours: int = Field(default=0, ge=0, le=10)
    parents: bool = True
    document_ids: tuple[UUID, ...] | None = None


class Candidates(NamedTuple):
    """Chunks that the searches returned: both scores of each, the fused score, and the ranks in both searches."""

    similarities: dict[UUID, float]
    text_scores: dict[UUID, float]
    fused: dict[UUID, float]
    vector_ranks: dict[UUID, int]
    text_ranks: dict[UUID, int]


def retrieve(
    connection: Connection,
    base: str,
    question: str,
    embedder: Embedder,
    *,
    limit: int = 5,
    index: int | None = None,
    filters: Mapping[str, Any] | None = None,
    settings: RetrievalSettings | None = None,
) -> list[RetrievedPassage]:
    """Return the `limit` best passages of a base for a question, best first.

    `index` is the number of an index; the live one is searched if it is None. `filters` has the form of OpenAI's
    filters on the metadata. Reranking needs a model and is left to the caller (`index.rerank`).

    Raises: NotFound if there is no such base or index. InvalidInput if the filter is malformed or the index was
        embedded by another model.
    """
    settings = settings or RetrievalSettings()
    found = get_index(connection, base, index)
    scope = _find_scope(connection, base, filters, settings)
    # More results than candidates need more candidates.
    depth = max(settings.candidates, limit)
    candidates = _find_candidates(connection, found, question, embedder, (settings, scope, depth))
    if settings.diversity > 0:
        best = select_diverse(
            candidates.fused, read_vectors(connection, list(candidates.fused)), limit * SIBLINGS, settings.diversity
        )
    else:
        best = sorted(candidates.fused, key=lambda item: (-candidates.fused[item], item))
    if settings.neighbours == 0 and found.chunker.get("kind") == "sentences":
        settings = settings.model_copy(update={"neighbours": int(found.chunker.get("window", DEFAULT_WINDOW))})
    return _load_passages(connection, best[: limit * SIBLINGS], candidates, settings)[:limit]


def _find_scope(
    connection: Connection, base: str, filters: Mapping[str, Any] | None, settings: RetrievalSettings
) -> SearchScope:
    if not filters:
        return SearchScope(None, settings.document_ids)
    predicate = compile_filter(filters)
    return SearchScope(predicate, settings.document_ids, find_selective(connection, base, filters))


def _find_candidates(
    connection: Connection,
    index: KnowledgeIndex,
    question: str,
    embedder: Embedder,
    request: tuple[RetrievalSettings, SearchScope, int],
) -> Candidates:
    """Run the searches and fuse their results."""
    settings, scope, depth = request
    vector = _embed_question(index, question, embedder)
    by_vector = search_vectors(connection, index, vector, depth, scope) if settings.mode != "text" else []
    by_text = search_text(connection, index, question, depth, scope) if settings.mode != "vector" else None
    ranked = by_text.ranked if by_text else {}
    similar = {hit.chunk_id: hit.similarity for hit in by_vector}
    vector_order = list(similar)
    similar |= similarities(connection, [item for item in ranked if item not in similar], vector)
    numbers = {hit.chunk_id: hit.number for hit in by_vector}
    text_scores = dict(ranked)
    if by_text:
        text_scores |= {item: by_text.score_of(numbers[item]) for item in vector_order if item not in ranked}
    weight = () if settings.vector_weight is None else (settings.vector_weight,)
    if settings.mode == "vector":
        fused = {item: similar[item] for item in vector_order}
    elif settings.mode == "text":
        fused = dict(ranked)
    elif settings.fusion == "ranks":
        fused = add_reciprocal_ranks(vector_order, list(ranked), *weight)
    else:
        compared = {item: similar.get(item, 0.0) for item in [*vector_order, *ranked]}
        fused = add_standardized(compared, text_scores, *weight)
    return Candidates(
        similar,
        {item: score for item, score in text_scores.items() if score > 0},
        fused,
        {item: rank for rank, item in enumerate(vector_order, 1)},
        {item: rank for rank, item in enumerate(ranked, 1)},
    )


def _embed_question(index: KnowledgeIndex, question: str, embedder: Embedder) -> Any:
    if embedder.version != index.embedder:
        raise InvalidInput(
            f"index {index.number} of {index.base!r} was embedded by {index.embedder!r}, not by {embedder.version!r}",
            "query it with its own model",
        )
    return embedder.embed_queries([question])[0]


def _load_passages(
    connection: Connection, ids: Sequence[UUID], candidates: Candidates, settings: RetrievalSettings
) -> list[RetrievedPassage]:
    query = (
        select(*CHUNK_COLUMNS, documents.c.path.label("document_path"), documents.c.title.label("document_title"))
        .join(documents, documents.c.id == chunks.c.document_id)
        .where(chunks.c.id.in_(ids))
    )
    passages: dict[UUID, RetrievedPassage] = {}
    for row in connection.execute(query).mappings():
        values = dict(row)
        path, title, item = values.pop("document_path"), values.pop("document_title"), values["id"]
        passages[item] = RetrievedPassage(
            chunk=Chunk.model_validate(values),
            path=path,
            title=title,
            score=candidates.fused[item],
            fusion_score=candidates.fused[item],
            similarity=candidates.similarities.get(item, 0.0),
            text_score=candidates.text_scores.get(item),
            vector_rank=candidates.vector_ranks.get(item),
            text_rank=candidates.text_ranks.get(item),
        )
    ordered = [passages[item] for item in ids if item in passages]
    return _add_context(connection, _drop_siblings(ordered) if settings.parents else ordered, settings)


def _drop_siblings(passages: list[RetrievedPassage]) -> list[RetrievedPassage]:
    """Return passages without those whose parent a better passage has, because their context is the same."""
    seen: set[UUID] = set()
    kept: list[RetrievedPassage] = []
    for passage in passages:
        parent = passage.chunk.parent_id
        if parent is None or parent not in seen:
            kept.append(passage)
        if parent is not None:
            seen.add(parent)
    return kept


def _add_context(
    connection: Connection, passages: list[RetrievedPassage], settings: RetrievalSettings
) -> list[RetrievedPassage]:
    """Return passages with the text of their parents, or of their neighbours."""
    parents = (
        {passage.chunk.parent_id for passage in passages if passage.chunk.parent_id} if settings.parents else set()
    )
    texts: dict[UUID | None, str] = {}
    if parents:
        rows = connection.execute(select(chunks.c.id, chunks.c.text).where(chunks.c.id.in_(parents)))
        texts = {row.id: row.text for row in rows}
    return [
        passage.model_copy(
            update={
                "context": texts.get(passage.chunk.parent_id)
                or (_read_neighbours(connection, passage.chunk, settings.neighbours) if settings.neighbours else "")
            }
        )
        for passage in passages
    ]


def _read_neighbours(connection: Connection, chunk: Chunk, count: int) -> str:
    """Return the text of a chunk with the chunks before and after it in its document, without their overlaps."""
    query = (
        select(chunks.c.text, chunks.c.start, chunks.c.end)
        .where(
            chunks.c.document_id == chunk.document_id,
            chunks.c.index_id == chunk.index_id,
            chunks.c.kind != "parent",
            chunks.c.position.between(chunk.position - count, chunk.position + count),
        )
        .order_by(chunks.c.position)
    )
    parts: list[str] = []
    end = -1
    for row in connection.execute(query):
        if row.start < end:
            parts[-1] += row.text[end - row.start :]
        else:
            parts.append(row.text)
        end = max(end, row.end)
    return CONTEXT_SEPARATOR.join(parts)


def compute_coverage(
    connection: Connection, base: str, question: str, passages: Sequence[RetrievedPassage], index: int | None = None
) -> float:
    """Return the share of the question's words that occur in the passages, weighted by their rarity, in 0..1."""
    found = get_index(connection, base, index)
    return compute_word_coverage(connection, found, question, [passage.chunk.id for passage in passages])
