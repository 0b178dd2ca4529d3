"""Find the passages that fit a question: by meaning and by words, fused."""

import math
from collections.abc import Sequence

from sqlalchemy import Connection

from vong.errors import NotFound, nearest
from vong.knowledge import tables
from vong.knowledge.indexing import Embed
from vong.records import RetrievedPassage

CANDIDATES = 30
"""Passages that each of the two searches brings."""
FUSION = 60
"""The constant of reciprocal rank fusion, score = sum of 1 / (60 + rank): Cormack et al. 2009, section 2."""


def retrieve(
    connection: Connection, base: str, question: str, embed: Embed, *, limit: int = 5
) -> list[RetrievedPassage]:
    """The `limit` best passages of a base for a question, best first."""
    names = [known.name for known in tables.list_bases(connection)]
    if base not in names:
        raise NotFound(f"no knowledge base named {base!r}", nearest(base, names, "vong knowledge list"))
    vector = embed([question])[0]
    by_vector = tables.nearest_by_vector(connection, base, vector, CANDIDATES)
    by_words = tables.nearest_by_words(connection, base, question, vector, CANDIDATES)
    vector_ranks = {found.chunk.id: found.rank for found in by_vector}
    word_ranks = {found.chunk.id: found.rank for found in by_words}
    passages = [
        RetrievedPassage(
            chunk=found.chunk,
            path=found.path,
            title=found.title,
            similarity=found.similarity,
            vector_rank=vector_ranks.get(found.chunk.id),
            text_rank=word_ranks.get(found.chunk.id),
            score=sum(
                1 / (FUSION + ranks[found.chunk.id]) for ranks in (vector_ranks, word_ranks) if found.chunk.id in ranks
            ),
        )
        for found in {found.chunk.id: found for found in [*by_vector, *by_words]}.values()
    ]
    return sorted(passages, key=lambda passage: -passage.score)[:limit]


def coverage(connection: Connection, base: str, question: str, passages: Sequence[RetrievedPassage]) -> float:
    """How much of the question the passages speak of, in 0..1: the share of its words that stand in them, each word
    weighted by its rarity in the base, ln((N + 1) / (n + 0.5)) (Robertson 2004, inverse document frequency).

    Similarity alone takes "who founded the company?" for a question about the company; the rare word decides.
    """
    total = next((known.chunks for known in tables.list_bases(connection) if known.name == base), 0)
    counts = tables.lexeme_counts(connection, base, question, [passage.chunk.id for passage in passages])
    weights = [(math.log((total + 1) / (holding + 0.5)), among) for holding, among in counts]
    whole = sum(weight for weight, _ in weights)
    return sum(weight for weight, among in weights if among) / whole if whole > 0 else 1.0
