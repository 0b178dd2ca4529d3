"""Similarity of two texts: the Jaccard similarity of their shingles."""

from __future__ import annotations

from collections import Counter, defaultdict


def normalize(text: str) -> str:
    """Return the text in lower case with single spaces."""
    return " ".join(text.lower().split())


def character_shingles(text: str, size: int = 5) -> frozenset[str]:
    """Return all runs of `size` characters."""
    text = normalize(text)
    return frozenset(text[start : start + size] for start in range(max(1, len(text) - size + 1)))


def word_shingles(text: str, size: int = 5) -> frozenset[str]:
    """Return all runs of `size` words."""
    parts = normalize(text).split()
    return frozenset(" ".join(parts[start : start + size]) for start in range(max(1, len(parts) - size + 1)))


def jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    """Return the number of shared shingles divided by the number of all shingles."""
    return len(left & right) / (len(left | right) or 1)


class SimilarityIndex:
    """Index of texts by shingle, which finds the most similar text without comparing all of them."""

    def __init__(self) -> None:
        self._holders: defaultdict[str, list[int]] = defaultdict(list)
        self._sizes: list[int] = []

    def add(self, shingles: frozenset[str]) -> None:
        for shingle in shingles:
            self._holders[shingle].append(len(self._sizes))
        self._sizes.append(len(shingles))

    def max_similarity(self, shingles: frozenset[str]) -> float:
        """Return the greatest Jaccard similarity to an indexed text."""
        shared = Counter(holder for shingle in shingles for holder in self._holders.get(shingle, ()))
        return max((n / (self._sizes[holder] + len(shingles) - n) for holder, n in shared.items()), default=0.0)
