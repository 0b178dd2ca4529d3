"""Fusion of the scores of vector search and full-text search, and selection of diverse passages."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VECTOR_WEIGHT = 0.6
"""Share of vector search in the fused score, chosen on one half of XQuAD: docs/decisions/0006-retrieval.md."""
RRF_CONSTANT = 60
"""Constant of reciprocal rank fusion, score = sum of 1 / (60 + rank): Cormack et al. 2009, section 2."""


def add_standardized(
    similarities: Mapping[UUID, float], text_scores: Mapping[UUID, float], weight: float = VECTOR_WEIGHT
) -> dict[UUID, float]:
    """Return the weighted sum of both scores, each with mean 0 and standard deviation 1 over all candidates.

    A candidate without a text score contains no word of the query, so that its score is 0. A score below the mean
    counts as the mean: being far from the query in one search does not outweigh an exact match in the other.
    """
    vector_part = _standardize(similarities)
    text_part = _standardize({item: text_scores.get(item, 0.0) for item in similarities})
    return {item: weight * vector_part[item] + (1 - weight) * text_part[item] for item in similarities}


def add_reciprocal_ranks(
    vector_order: Sequence[UUID], text_order: Sequence[UUID], weight: float = 0.5
) -> dict[UUID, float]:
    """Return the weighted sum of 2 / (60 + rank) of each item over both rankings, best first in each."""
    scores: dict[UUID, float] = {}
    for ranking, share in ((vector_order, weight), (text_order, 1 - weight)):
        for rank, item in enumerate(ranking, 1):
            scores[item] = scores.get(item, 0.0) + 2 * share / (RRF_CONSTANT + rank)
    return scores


def _standardize(scores: Mapping[UUID, float]) -> dict[UUID, float]:
    if not scores:
        return {}
    mean = sum(scores.values()) / len(scores)
    deviation = (sum((score - mean) ** 2 for score in scores.values()) / len(scores)) ** 0.5
    return {item: max((score - mean) / deviation, 0.0) if deviation > 1e-9 else 0.0 for item, score in scores.items()}


def select_diverse(
    scores: Mapping[UUID, float], vectors: "Mapping[UUID, NDArray[np.float32]]", limit: int, diversity: float
) -> list[UUID]:
    """Return `limit` items by maximal marginal relevance, best first.

    Each step takes the item with the greatest (1 - diversity) * score - diversity * similarity to the nearest item
    taken before, where scores are scaled to 0..1: Carbonell and Goldstein 1998, "The use of MMR".
    """
    low, high = min(scores.values(), default=0.0), max(scores.values(), default=0.0)
    relevance = {item: (score - low) / (high - low) if high > low else 1.0 for item, score in scores.items()}
    left = sorted(scores, key=lambda item: -scores[item])
    nearest = dict.fromkeys(left, 0.0)
    taken: list[UUID] = []
    while left and len(taken) < limit:
        best = max(left, key=lambda item: (1 - diversity) * relevance[item] - diversity * nearest[item])
        left.remove(best)
        taken.append(best)
        for item in left:
            if item in vectors and best in vectors:
                nearest[item] = max(nearest[item], float(vectors[item] @ vectors[best]))
    return taken
