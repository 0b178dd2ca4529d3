"""Hybrid retrieval of passages: vector search and full-text search, combined by reciprocal rank fusion."""

import math
from collections.abc import Sequence

from sqlalchemy import Connection

from vong.errors import NotFound, did_you_mean
from vong.knowledge import tables
from vong.knowledge.indexing import Embed
from vong.records import RetrievedPassage

CANDIDATES_PER_SEARCH = 30
"""Number of chunks that each of the two searches returns."""
RRF_CONSTANT = 60
"""Constant of reciprocal rank fusion, score = sum of 1 / (60 + rank): Cormack et al. 2009, section 2."""


def retrieve(
    connection: Connection, base: str, question: str, embed: Embed, *, limit: int = 5
) -> list[RetrievedPassage]:
    """Return the `limit` best passages of a base for a question, best first.

    Raises: NotFound if there is no such base.
    """
    names = [existing.name for existing in tables.list_bases(connection)]
    if base not in names:
        raise NotFound(f"no knowledge base named {base!r}", did_you_mean(base, names, "vong knowledge list"))
    vector = embed([question])[0]
    by_vector = tables.search_by_vector(connection, base, vector, CANDIDATES_PER_SEARCH)
    by_words = tables.search_by_words(connection, base, question, vector, CANDIDATES_PER_SEARCH)
    vector_ranks = {hit.chunk.id: hit.rank for hit in by_vector}
    word_ranks = {hit.chunk.id: hit.rank for hit in by_words}
    passages = [
        RetrievedPassage(
            chunk=hit.chunk,
            path=hit.path,
            title=hit.title,
            similarity=hit.similarity,
            vector_rank=vector_ranks.get(hit.chunk.id),
            text_rank=word_ranks.get(hit.chunk.id),
            score=sum(
                1 / (RRF_CONSTANT + ranks[hit.chunk.id])
                for ranks in (vector_ranks, word_ranks)
                if hit.chunk.id in ranks
            ),
        )
        for hit in {hit.chunk.id: hit for hit in [*by_vector, *by_words]}.values()
    ]
    return sorted(passages, key=lambda passage: -passage.score)[:limit]


def compute_coverage(connection: Connection, base: str, question: str, passages: Sequence[RetrievedPassage]) -> float:
    """Return the share of the question's words that occur in the passages, in 0..1.

    Each word is weighted by its rarity in the base, ln((N + 1) / (n + 0.5)) (Robertson 2004, inverse document
    frequency). Similarity alone would match "who founded the company?" to any passage about the company; the rare word
    "founded" decides.
    """
    total = next((existing.chunks for existing in tables.list_bases(connection) if existing.name == base), 0)
    counts = tables.count_lexemes(connection, base, question, [passage.chunk.id for passage in passages])
    weights = [(math.log((total + 1) / (frequency + 0.5)), in_passages) for frequency, in_passages in counts]
    total_weight = sum(weight for weight, _ in weights)
    return sum(weight for weight, in_passages in weights if in_passages) / total_weight if total_weight > 0 else 1.0
