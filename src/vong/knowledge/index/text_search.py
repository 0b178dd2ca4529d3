"""Full-text search over the chunks of an index."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select, text

from vong.knowledge.index import bm25
from vong.knowledge.index.analysis import analyze_query
from vong.knowledge.index.indexing import build_text_index
from vong.knowledge.index.tables import KnowledgeIndex, chunks
from vong.knowledge.index.vectors import SearchScope

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILTERED_BATCH = 4
"""Factor of the chunks that are read at once to find enough that match a filter."""


class TextResult(NamedTuple):
    """Best chunks with their BM25 scores, best first, and the scores of all chunks by their numbers."""

    ranked: dict[UUID, float]
    numbers: "NDArray[np.int32]"
    scores: "NDArray[np.float64]"

    def score_of(self, number: int | None) -> float:
        """Return the score of the chunk with a number: 0 without any word of the query."""
        import numpy as np

        if number is None:
            return 0.0
        at = int(np.searchsorted(self.numbers, number))
        return float(self.scores[at]) if at < len(self.numbers) and self.numbers[at] == number else 0.0


def search_text(
    connection: Connection, index: KnowledgeIndex, question: str, limit: int, scope: SearchScope
) -> TextResult:
    """Return the best chunks of an index by BM25."""
    import numpy as np

    statistics = _ensure_text_index(connection, index)
    if statistics is None:
        return TextResult({}, np.zeros(0, dtype=np.int32), np.zeros(0))
    groups = analyze_query(connection, question, statistics.languages)
    numbers, scores = bm25.score_query(connection, index.id, statistics, groups)
    return TextResult(_find_best(connection, index, numbers, scores, limit, scope), numbers, scores)


def _ensure_text_index(connection: Connection, index: KnowledgeIndex) -> bm25.TextStatistics | None:
    """Return the statistics of an index. Indexes chunks from before index versions first."""
    statistics = bm25.read_statistics(connection, index.id)
    if index.chunks and (statistics is None or statistics.chunks < index.chunks):
        build_text_index(connection, index.id)
        statistics = bm25.read_statistics(connection, index.id)
    return statistics


def _find_best(
    connection: Connection,
    index: KnowledgeIndex,
    numbers: "NDArray[np.int32]",
    scores: "NDArray[np.float64]",
    limit: int,
    scope: SearchScope,
) -> dict[UUID, float]:
    import numpy as np

    if scope.is_selective and len(numbers):
        allowed = _find_scope_numbers(connection, index, scope)
        kept = np.isin(numbers, np.array(sorted(allowed), dtype=np.int32))
        numbers, scores = numbers[kept], scores[kept]
        scope = SearchScope()
    order = np.lexsort((numbers, -scores))
    ranked: dict[UUID, float] = {}
    start, batch = 0, limit * FILTERED_BATCH if scope.conditions() else limit
    while start < len(order) and len(ranked) < limit:
        part = order[start : start + batch]
        found = _find_numbers(connection, index, numbers[part].tolist(), scope)
        for number, score in zip(numbers[part].tolist(), scores[part].tolist(), strict=True):
            if number in found and len(ranked) < limit:
                ranked[found[number]] = score
        start, batch = start + batch, batch * FILTERED_BATCH
    return ranked


def _find_numbers(
    connection: Connection, index: KnowledgeIndex, numbers: list[int], scope: SearchScope
) -> dict[int, UUID]:
    where = " AND ".join(["index_id = :index", "number = ANY(:numbers)", *scope.conditions()])
    statement = text(f"SELECT number, id FROM knowledge_chunks WHERE {where}")  # noqa: S608
    parameters = scope.parameters() | {"index": index.id, "numbers": numbers}
    return {int(row[0]): row[1] for row in connection.execute(statement, parameters)}


def _find_scope_numbers(connection: Connection, index: KnowledgeIndex, scope: SearchScope) -> set[int]:
    where = " AND ".join(["index_id = :index", "number IS NOT NULL", *scope.conditions()])
    statement = text(f"SELECT number FROM knowledge_chunks WHERE {where}")  # noqa: S608
    return set(connection.scalars(statement, scope.parameters() | {"index": index.id}))


def compute_word_coverage(
    connection: Connection, index: KnowledgeIndex, question: str, chunk_ids: Sequence[UUID]
) -> float:
    """Return the share of the question's words that occur in chunks, in 0..1.

    Each word is weighted by its rarity in the index, ln((N + 1) / (n + 0.5)) (Robertson 2004, inverse document
    frequency). Similarity alone would match "who founded the company?" to any passage about the company; the rare word
    "founded" decides.
    """
    statistics = bm25.read_statistics(connection, index.id)
    if statistics is None:
        return 1.0
    groups = analyze_query(connection, question, statistics.languages)
    postings = bm25.read_postings(connection, index.id, {term for group in groups for term in group})
    in_chunks = set(connection.scalars(select(chunks.c.number).where(chunks.c.id.in_(chunk_ids))))
    deleted = set(statistics.deleted.tolist())
    total = covered = 0.0
    for group in groups:
        holders = {number for term in group if term in postings for number in postings[term]["number"].tolist()}
        holders -= deleted
        weight = max(math.log((statistics.chunks + 1) / (len(holders) + 0.5)), 0.0)
        total += weight
        covered += weight if holders & in_chunks else 0.0
    return covered / total if total > 0 else 1.0
