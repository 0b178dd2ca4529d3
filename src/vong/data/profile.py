"""The health of a dataset: one pass over its rows, a second over those that repeat each other."""

import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

from vong import pii
from vong.data.findings import findings
from vong.data.labels import LabelCounter, conflicts, evenness
from vong.data.near_duplicates import DuplicateClusters, cluster, input_text
from vong.data.report import (
    LISTED,
    DuplicateGroups,
    HealthReport,
    LabelBalance,
    LabelConflict,
    LengthStats,
    PiiFinding,
    PiiSample,
    ProfileSettings,
    SplitLeak,
)
from vong.language_detection import language
from vong.records import Example

Progress = Callable[[int], None]

SAMPLES = 10
"""Samples of each kind of personal data."""
AROUND = 40
"""Characters shown on each side of it."""


class _Seen:
    """What one pass keeps of the rows: inputs, hashes and counts, never the rows themselves."""

    def __init__(self, settings: ProfileSettings) -> None:
        self.settings = settings
        self.texts: list[str] = []
        self.hashes: list[bytes] = []
        self.splits: list[str | None] = []
        self.characters = {"input": array("Q"), "answer": array("Q")}
        self.words = {"input": array("Q"), "answer": array("Q")}
        self.languages: Counter[str] = Counter()
        self.labels = LabelCounter(settings.labels)
        self.personal: dict[str, list[int]] = defaultdict(list)
        self.samples: dict[str, list[PiiSample]] = defaultdict(list)
        self.empty: list[int] = []
        self.too_long: list[int] = []
        self.without_answer = 0

    def add(self, number: int, example: Example) -> None:
        """Look at one row."""
        text, answer = input_text(example), example.answer
        self.texts.append(text)
        self.hashes.append(bytes.fromhex(example.hash))
        split = example.metadata.get("split")
        self.splits.append(str(split) if split else None)
        for name, value in (("input", text), ("answer", answer)):
            if name == "input" or example.completion is not None:
                self.characters[name].append(len(value))
                self.words[name].append(len(value.split()))
        self.languages[language(text)] += 1
        self.labels.add(example)
        for part in (text, answer):
            kinds: list[pii.Kind] = [found.kind for found in pii.find(part)]
            for kind in kinds:
                self.personal[kind].append(number)
            for kind in dict.fromkeys(kinds):
                if len(self.samples[kind]) < SAMPLES:
                    self.samples[kind].append(PiiSample(row=number, text=excerpt(part, kind)))
        self.without_answer += example.completion is None
        if is_empty(example):
            self.empty.append(number)
        if len(text) + len(answer) > self.settings.longest:
            self.too_long.append(number)


def is_empty(example: Example) -> bool:
    """Whether nothing is asked, or the answer is there and says nothing (a tool call says something)."""
    answer = example.completion
    silent = answer is not None and not answer.text.strip() and not answer.tool_calls and not answer.content
    blank = answer is not None and isinstance(answer.content, str) and not answer.content.strip()
    return not input_text(example).strip() or silent or (blank and not (answer and answer.tool_calls))


def profile(
    examples: Iterable[Example],
    settings: ProfileSettings | None = None,
    *,
    version: str | None = None,
    progress: Progress | None = None,
) -> HealthReport:
    """The health report of these rows. They are iterated twice: give a list or `versions.Rows`, not a generator.

    Memory grows with the text of the inputs and about 1 kB a row beside it.
    """
    settings = settings or ProfileSettings()
    started = time.perf_counter()
    seen = _Seen(settings)
    for number, example in enumerate(examples, 1):
        seen.add(number, example)
        if progress is not None and number % 500 == 0:
            progress(number)
    clusters = cluster(seen.texts, settings.threshold)
    labels = seen.labels.closed()
    found, total = _conflicts(examples, clusters, list(labels))
    report = HealthReport(
        version=version,
        rows=len(seen.texts),
        splits=dict(Counter(split for split in seen.splits if split)),
        threshold=settings.threshold,
        exact=_exact(seen.hashes),
        near=_near(clusters),
        unchecked=clusters.unchecked,
        leakage=_leakage(clusters, seen.splits),
        personal={kind: _personal(rows, seen.samples[kind]) for kind, rows in sorted(seen.personal.items())},
        characters={name: _lengths(values) for name, values in seen.characters.items() if values},
        words={name: _lengths(values) for name, values in seen.words.items() if values},
        languages=dict(seen.languages.most_common()),
        labels=[_balance(path, counts) for path, counts in sorted(labels.items())],
        conflicts=total,
        conflicts_listed=found,
        empty=seen.empty,
        without_answer=seen.without_answer,
        too_long=seen.too_long,
        findings=[],
        seconds=round(time.perf_counter() - started, 3),
    )
    return report.model_copy(update={"findings": findings(report)})


def _exact(hashes: Sequence[bytes]) -> DuplicateGroups:
    groups: dict[bytes, list[int]] = defaultdict(list)
    for number, digest in enumerate(hashes, 1):
        groups[digest].append(number)
    return _duplicates([rows for rows in groups.values() if len(rows) > 1])


def _near(clusters: DuplicateClusters) -> DuplicateGroups:
    """The near-duplicate groups, each same input counted once: exact duplicates are not near ones."""
    groups = [sorted({clusters.same[row] for row in rows}) for rows in clusters.groups().values()]
    return _duplicates([[row + 1 for row in rows] for rows in groups if len(rows) > 1])


def _duplicates(groups: list[list[int]]) -> DuplicateGroups:
    extra = sum(len(rows) - 1 for rows in groups)
    return DuplicateGroups(groups=len(groups), extra=extra, listed=groups[:LISTED])


def _leakage(clusters: DuplicateClusters, splits: Sequence[str | None]) -> list[SplitLeak]:
    """Inputs in more than one split, per pair of splits: one pair for each group, its first row in each split."""
    pairs: dict[tuple[str, str], list[tuple[int, int, bool]]] = defaultdict(list)
    for rows in clusters.groups().values():
        first: dict[str, list[int]] = defaultdict(list)
        for row in rows:
            if (split := splits[row]) is not None:
                first[split].append(row)
        for a, b in combinations(sorted(first), 2):
            inputs = {clusters.same[row] for row in first[a]} & {clusters.same[row] for row in first[b]}
            pairs[a, b].append((first[a][0] + 1, first[b][0] + 1, bool(inputs)))
    return [
        SplitLeak(
            a=a,
            b=b,
            same=sum(same for *_, same in found),
            near=sum(not same for *_, same in found),
            listed=[(one, other) for one, other, _ in found[:LISTED]],
        )
        for (a, b), found in sorted(pairs.items())
    ]


def _personal(rows: list[int], samples: list[PiiSample]) -> PiiFinding:
    distinct = sorted(set(rows))
    return PiiFinding(found=len(rows), rows=len(distinct), listed=distinct[:LISTED], samples=samples)


def excerpt(text: str, kind: pii.Kind) -> str:
    """Some words round the first piece of that kind of personal data. All kinds are masked first, so that a cut never
    shows a part of a value.
    """
    masked, _ = pii.mask(text)
    mark = f"[{kind.upper()}]"
    place = masked.find(mark)
    start, end = max(0, place - AROUND), place + len(mark) + AROUND
    before, after = "…" if start else "", "…" if end < len(masked) else ""
    return before + " ".join(masked[start:end].split()) + after


def _lengths(values: Sequence[int]) -> LengthStats:
    ordered = sorted(values)
    bins = Counter(1 << max(0, value - 1).bit_length() for value in ordered)
    return LengthStats(
        least=ordered[0],
        median=ordered[len(ordered) // 2],
        mean=round(sum(ordered) / len(ordered), 1),
        p95=ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))],
        most=ordered[-1],
        histogram=sorted(bins.items()),
    )


def _balance(path: str, counts: Counter[str]) -> LabelBalance:
    values = dict(counts.most_common())
    smallest = min(values.values(), default=0)
    return LabelBalance(
        path=path,
        values=values,
        evenness=round(evenness(counts), 4),
        ratio=round(max(values.values(), default=0) / smallest, 2) if smallest else 0.0,
    )


def _conflicts(
    examples: Iterable[Example], clusters: DuplicateClusters, paths: list[str]
) -> tuple[list[LabelConflict], int]:
    """Groups whose labels differ. Where no label is known, whole answers to exactly the same input are compared."""
    near = bool(paths)
    groups = clusters.groups(None if near else clusters.same)
    wanted = {row for rows in groups.values() for row in rows}
    if not wanted:
        return [], 0
    kept = {row: example for row, example in enumerate(examples) if row in wanted}
    found = conflicts(groups.values(), kept, paths or ["completion"])
    listed = [
        LabelConflict(
            rows=[row + 1 for row in rows],
            same_input=len({clusters.same[row] for row in rows}) == 1,
            votes={path: dict(counts.most_common()) for path, counts in votes.items()},
        )
        for rows, votes in found[:LISTED]
    ]
    return listed, len(found)
