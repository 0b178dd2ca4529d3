"""How alike two texts are: the Jaccard similarity of their shingles."""

from __future__ import annotations


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
