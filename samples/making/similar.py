"""How alike two texts are: the Jaccard similarity of their shingles."""

from __future__ import annotations

from collections import Counter, defaultdict


def normalised(text: str) -> str:
    """Lower case, single spaces."""
    return " ".join(text.lower().split())


def signs(text: str, size: int = 5) -> frozenset[str]:
    """All runs of `size` characters."""
    text = normalised(text)
    return frozenset(text[start : start + size] for start in range(max(1, len(text) - size + 1)))


def words(text: str, size: int = 5) -> frozenset[str]:
    """All runs of `size` words."""
    parts = normalised(text).split()
    return frozenset(" ".join(parts[start : start + size]) for start in range(max(1, len(parts) - size + 1)))


def jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    """Shared shingles over all shingles."""
    return len(left & right) / (len(left | right) or 1)


class Seen:
    """Texts seen so far, by their shingles, so that the nearest is found without comparing with each."""

    def __init__(self) -> None:
        self._holders: defaultdict[str, list[int]] = defaultdict(list)
        self._sizes: list[int] = []

    def add(self, shingles: frozenset[str]) -> None:
        for shingle in shingles:
            self._holders[shingle].append(len(self._sizes))
        self._sizes.append(len(shingles))

    def nearest(self, shingles: frozenset[str]) -> float:
        """The greatest Jaccard similarity to a text seen."""
        shared = Counter(holder for shingle in shingles for holder in self._holders.get(shingle, ()))
        return max((n / (self._sizes[holder] + len(shingles) - n) for holder, n in shared.items()), default=0.0)
