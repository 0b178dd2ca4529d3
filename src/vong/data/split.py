"""Splitting: whole near-duplicate clusters go to one split, labels are spread evenly, the same seed gives the same.

Clusters are put in an order (those of several rows first, then one label after the other, shuffled within each) and
dealt in that order: every split is owed its share of each cluster, and the cluster goes to the split that is owed
most. Splits are therefore right in size up to one cluster, overall and along every label (systematic sampling over a
sorted list: Cochran, Sampling Techniques, chapter 8).
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vong.data.labels import LabelPath, at
from vong.data.near_duplicates import THRESHOLD, Threshold, cluster, input_text
from vong.errors import InvalidInput
from vong.records import Example, Record

LEFT_OUT = ""


class SplitSettings(Record):
    """`splits` maps names to shares (together at most 1) or to numbers of rows; what they do not take is left out.

    `stratify` are label paths (`completion.intent`, `metadata.channel`) whose values every split gets its share of.
    `group` is a label path whose rows stay together beside the near-duplicates (a customer, a thread).
    """

    splits: dict[str, float] = {"train": 0.8, "validation": 0.1, "test": 0.1}
    seed: int = 0
    stratify: tuple[LabelPath, ...] = ()
    group: LabelPath | None = None
    threshold: Threshold = THRESHOLD


@dataclass
class SplitResult:
    """The rows in their order, each with its split in `metadata["split"]`, and how many each split has."""

    examples: list[Example]
    counts: dict[str, int]
    left_out: int
    clusters: int


def split(examples: Iterable[Example], settings: SplitSettings | None = None) -> SplitResult:
    """Give every row its split. InvalidInput for shares that cannot be had, or where a split would stay empty."""
    settings = settings or SplitSettings()
    rows = list(examples)
    shares = _shares(settings.splits, len(rows))
    clusters = _clusters(rows, settings)
    chosen = _deal(_ordered(rows, clusters, settings), shares)
    counts = Counter(chosen.values())
    for name in settings.splits:
        if not counts[name]:
            raise InvalidInput(
                f"the split {name!r} would have no rows: there are {len(rows)} rows in {len(clusters)} clusters",
                "give it a larger share, or fewer splits",
            )
    kept = [
        example.model_copy(update={"metadata": {**example.metadata, "split": chosen[row]}})
        for row, example in enumerate(rows)
        if chosen[row] != LEFT_OUT
    ]
    named = {name: counts[name] for name in settings.splits}
    return SplitResult(kept, named, counts[LEFT_OUT], len(clusters))


def _shares(splits: Mapping[str, float], rows: int) -> dict[str, float]:
    """The share of each split, and of what is left out, adding up to 1."""
    if not splits or any(not name.strip() or value <= 0 for name, value in splits.items()):
        raise InvalidInput("every split needs a name and a share above 0", "for example: train=0.8,test=0.2")
    total = sum(splits.values())
    if total <= 1 + 1e-9:
        shares = dict(splits)
    elif any(value != int(value) for value in splits.values()):
        raise InvalidInput(f"the shares add up to {total:g}", "give shares of at most 1 together, or numbers of rows")
    elif total > rows:
        raise InvalidInput(f"{total:g} rows are asked for, and there are {rows}", "ask for fewer, or give shares")
    else:
        shares = {name: value / rows for name, value in splits.items()}
    remaining = 1 - sum(shares.values())
    return {**shares, LEFT_OUT: remaining} if remaining > 1e-9 else shares


def _clusters(rows: list[Example], settings: SplitSettings) -> list[list[int]]:
    """Rows that must stay together: near-duplicates, and rows of one group."""
    near = cluster([input_text(example) for example in rows], settings.threshold).near
    if settings.group is not None:
        near = _merged(rows, near, settings.group)
    members: dict[int, list[int]] = defaultdict(list)
    for row, first in enumerate(near):
        members[first].append(row)
    return list(members.values())


def _merged(rows: list[Example], near: list[int], path: str) -> list[int]:
    """Clusters united wherever two of them have a row of the same group."""
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
        value = at(example, path)
        if value is not None:
            low, high = sorted((root(first.setdefault(value, row)), root(row)))
            parent[high] = low
    return [root(row) for row in range(len(rows))]


def _ordered(rows: list[Example], clusters: list[list[int]], settings: SplitSettings) -> list[list[int]]:
    """Large clusters first, so that the many small ones even out what they tilt; then label by label."""
    dice = random.Random(settings.seed)
    keyed: list[tuple[int, str, float, list[int]]] = []
    for members in clusters:
        values = [at(rows[members[0]], path) or "" for path in settings.stratify]
        keyed.append((-len(members), "\0".join(values), dice.random(), members))
    return [members for *_, members in sorted(keyed, key=lambda item: item[:3])]


def _deal(clusters: list[list[int]], shares: Mapping[str, float]) -> dict[int, str]:
    owed = dict.fromkeys(shares, 0.0)
    chosen: dict[int, str] = {}
    for members in clusters:
        for name, share in shares.items():
            owed[name] += share * len(members)
        # Rounded, so that the last bits of sums of shares never decide.
        name = max(owed, key=lambda name: round(owed[name], 9))
        owed[name] -= len(members)
        chosen.update(dict.fromkeys(members, name))
    return chosen
