"""Assign rows to splits: near-duplicates stay together, labels are balanced, and a seed makes it reproducible.

Clusters are sorted (clusters of several rows first, then by label, shuffled within each label) and assigned in that
order. Each cluster adds every split's share to that split's deficit, and the split with the largest deficit receives
the cluster. Split sizes are therefore exact to within one cluster, overall and per label (systematic sampling over a
sorted list: Cochran, Sampling Techniques, chapter 8).
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints

from vong.data.labels import LabelPath, value_at
from vong.data.near_duplicates import DEFAULT_THRESHOLD, Threshold, cluster, input_text
from vong.errors import InvalidInput
from vong.records import Example, Record

UNASSIGNED = ""
"""Name of the internal split for rows that no split receives."""

SplitName = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f]$")
]
SplitShare = Annotated[float, Field(gt=0, allow_inf_nan=False)]
"""Share of the rows up to 1, or a number of rows."""


class SplitSettings(Record):
    """Settings of a split.

    `splits` maps names to shares (with a sum of at most 1) or to numbers of rows; remaining rows are left out.
    `stratify` lists label paths (`completion.intent`, `metadata.channel`) whose values are distributed proportionally
    over the splits. `group` is a label path; rows with the same value (a customer, a thread) stay in one split, as
    near-duplicates do.
    """

    splits: dict[SplitName, SplitShare] = {"train": 0.8, "validation": 0.1, "test": 0.1}
    seed: int = 0
    stratify: tuple[LabelPath, ...] = ()
    group: LabelPath | None = None
    threshold: Threshold = DEFAULT_THRESHOLD


@dataclass
class SplitResult:
    """Rows in their original order, each with its split in `metadata["split"]`, and the number of rows per split."""

    examples: list[Example]
    counts: dict[str, int]
    left_out: int
    clusters: int


def split(examples: Iterable[Example], settings: SplitSettings | None = None) -> SplitResult:
    """Assign each row to a split.

    Raises:
        InvalidInput: The shares are impossible, or a split would have no rows.
    """
    settings = settings or SplitSettings()
    rows = list(examples)
    shares = _normalize_shares(settings.splits, len(rows))
    clusters = _group_rows(rows, settings)
    split_by_row = _assign_splits(_order_clusters(rows, clusters, settings), shares)
    counts = Counter(split_by_row.values())
    for name in settings.splits:
        if not counts[name]:
            raise InvalidInput(
                f"the split {name!r} would have no rows: there are {len(rows)} rows in {len(clusters)} clusters",
                "raise its share or define fewer splits",
            )
    assigned = [
        example.model_copy(update={"metadata": {**example.metadata, "split": split_by_row[row]}})
        for row, example in enumerate(rows)
        if split_by_row[row] != UNASSIGNED
    ]
    split_counts = {name: counts[name] for name in settings.splits}
    return SplitResult(assigned, split_counts, counts[UNASSIGNED], len(clusters))


def _normalize_shares(splits: Mapping[str, float], rows: int) -> dict[str, float]:
    """Return the share of each split and of the rows left out; the sum is 1."""
    if not splits or any(not name.strip() or value <= 0 for name, value in splits.items()):
        raise InvalidInput("every split needs a name and a share above 0", "write for example: train=0.8,test=0.2")
    total = sum(splits.values())
    if total <= 1 + 1e-9:
        shares = dict(splits)
    elif any(value != int(value) for value in splits.values()):
        raise InvalidInput(f"the shares add up to {total:g}", "set shares with a sum of at most 1, or numbers of rows")
    elif total > rows:
        raise InvalidInput(
            f"the splits need {total:g} rows, but the version has {rows}", "lower the numbers, or set shares"
        )
    else:
        shares = {name: value / rows for name, value in splits.items()}
    remaining = 1 - sum(shares.values())
    return {**shares, UNASSIGNED: remaining} if remaining > 1e-9 else shares


def _group_rows(rows: list[Example], settings: SplitSettings) -> list[list[int]]:
    """Return groups of rows that must stay in one split: first_rows-duplicates, and rows of one group."""
    first_rows = cluster([input_text(example) for example in rows], settings.threshold).near
    if settings.group is not None:
        first_rows = _merge_groups(rows, first_rows, settings.group)
    members: dict[int, list[int]] = defaultdict(list)
    for row, first in enumerate(first_rows):
        members[first].append(row)
    return list(members.values())


def _merge_groups(rows: list[Example], near: list[int], path: str) -> list[int]:
    """Merge clusters that contain rows of the same group."""
    parent = list(range(len(rows)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    first: dict[str, int] = {}
    for row, example in enumerate(rows):
        low, high = sorted((root(near[row]), root(row)))
        parent[high] = low
        value = value_at(example, path)
        if value is not None:
            low, high = sorted((root(first.setdefault(value, row)), root(row)))
            parent[high] = low
    return [root(row) for row in range(len(rows))]


def _order_clusters(rows: list[Example], clusters: list[list[int]], settings: SplitSettings) -> list[list[int]]:
    """Sort clusters by size in descending order, then by label.

    Large clusters come first so that the many small clusters even out the imbalance they cause.
    """
    rng = random.Random(settings.seed)
    keyed: list[tuple[int, str, float, list[int]]] = []
    for members in clusters:
        values = [value_at(rows[members[0]], path) or "" for path in settings.stratify]
        keyed.append((-len(members), "\0".join(values), rng.random(), members))
    return [members for *_, members in sorted(keyed, key=lambda item: item[:3])]


def _assign_splits(clusters: list[list[int]], shares: Mapping[str, float]) -> dict[int, str]:
    deficit = dict.fromkeys(shares, 0.0)
    split_by_row: dict[int, str] = {}
    for members in clusters:
        for name, share in shares.items():
            deficit[name] += share * len(members)
        # Rounding keeps floating-point errors in the sums from deciding the order.
        name = max(deficit, key=lambda name: round(deficit[name], 9))
        deficit[name] -= len(members)
        split_by_row.update(dict.fromkeys(members, name))
    return split_by_row
