"""Cleaning of datasets.

Normalizes text, masks PII, resolves conflicting labels and drops empty or duplicate rows. Every change is counted and
listed: row number, kind of change, reason, and the row's hash before and after. Rows keep their origin through every
operation, so that a row of any version can be traced to the line it was imported from.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from vong.data.labels import LabelCounter, LabelPath, copy_value, find_conflicts, parse_answer_object, value_at
from vong.data.near_duplicates import (
    DEFAULT_THRESHOLD,
    DuplicateClusters,
    Threshold,
    cluster,
    input_text,
    jaccard,
    normalize_for_comparison,
    shingles,
)
from vong.data.profile import is_empty
from vong.data.row_pii import RowMasker
from vong.data.text_normalization import map_text, normalize_text
from vong.pii import DEFAULT_KINDS, PiiKind, StructuredMasker
from vong.records import Example, Record

NUMBER = re.compile(r"\d+")

ChangeKind = Literal[
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
    """Settings of cleaning; the defaults enable every step.

    `tidy`: normalize Unicode, control characters and whitespace. `personal`: mask PII, drop its rows, or keep it.
    `empty`: drop rows with an empty input or completion. `conflicts`: within a group of near-duplicate inputs set each
    label to its majority value, drop the group, or keep it; `ties` applies if no value has a majority. `exact` and
    `near`: drop all rows of a group but the first (near-duplicates only if their completions agree too). `labels` are
    label paths in addition to those detected in the completions.
    """

    tidy: bool = True
    personal: Literal["mask", "drop", "keep"] = "mask"
    kinds: tuple[PiiKind, ...] = DEFAULT_KINDS
    empty: Literal["drop", "keep"] = "drop"
    conflicts: Literal["majority", "drop", "keep"] = "majority"
    ties: Literal["drop", "keep"] = "drop"
    exact: Literal["drop", "keep"] = "drop"
    near: Literal["drop", "keep"] = "drop"
    threshold: Threshold = DEFAULT_THRESHOLD
    labels: tuple[LabelPath, ...] = ()


class CleaningChange(Record):
    """One change to one row, by cleaning or by a manual edit.

    `row` is the row number (from 1) in the version that was changed, `id` the row's metadata id, `origin` the row's
    origin. `before` and `after` are hashes of the row; `after` is null if the row was dropped.
    """

    row: int
    id: str | None
    origin: str | None
    what: ChangeKind
    before: str
    after: str | None
    reason: str


@dataclass
class CleanResult:
    """Remaining rows, in order, and all changes."""

    examples: list[Example]
    changes: list[CleaningChange]

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of changes of each kind."""
        return dict(sorted(Counter(change.what for change in self.changes).items()))


def clean(
    examples: Iterable[Example],
    settings: CleanSettings | None = None,
    *,
    progress: Callable[[int], None] | None = None,
) -> CleanResult:
    """Clean rows and list every change. All rows are held in memory."""
    settings = settings or CleanSettings()
    cleaner = _Cleaner(settings)
    for number, example in enumerate(examples, 1):
        cleaner.add(number, example)
        if progress is not None and number % 500 == 0:
            progress(number)
    numbers = sorted(cleaner.rows)
    clusters = cluster([input_text(cleaner.rows[number]) for number in numbers], settings.threshold)
    labels = cleaner.find_labels()
    cleaner.resolve_conflicts(numbers, clusters, labels)
    cleaner.deduplicate(numbers, clusters, labels)
    remaining = [cleaner.rows[number] for number in sorted(cleaner.rows)]
    return CleanResult(remaining, sorted(cleaner.changes, key=lambda change: change.row))


@dataclass
class _Cleaner:
    """State of one cleaning: the current rows by number, and the changes so far."""

    settings: CleanSettings
    rows: dict[int, Example] = field(default_factory=dict[int, Example])
    changes: list[CleaningChange] = field(default_factory=list[CleaningChange])
    corrected: set[int] = field(default_factory=set[int])

    def add(self, number: int, example: Example) -> None:
        """Add a row, normalized and masked according to the settings, unless it is empty."""
        settings = self.settings
        self.rows[number] = example
        if settings.tidy:
            self._replace_row(
                number, map_text(example, normalize_text), "tidied", "whitespace, control characters or Unicode forms"
            )
        if settings.personal != "keep":
            self._protect_pii(number)
        if number in self.rows and settings.empty == "drop" and is_empty(self.rows[number]):
            self._drop_row(number, "dropped_empty", "empty input or completion")

    def find_labels(self) -> list[str]:
        """Return the label paths found in the remaining rows."""
        counter = LabelCounter(self.settings.labels)
        for example in self.rows.values():
            counter.add(example)
        return sorted(counter.find_labels())

    def resolve_conflicts(self, numbers: Sequence[int], clusters: DuplicateClusters, labels: Sequence[str]) -> None:
        """Set the rows of each conflicting group to the same labels, or drop the rows."""
        if self.settings.conflicts == "keep" or not labels:
            return
        groups = [[numbers[row] for row in rows] for rows in clusters.groups().values()]
        for rows, votes in find_conflicts(groups, self.rows, labels):
            tied = [path for path, counts in votes.items() if _majority_value(counts) is None]
            if self.settings.conflicts == "drop" or (tied and self.settings.ties == "drop"):
                reason = f"no majority for {', '.join(tied)}" if tied else f"conflicting {', '.join(votes)}"
                for number in rows:
                    self._drop_row(number, "dropped_conflict", f"{reason} among rows {_format_rows(rows)}")
                continue
            for path, counts in votes.items():
                self._apply_majority(rows, path, counts)

    def deduplicate(self, numbers: Sequence[int], clusters: DuplicateClusters, labels: Sequence[str]) -> None:
        """Keep one row of each group of duplicates: the first row whose labels were not corrected, else the first."""
        if self.settings.exact == "drop":
            first: dict[str, int] = {}
            for number in sorted(self.rows, key=lambda number: (number in self.corrected, number)):
                keeper = first.setdefault(self.rows[number].hash, number)
                if keeper != number:
                    self._drop_row(number, "dropped_exact_duplicate", f"identical to row {keeper}")
        if self.settings.near == "drop":
            for group in clusters.groups().values():
                self._drop_near_duplicates([numbers[row] for row in group], labels)

    def _drop_near_duplicates(self, group: Sequence[int], labels: Sequence[str]) -> None:
        remaining = sorted((row for row in group if row in self.rows), key=lambda row: (row in self.corrected, row))
        distinct: list[int] = []
        for number in remaining:
            original = next((other for other in distinct if self._completions_agree(number, other, labels)), None)
            if original is None:
                distinct.append(number)
            else:
                self._drop_row(number, "dropped_near_duplicate", f"near-duplicate of row {original}")

    def _completions_agree(self, number: int, other: int, labels: Sequence[str]) -> bool:
        """Return True if two completions agree: by their labels if they have any, otherwise by text similarity."""
        one, two = self.rows[number], self.rows[other]
        if (one.rejected is None) != (two.rejected is None):
            return False
        if labels and parse_answer_object(one) is not None and one.rejected is None:
            return all(value_at(one, path) == value_at(two, path) for path in labels)
        if _numbers(one) != _numbers(two):
            return False
        pairs = [(one.completion_text, two.completion_text)]
        if one.rejected and two.rejected:
            pairs.append((one.rejected.text, two.rejected.text))
        return all(
            jaccard(shingles(normalize_for_comparison(a)), shingles(normalize_for_comparison(b)))
            >= self.settings.threshold
            for a, b in pairs
        )

    def _protect_pii(self, number: int) -> None:
        """Mask the PII of a row, or drop the row."""
        masked, texts = RowMasker(self.settings.kinds).mask(self.rows[number])
        kinds = [kind for text in texts for kind in text.kinds]
        if not kinds:
            return
        summary = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(kinds).items()))
        if self.settings.personal == "drop":
            self._drop_row(number, "dropped_personal", summary)
        else:
            self._replace_row(number, masked, "masked", summary)

    def _apply_majority(self, rows: Sequence[int], path: str, counts: Counter[str]) -> None:
        """Set the label of the minority rows to the majority value."""
        winner = _majority_value(counts)
        if winner is None:
            return
        donor = next(self.rows[row] for row in rows if value_at(self.rows[row], path) == winner)
        for number in rows:
            value = value_at(self.rows[number], path)
            if value is not None and value != winner:
                reason = f"{path} was {value!r}, {counts[winner]} of {counts.total()} similar rows have {winner!r}"
                self._replace_row(number, copy_value(self.rows[number], path, donor), "relabelled", reason)
                self.corrected.add(number)

    def _replace_row(self, number: int, changed: Example, what: ChangeKind, reason: str) -> None:
        before = self.rows[number]
        if changed is not before:
            self.rows[number] = changed
            self._record_change(number, before, what, changed.hash, reason)

    def _drop_row(self, number: int, what: ChangeKind, reason: str) -> None:
        self._record_change(number, self.rows.pop(number), what, None, reason)

    def _record_change(self, number: int, before: Example, what: ChangeKind, after: str | None, reason: str) -> None:
        identity = before.metadata.get("id")
        self.changes.append(
            CleaningChange(
                row=number,
                id=None if identity is None else self._protect_id(str(identity)),
                origin=before.origin.id if before.origin else None,
                what=what,
                before=before.hash,
                after=after,
                reason=reason,
            )
        )

    def _protect_id(self, identity: str) -> str:
        """Return the id of a row as the list of changes may show it: an id may be an e-mail address."""
        if self.settings.personal == "keep":
            return identity
        return StructuredMasker(self.settings.kinds).mask_text(identity, "id")


def _majority_value(counts: Counter[str]) -> str | None:
    """Return the value with the most votes, or None if two values are tied."""
    (value, most), *others = counts.most_common(2)
    return None if others and others[0][1] == most else value


def _numbers(example: Example) -> list[str]:
    """Return the numbers of the completion. Answers with other numbers are other answers, however alike they read."""
    return NUMBER.findall(example.completion_text)


def _format_rows(rows: Sequence[int]) -> str:
    shown = ", ".join(map(str, rows[:10]))
    return f"{shown} and {len(rows) - 10} more" if len(rows) > 10 else shown
