"""Near-duplicate detection: MinHash finds candidates, the exact Jaccard similarity of their shingles decides.

Two texts are near-duplicates if the Jaccard similarity (intersection over union) of their shingles reaches the
threshold. Shingles are all substrings of five characters of the text in lower case with single spaces. Signatures of
126 permutations are cut into bands (locality-sensitive hashing: Leskovec, Rajaraman, Ullman, Mining of Massive
Datasets, section 3.4). Rows that agree on a whole band are candidates, and each candidate pair is verified on its
shingles, so there are no false positives. At the default of 21 bands of 6, a pair at exactly 0.8 is missed once in 600,
a pair at 0.85 once in 26,000.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

from cachetools import LRUCache
from pydantic import Field

from vong.records import Example

Threshold = Annotated[float, Field(ge=0.3, le=1.0)]
"""Minimum Jaccard similarity of near-duplicates. Below 0.3 almost all pairs would be candidates."""

MEANINGFUL_FORMS = ("<super>", "<sub>", "<fraction>", "<circle>", "<font>", "<square>")
"""Kinds of compatibility forms whose ordinary characters mean something else."""
SHINGLE_CHARS = 5
"""Characters per shingle."""
SIGNATURE_SIZE = 126
"""Number of MinHash permutations per signature."""
DEFAULT_THRESHOLD = 0.8
SEED = 42
CHUNK_ROWS = 2000
"""Number of rows hashed at once."""
MAX_CACHED_SHINGLES = 50_000
"""Rows whose shingles are cached."""
MAX_COMPARED_ROWS = 200
"""Maximum number of rows of one band that a row is compared with. In larger groups only the preceding rows are."""
ESTIMATE_TOLERANCE = 0.2
"""Candidates whose estimate is this far below the threshold are not verified: 5 standard errors at 126."""
COMMON_MIN_SHARE, COMMON_SAMPLE_SIZE, COMMON_MIN_TEXTS = 0.9, 500, 10
"""Share of texts with a common affix, texts sampled to find it, and minimum number of distinct texts."""


def input_text(example: Example) -> str:
    """Return the compared text of an Example: its messages without system messages, which rows usually share.

    For a document, its text.
    """
    if example.text is not None:
        return example.text
    parts = [message.text for message in example.messages if message.role not in {"system", "developer"}]
    return "\n".join(parts)


def normalize_for_comparison(text: str) -> str:
    """Return the text in composed Unicode and lower case with single spaces.

    Full-width forms, ligatures and the like become ordinary characters (NFKC). Superscripts, subscripts, fractions and
    other characters with their own meaning stay: 5² is not 52.
    """
    if unicodedata.is_normalized("NFKC", text):
        return " ".join(text.lower().split())
    composed = unicodedata.normalize("NFC", text)
    folded = "".join(
        character
        if unicodedata.decomposition(character).startswith(MEANINGFUL_FORMS)
        else unicodedata.normalize("NFKC", character)
        for character in composed
    )
    return " ".join(unicodedata.normalize("NFC", folded).lower().split())


def shingles(text: str) -> frozenset[str]:
    """Return all substrings of five characters of a normalized text, or the text itself if it is shorter."""
    return frozenset(text[start : start + SHINGLE_CHARS] for start in range(max(1, len(text) - SHINGLE_CHARS + 1)))


def jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    """Return the Jaccard similarity (intersection over union) of two sets of shingles; 0 for two empty sets."""
    shared = len(left & right)
    return shared / ((len(left) + len(right) - shared) or 1)


@dataclass(frozen=True)
class DuplicateClusters:
    """Groups of duplicate rows. `same[i]` and `near[i]` identify the group of row i by its first row, both from 0.

    `same` groups rows with the same normalized input; `near` groups rows connected by a chain of near-duplicates,
    identical inputs included. `unchecked` is the number of rows that shared a band with too many others to compare with
    all of them.
    """

    same: list[int]
    near: list[int]
    threshold: float
    unchecked: int

    def groups(self, by: Sequence[int] | None = None) -> dict[int, list[int]]:
        """Return the groups with at least two rows as {first row: rows}, grouped by `near` unless `same` is passed."""
        members: dict[int, list[int]] = {}
        for row, first in enumerate(self.near if by is None else by):
            members.setdefault(first, []).append(row)
        return {first: rows for first, rows in members.items() if len(rows) > 1}


def cluster(texts: Sequence[str], threshold: float = DEFAULT_THRESHOLD) -> DuplicateClusters:
    """Group identical and near-duplicate texts. Memory use: the texts plus 0.5 kB per row."""
    normalized = strip_common_affixes([normalize_for_comparison(text) for text in texts])
    first: dict[str, int] = {}
    same = [first.setdefault(text, row) for row, text in enumerate(normalized)]
    unique = list(first.values())
    forest = _DisjointSets(len(unique))
    bands, rows = _choose_bands(threshold)
    signatures = _compute_signatures([normalized[row] for row in unique])
    unchecked = _unite_near_duplicates(
        [normalized[row] for row in unique], signatures, (bands, rows), threshold, forest
    )
    index_by_row = {row: index for index, row in enumerate(unique)}
    near = [unique[forest.find(index_by_row[row])] for row in same]
    return DuplicateClusters(same=same, near=near, threshold=threshold, unchecked=unchecked)


def strip_common_affixes(texts: Sequence[str]) -> list[str]:
    """Remove the prefix and suffix that nine in ten texts share.

    A shared template would otherwise make all texts similar. Texts that consist only of the template, and collections
    of fewer than ten distinct texts, are unchanged.
    """
    if len(set(texts)) < COMMON_MIN_TEXTS:
        return list(texts)
    prefix = _common_prefix(texts)
    suffix = _common_prefix([text[::-1] for text in texts])[::-1]
    return [_strip_affixes(text, prefix, suffix) for text in texts]


def _common_prefix(texts: Sequence[str]) -> str:
    """Return the longest prefix, ending at a word boundary, that nine in ten distinct texts of a sample share."""
    distinct = sorted(set(texts))
    sample = distinct[:: max(1, len(distinct) // COMMON_SAMPLE_SIZE)]
    low, high = 0, max(map(len, sample))
    while low < high:
        middle = (low + high + 1) // 2
        _, most = Counter(text[:middle] for text in sample).most_common(1)[0]
        low, high = (middle, high) if most >= COMMON_MIN_SHARE * len(sample) else (low, middle - 1)
    start = Counter(text[:low] for text in sample).most_common(1)[0][0]
    return start[: start.rfind(" ") + 1]


def _strip_affixes(text: str, prefix: str, suffix: str) -> str:
    inner = text.removeprefix(prefix) if prefix else text
    inner = inner.removesuffix(suffix) if suffix else inner
    return inner or text


def _choose_bands(threshold: float) -> tuple[int, int]:
    """Return (bands, rows per band) with the longest band that misses a pair at the threshold at most once in 500."""
    for rows in (18, 14, 9, 7, 6, 3, 2, 1):
        bands = SIGNATURE_SIZE // rows
        if (1 - threshold**rows) ** bands <= 0.002:
            return bands, rows
    return SIGNATURE_SIZE, 1


def _compute_signatures(texts: Sequence[str]) -> Any:
    """Return MinHash signatures as a uint32 matrix of shape (rows, 126)."""
    import numpy as np

    rensa: Any = import_module("rensa")  # compiled module without type information

    matrix = np.empty((len(texts), SIGNATURE_SIZE), dtype=np.uint32)
    for start in range(0, len(texts), CHUNK_ROWS):
        sets = [list(shingles(text)) for text in texts[start : start + CHUNK_ROWS]]
        digests = rensa.RMinHash.digest_matrix_from_token_sets(sets, SIGNATURE_SIZE, SEED)
        matrix[start : start + len(sets)] = digests.to_rows()
    return matrix


def _unite_near_duplicates(
    texts: Sequence[str], signatures: Any, shape: tuple[int, int], threshold: float, forest: "_DisjointSets"
) -> int:
    """Unite near-duplicate rows and return the number of rows not compared with all rows of their band."""
    shingle_cache: LRUCache[int, frozenset[str]] = LRUCache(MAX_CACHED_SHINGLES)
    unchecked: set[int] = set()
    for number in range(shape[0]):
        band = signatures[:, number * shape[1] : (number + 1) * shape[1]]
        for members in _iter_buckets(band):
            unchecked.update(members[MAX_COMPARED_ROWS:])
            _verify_bucket(texts, signatures, members, (threshold, forest, shingle_cache))
    return len(unchecked)


def _iter_buckets(band: Any) -> Iterator[list[int]]:
    """Yield the groups of rows that agree on the whole band, in order."""
    import numpy as np

    # One 64-bit number per row. Collisions of different bands are harmless, because pairs are verified.
    multipliers = np.random.default_rng(SEED).integers(1, 2**63, band.shape[1], dtype=np.uint64) * np.uint64(
        2
    ) + np.uint64(1)
    mixed = (band.astype(np.uint64) * multipliers).sum(axis=1)
    _, group, sizes = np.unique(mixed, return_inverse=True, return_counts=True)
    order = np.argsort(group, kind="stable")
    ends = np.cumsum(sizes)
    for end, size in zip(ends, sizes, strict=True):
        if size > 1:
            yield order[end - size : end].tolist()


def _verify_bucket(
    texts: Sequence[str],
    signatures: Any,
    members: list[int],
    state: tuple[float, "_DisjointSets", "LRUCache[int, frozenset[str]]"],
) -> None:
    """Verify the pairs of one bucket that are not connected yet and whose estimate is close to the threshold."""
    threshold, forest, shingle_cache = state
    if len({forest.find(row) for row in members}) == 1:
        return
    min_agreeing = (threshold - ESTIMATE_TOLERANCE) * SIGNATURE_SIZE
    for position in range(1, len(members)):
        row = members[position]
        own = forest.find(row)
        others = [
            other for other in members[max(0, position - MAX_COMPARED_ROWS) : position] if forest.find(other) != own
        ]
        if not others:
            continue
        agreeing = (signatures[others] == signatures[row]).sum(axis=1)
        for other, count in zip(others, agreeing, strict=True):
            if count < min_agreeing or forest.find(other) == forest.find(row):
                continue
            if (
                jaccard(_cached_shingles(shingle_cache, texts, other), _cached_shingles(shingle_cache, texts, row))
                >= threshold
            ):
                forest.union(other, row)


def _cached_shingles(known: "LRUCache[int, frozenset[str]]", texts: Sequence[str], row: int) -> frozenset[str]:
    found = known.get(row)
    if found is None:
        found = known[row] = shingles(texts[row])
    return found


class _DisjointSets:
    """Disjoint sets (union-find); the representative of a set is its smallest member."""

    def __init__(self, size: int) -> None:
        self.parent = list(range(size))

    def find(self, item: int) -> int:
        """Return the representative of the item's set."""
        parent = self.parent
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def union(self, one: int, other: int) -> None:
        """Merge the sets of two items."""
        low, high = sorted((self.find(one), self.find(other)))
        self.parent[high] = low
