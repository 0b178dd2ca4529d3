"""Near-duplicates: MinHash finds candidates, the true Jaccard similarity of their shingles decides.

Two texts are near-duplicates when the Jaccard similarity (shared over all) of their shingles reaches the threshold.
Shingles are the runs of five characters of the text in lower case with single spaces. Signatures of 126 permutations
are cut into bands (locality-sensitive hashing: Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, section 3.4);
rows that agree on a whole band are candidates, and every candidate pair is verified on the shingles themselves, so
what is reported is true. At the default of 21 bands of 6 a pair at exactly 0.8 is missed once in 600, a pair at 0.85
once in 26,000.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

from pydantic import Field

from vong.records import Example

Threshold = Annotated[float, Field(ge=0.3, le=1.0)]
"""A Jaccard similarity from which texts are near-duplicates. Below 0.3 almost everything is a candidate."""

SHINGLE = 5
SIGNATURE = 126
THRESHOLD = 0.8
SEED = 42
CHUNK = 2000
WINDOW = 200
"""How many rows of one band are compared with each other; beyond it a row is compared with the last ones only."""
SLACK = 0.2
"""Candidates whose estimate lies this far below the threshold are not verified: 5 standard errors at 126."""
COMMON_SHARE, COMMON_SAMPLE, COMMON_LEAST = 0.9, 500, 10


def input_text(example: Example) -> str:
    """What is compared of an Example: its messages, without the system's, which rows of one dataset share."""
    parts = [message.text for message in example.messages if message.role not in {"system", "developer"}]
    return "\n".join(parts)


def normalised(text: str) -> str:
    """Composed (NFKC), lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def shingles(text: str) -> frozenset[str]:
    """The runs of five characters of a normalised text; a shorter text is its only shingle."""
    return frozenset(text[start : start + SHINGLE] for start in range(max(1, len(text) - SHINGLE + 1)))


def jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    """Shared over all; 1 for two empty sets."""
    shared = len(left & right)
    return shared / ((len(left) + len(right) - shared) or 1)


@dataclass(frozen=True)
class DuplicateClusters:
    """Which rows belong together. `same[i]` and `near[i]` name row i's group by its first row (both from 0): rows with
    the same normalised input, and rows connected by a chain of near-duplicates (the same input included).
    `unchecked` counts rows that shared a band with too many others to be compared with all of them.
    """

    same: list[int]
    near: list[int]
    threshold: float
    unchecked: int

    def groups(self, of: Sequence[int] | None = None) -> dict[int, list[int]]:
        """First row -> all rows of its group (`near` unless `same` is given), of groups with at least two rows."""
        members: dict[int, list[int]] = {}
        for row, first in enumerate(self.near if of is None else of):
            members.setdefault(first, []).append(row)
        return {first: rows for first, rows in members.items() if len(rows) > 1}


def cluster(texts: Sequence[str], threshold: float = THRESHOLD) -> DuplicateClusters:
    """Group inputs that are the same and that are near-duplicates. Memory: the texts, and 0.5 kB a row."""
    plain = without_common([normalised(text) for text in texts])
    first: dict[str, int] = {}
    same = [first.setdefault(text, row) for row, text in enumerate(plain)]
    unique = list(first.values())
    forest = _Forest(len(unique))
    bands, rows = _bands(threshold)
    signatures = _signatures([plain[row] for row in unique])
    unchecked = _connect([plain[row] for row in unique], signatures, (bands, rows), threshold, forest)
    place = {row: index for index, row in enumerate(unique)}
    near = [unique[forest.root(place[row])] for row in same]
    return DuplicateClusters(same=same, near=near, threshold=threshold, unchecked=unchecked)


def without_common(texts: Sequence[str]) -> list[str]:
    """The texts without what nine in ten begin or end with (a template's own words), which would make all alike.

    Texts that are nothing else, and collections of fewer than ten, stay as they are.
    """
    if len(set(texts)) < COMMON_LEAST:
        return list(texts)
    prefix = _common(texts)
    suffix = _common([text[::-1] for text in texts])[::-1]
    return [_cut(text, prefix, suffix) for text in texts]


def _common(texts: Sequence[str]) -> str:
    """The longest beginning, up to a word's end, that nine in ten distinct texts of a sample share."""
    distinct = sorted(set(texts))
    sample = distinct[:: max(1, len(distinct) // COMMON_SAMPLE)]
    low, high = 0, max(map(len, sample))
    while low < high:
        middle = (low + high + 1) // 2
        _, most = Counter(text[:middle] for text in sample).most_common(1)[0]
        low, high = (middle, high) if most >= COMMON_SHARE * len(sample) else (low, middle - 1)
    start = Counter(text[:low] for text in sample).most_common(1)[0][0]
    return start[: start.rfind(" ") + 1]


def _cut(text: str, prefix: str, suffix: str) -> str:
    inner = text.removeprefix(prefix) if prefix else text
    inner = inner.removesuffix(suffix) if suffix else inner
    return inner or text


def _bands(threshold: float) -> tuple[int, int]:
    """The most rows a band may have so that a pair at the threshold is missed at most once in 500."""
    for rows in (18, 14, 9, 7, 6, 3, 2, 1):
        bands = SIGNATURE // rows
        if (1 - threshold**rows) ** bands <= 0.002:
            return bands, rows
    return SIGNATURE, 1


def _signatures(texts: Sequence[str]) -> Any:
    """MinHash signatures, (rows, 126) of uint32."""
    import numpy as np

    rensa: Any = import_module("rensa")  # compiled, without types

    matrix = np.empty((len(texts), SIGNATURE), dtype=np.uint32)
    for start in range(0, len(texts), CHUNK):
        sets = [list(shingles(text)) for text in texts[start : start + CHUNK]]
        digests = rensa.RMinHash.digest_matrix_from_token_sets(sets, SIGNATURE, SEED)
        matrix[start : start + len(sets)] = digests.to_rows()
    return matrix


def _connect(texts: Sequence[str], signatures: Any, shape: tuple[int, int], threshold: float, forest: "_Forest") -> int:
    """Unite the rows that are near-duplicates; the number of rows not compared with all of their band."""
    known: dict[int, frozenset[str]] = {}
    unchecked: set[int] = set()
    for number in range(shape[0]):
        band = signatures[:, number * shape[1] : (number + 1) * shape[1]]
        for members in _buckets(band):
            unchecked.update(members[WINDOW:])
            _compare(texts, signatures, members, (threshold, forest, known))
        if len(known) > 50_000:
            known.clear()
    return len(unchecked)


def _buckets(band: Any) -> Iterator[list[int]]:
    """The groups of rows that agree on the whole band, in order."""
    import numpy as np

    # One 64-bit number a row: two bands that only collide are told apart when their pairs are verified.
    odd = np.random.default_rng(SEED).integers(1, 2**63, band.shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    mixed = (band.astype(np.uint64) * odd).sum(axis=1)
    _, group, sizes = np.unique(mixed, return_inverse=True, return_counts=True)
    order = np.argsort(group, kind="stable")
    ends = np.cumsum(sizes)
    for end, size in zip(ends, sizes, strict=True):
        if size > 1:
            yield order[end - size : end].tolist()


def _compare(
    texts: Sequence[str],
    signatures: Any,
    members: list[int],
    state: tuple[float, "_Forest", dict[int, frozenset[str]]],
) -> None:
    """Verify the pairs of one bucket that are not connected yet and whose estimate comes near the threshold."""
    threshold, forest, known = state
    if len({forest.root(row) for row in members}) == 1:
        return
    least = (threshold - SLACK) * SIGNATURE
    for place in range(1, len(members)):
        row = members[place]
        own = forest.root(row)
        others = [other for other in members[max(0, place - WINDOW) : place] if forest.root(other) != own]
        if not others:
            continue
        agreeing = (signatures[others] == signatures[row]).sum(axis=1)
        for other, count in zip(others, agreeing, strict=True):
            if count < least or forest.root(other) == forest.root(row):
                continue
            if jaccard(_known(known, texts, other), _known(known, texts, row)) >= threshold:
                forest.unite(other, row)


def _known(known: dict[int, frozenset[str]], texts: Sequence[str], row: int) -> frozenset[str]:
    if row not in known:
        known[row] = shingles(texts[row])
    return known[row]


class _Forest:
    """Disjoint sets, each named by its smallest member."""

    def __init__(self, size: int) -> None:
        self.parent = list(range(size))

    def root(self, item: int) -> int:
        """The name of the item's set."""
        parent = self.parent
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def unite(self, one: int, other: int) -> None:
        """Make two sets one."""
        low, high = sorted((self.root(one), self.root(other)))
        self.parent[high] = low
