"""Cleaning: tidy text, mask personal data, settle conflicting labels, drop what is empty or repeated.

Every change is counted and listed: the row it happened to, what and why, and the row's hash before and after. Rows
keep their origin through every operation, so that a row of any version leads back to the line it was imported from.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from vong.data.labels import LabelCounter, LabelPath, answer_object, at, conflicts, put
from vong.data.near_duplicates import (
    THRESHOLD,
    DuplicateClusters,
    Threshold,
    cluster,
    input_text,
    jaccard,
    normalised,
    shingles,
)
from vong.data.profile import is_empty
from vong.data.text_normalization import rewrite, tidy
from vong.pii import KINDS, Kind, mask
from vong.records import Example, Record

What = Literal[
    "tidied",
    "masked",
    "dropped_personal",
    "dropped_empty",
    "relabelled",
    "dropped_conflict",
    "dropped_exact_duplicate",
    "dropped_near_duplicate",
    "edited",
    "removed",
]


class CleanSettings(Record):
    """What cleaning does; the default does all of it.

    `tidy`: Unicode, control characters and blanks. `personal`: mask personal data, drop its rows, or keep it.
    `empty`: drop rows that ask or answer nothing. `conflicts`: within a group of near-duplicate inputs give each label
    its majority value, drop such groups, or keep them; `ties` says what happens where no value has a majority.
    `exact` and `near`: drop all but the first row of a group (near only where the answers agree too). `labels` are
    paths beside those found in the answers.
    """

    tidy: bool = True
    personal: Literal["mask", "drop", "keep"] = "mask"
    kinds: tuple[Kind, ...] = KINDS
    empty: Literal["drop", "keep"] = "drop"
    conflicts: Literal["majority", "drop", "keep"] = "majority"
    ties: Literal["drop", "keep"] = "drop"
    exact: Literal["drop", "keep"] = "drop"
    near: Literal["drop", "keep"] = "drop"
    threshold: Threshold = THRESHOLD
    labels: tuple[LabelPath, ...] = ()


class CleaningChange(Record):
    """One change to one row, by cleaning or by hand. `row` is its number (from 1) in the version that was changed, `id`
    its metadata id, `origin` where it came from, `before` and `after` its hashes (`after` null: the row was dropped).
    """

    row: int
    id: str | None
    origin: str | None
    what: What
    before: str
    after: str | None
    reason: str


@dataclass
class CleanResult:
    """The rows that remain, in order, and every change that was made."""

    examples: list[Example]
    changes: list[CleaningChange]

    @property
    def counts(self) -> dict[str, int]:
        """How many changes of each kind."""
        return dict(sorted(Counter(change.what for change in self.changes).items()))


def clean(
    examples: Iterable[Example],
    settings: CleanSettings | None = None,
    *,
    progress: Callable[[int], None] | None = None,
) -> CleanResult:
    """Clean these rows. All of them are held in memory."""
    settings = settings or CleanSettings()
    bench = _Bench(settings)
    for number, example in enumerate(examples, 1):
        bench.add(number, example)
        if progress is not None and number % 500 == 0:
            progress(number)
    numbers = sorted(bench.rows)
    clusters = cluster([input_text(bench.rows[number]) for number in numbers], settings.threshold)
    labels = bench.labels()
    bench.settle(numbers, clusters, labels)
    bench.deduplicate(numbers, clusters, labels)
    remaining = [bench.rows[number] for number in sorted(bench.rows)]
    return CleanResult(remaining, sorted(bench.changes, key=lambda change: change.row))


@dataclass
class _Bench:
    """The rows being cleaned, by number, and the changes so far."""

    settings: CleanSettings
    rows: dict[int, Example] = field(default_factory=dict[int, Example])
    changes: list[CleaningChange] = field(default_factory=list[CleaningChange])
    relabelled: set[int] = field(default_factory=set[int])

    def add(self, number: int, example: Example) -> None:
        """Take a row in: tidied, masked, and only if it says something."""
        settings = self.settings
        self.rows[number] = example
        if settings.tidy:
            self._change(number, rewrite(example, tidy), "tidied", "blanks, control characters or Unicode forms")
        if settings.personal != "keep":
            self._protect(number)
        if number in self.rows and settings.empty == "drop" and is_empty(self.rows[number]):
            self._drop(number, "dropped_empty", "it asks or answers nothing")

    def labels(self) -> list[str]:
        """The paths of the labels among the rows that are left."""
        counted = LabelCounter(self.settings.labels)
        for example in self.rows.values():
            counted.add(example)
        return sorted(counted.closed())

    def settle(self, numbers: Sequence[int], clusters: DuplicateClusters, labels: Sequence[str]) -> None:
        """Give the rows of one group the same labels, or drop them."""
        if self.settings.conflicts == "keep" or not labels:
            return
        groups = [[numbers[row] for row in rows] for rows in clusters.groups().values()]
        for rows, votes in conflicts(groups, self.rows, labels):
            tied = [path for path, counts in votes.items() if _winner(counts) is None]
            if self.settings.conflicts == "drop" or (tied and self.settings.ties == "drop"):
                why = f"no majority for {', '.join(tied)}" if tied else f"conflicting {', '.join(votes)}"
                for number in rows:
                    self._drop(number, "dropped_conflict", f"{why} among rows {_listing(rows)}")
                continue
            for path, counts in votes.items():
                self._outvote(rows, path, counts)

    def deduplicate(self, numbers: Sequence[int], clusters: DuplicateClusters, labels: Sequence[str]) -> None:
        """Keep one row of each group: the first, or the first whose labels were right from the start."""
        if self.settings.exact == "drop":
            first: dict[str, int] = {}
            for number in sorted(self.rows, key=lambda number: (number in self.relabelled, number)):
                keeper = first.setdefault(self.rows[number].hash, number)
                if keeper != number:
                    self._drop(number, "dropped_exact_duplicate", f"the same as row {keeper}")
        if self.settings.near == "drop":
            for group in clusters.groups().values():
                self._keep_one([numbers[row] for row in group], labels)

    def _keep_one(self, group: Sequence[int], labels: Sequence[str]) -> None:
        left = sorted((row for row in group if row in self.rows), key=lambda row: (row in self.relabelled, row))
        kept: list[int] = []
        for number in left:
            twin = next((other for other in kept if self._agree(number, other, labels)), None)
            if twin is None:
                kept.append(number)
            else:
                self._drop(number, "dropped_near_duplicate", f"nearly the same as row {twin}")

    def _agree(self, number: int, other: int, labels: Sequence[str]) -> bool:
        """Whether two answers say the same: by their labels where they have any, else by their own similarity."""
        one, two = self.rows[number], self.rows[other]
        if (one.rejected is None) != (two.rejected is None):
            return False
        if labels and answer_object(one) is not None and one.rejected is None:
            return all(at(one, path) == at(two, path) for path in labels)
        pairs = [(one.answer, two.answer)]
        if one.rejected and two.rejected:
            pairs.append((one.rejected.text, two.rejected.text))
        return all(
            jaccard(shingles(normalised(a)), shingles(normalised(b))) >= self.settings.threshold for a, b in pairs
        )

    def _protect(self, number: int) -> None:
        """Mask personal data, or drop its row."""
        kinds: list[Kind] = []

        def hide(text: str) -> str:
            masked, found = mask(text, self.settings.kinds)
            kinds.extend(found)
            return masked

        masked = rewrite(self.rows[number], hide)
        if not kinds:
            return
        counted = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(kinds).items()))
        if self.settings.personal == "drop":
            self._drop(number, "dropped_personal", counted)
        else:
            self._change(number, masked, "masked", counted)

    def _outvote(self, rows: Sequence[int], path: str, counts: Counter[str]) -> None:
        """Give the minority the majority's value."""
        winner = _winner(counts)
        if winner is None:
            return
        donor = next(self.rows[row] for row in rows if at(self.rows[row], path) == winner)
        for number in rows:
            value = at(self.rows[number], path)
            if value is not None and value != winner:
                why = f"{path} was {value!r}, {counts[winner]} of {counts.total()} alike say {winner!r}"
                self._change(number, put(self.rows[number], path, donor), "relabelled", why)
                self.relabelled.add(number)

    def _change(self, number: int, changed: Example, what: What, reason: str) -> None:
        before = self.rows[number]
        if changed is not before:
            self.rows[number] = changed
            self._note(number, before, what, changed.hash, reason)

    def _drop(self, number: int, what: What, reason: str) -> None:
        self._note(number, self.rows.pop(number), what, None, reason)

    def _note(self, number: int, before: Example, what: What, after: str | None, reason: str) -> None:
        identity = before.metadata.get("id")
        self.changes.append(
            CleaningChange(
                row=number,
                id=str(identity) if identity is not None else None,
                origin=before.origin.id if before.origin else None,
                what=what,
                before=before.hash,
                after=after,
                reason=reason,
            )
        )


def _winner(counts: Counter[str]) -> str | None:
    """The value with the most votes; None where two have the most."""
    (value, most), *others = counts.most_common(2)
    return None if others and others[0][1] == most else value


def _listing(rows: Sequence[int]) -> str:
    shown = ", ".join(map(str, rows[:10]))
    return f"{shown} and {len(rows) - 10} more" if len(rows) > 10 else shown
