"""Health profile of a dataset: one pass over all rows, and a second pass over rows with duplicate inputs."""

import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

from vong import pii
from vong.data.findings import derive_findings
from vong.data.labels import LabelCounter, evenness, find_conflicts
from vong.data.near_duplicates import DuplicateClusters, cluster, input_text
from vong.data.report import (
    MAX_LISTED,
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
from vong.data.row_pii import MaskedText, RowMasker
from vong.language_detection import detect_language
from vong.records import Example

Progress = Callable[[int], None]

MAX_PII_SAMPLES = 10
"""Maximum number of samples per type of PII."""
EXCERPT_CONTEXT_CHARS = 40
"""Number of characters shown on each side of a masked value."""


class _RowStatistics:
    """Accumulated data of one pass: inputs, hashes and counts, but not the rows themselves."""

    def __init__(self, settings: ProfileSettings) -> None:
        self.settings = settings
        self.texts: list[str] = []
        self.hashes: list[bytes] = []
        self.splits: list[str | None] = []
        self.characters = {"input": array("Q"), "answer": array("Q")}
        self.words = {"input": array("Q"), "answer": array("Q")}
        self.languages: Counter[str] = Counter()
        self.labels = LabelCounter(settings.labels)
        self.masker = RowMasker()
        self.pii_rows: dict[str, list[int]] = defaultdict(list)
        self.pii_samples: dict[str, list[PiiSample]] = defaultdict(list)
        self.empty: list[int] = []
        self.too_long: list[int] = []
        self.without_answer = 0

    def add(self, number: int, example: Example) -> None:
        """Add one row."""
        text, answer = input_text(example), example.completion_text
        self.texts.append(text)
        self.hashes.append(bytes.fromhex(example.hash))
        split = example.metadata.get("split")
        self.splits.append(str(split) if split else None)
        for name, value in (("input", text), ("answer", answer)):
            if name == "input" or example.completion is not None:
                self.characters[name].append(len(value))
                self.words[name].append(len(value.split()))
        self.languages[detect_language(text)] += 1
        self.labels.add(example)
        self._add_pii(number, example)
        self.without_answer += example.completion is None and example.text is None
        if is_empty(example):
            self.empty.append(number)
        # Training divides a document into blocks, so its length does not matter.
        if example.text is None and len(text) + len(answer) > self.settings.longest:
            self.too_long.append(number)

    def _add_pii(self, number: int, example: Example) -> None:
        _, texts = self.masker.mask(example)
        for text in texts:
            for kind in text.kinds:
                self.pii_rows[kind].append(number)
            for kind in dict.fromkeys(text.kinds):
                if len(self.pii_samples[kind]) < MAX_PII_SAMPLES:
                    self.pii_samples[kind].append(PiiSample(row=number, text=masked_excerpt(text, kind)))


def is_empty(example: Example) -> bool:
    """Return True if the input is empty, or a completion exists without text and without tool calls."""
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
    """Return the health report of these rows.

    The rows are iterated twice: pass a list or `versions.VersionRows`, not a generator. Memory use: the text of the
    inputs plus about 1 kB per row.
    """
    settings = settings or ProfileSettings()
    started_at = time.perf_counter()
    stats = _RowStatistics(settings)
    for number, example in enumerate(examples, 1):
        stats.add(number, example)
        if progress is not None and number % 500 == 0:
            progress(number)
    clusters = cluster(stats.texts, settings.threshold)
    labels = stats.labels.find_labels()
    listed, total = _find_label_conflicts(examples, clusters, list(labels))
    report = HealthReport(
        version=version,
        rows=len(stats.texts),
        splits=dict(Counter(split for split in stats.splits if split)),
        threshold=settings.threshold,
        exact=_find_exact_duplicates(stats.hashes),
        near=_find_near_duplicates(clusters),
        unchecked=clusters.unchecked,
        leakage=_find_leaks(clusters, stats.splits),
        personal={
            kind: _build_pii_finding(rows, stats.pii_samples[kind]) for kind, rows in sorted(stats.pii_rows.items())
        },
        characters={name: _build_length_stats(values) for name, values in stats.characters.items() if values},
        words={name: _build_length_stats(values) for name, values in stats.words.items() if values},
        languages=dict(stats.languages.most_common()),
        labels=[_build_label_balance(path, counts) for path, counts in sorted(labels.items())],
        conflicts=total,
        conflicts_listed=listed,
        empty=stats.empty,
        without_answer=stats.without_answer,
        too_long=stats.too_long,
        findings=[],
        seconds=round(time.perf_counter() - started_at, 3),
    )
    return report.model_copy(update={"findings": derive_findings(report)})


def _find_exact_duplicates(hashes: Sequence[bytes]) -> DuplicateGroups:
    groups: dict[bytes, list[int]] = defaultdict(list)
    for number, digest in enumerate(hashes, 1):
        groups[digest].append(number)
    return _build_duplicate_groups([rows for rows in groups.values() if len(rows) > 1])


def _find_near_duplicates(clusters: DuplicateClusters) -> DuplicateGroups:
    """Return the near-duplicate groups. Identical inputs count once, because exact duplicates are reported apart."""
    groups = [sorted({clusters.same[row] for row in rows}) for rows in clusters.groups().values()]
    return _build_duplicate_groups([[row + 1 for row in rows] for rows in groups if len(rows) > 1])


def _build_duplicate_groups(groups: list[list[int]]) -> DuplicateGroups:
    extra = sum(len(rows) - 1 for rows in groups)
    return DuplicateGroups(groups=len(groups), extra=extra, listed=groups[:MAX_LISTED])


def _find_leaks(clusters: DuplicateClusters, splits: Sequence[str | None]) -> list[SplitLeak]:
    """Return inputs that occur in several splits: per pair of splits, the first row of each group in each split."""
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
            same=sum(same for *_, same in leaks),
            near=sum(not same for *_, same in leaks),
            listed=[(row_a, row_b) for row_a, row_b, _ in leaks[:MAX_LISTED]],
        )
        for (a, b), leaks in sorted(pairs.items())
    ]


def _build_pii_finding(rows: list[int], samples: list[PiiSample]) -> PiiFinding:
    distinct = sorted(set(rows))
    return PiiFinding(found=len(rows), rows=len(distinct), listed=distinct[:MAX_LISTED], samples=samples)


def masked_excerpt(masked: MaskedText, kind: pii.PiiKind) -> str:
    """Return the text around the first value of one type of PII, after the name of its field.

    All types are masked first, so that cutting the text never exposes part of a value.
    """
    placeholder = pii.placeholder(kind)
    position = max(0, masked.text.find(placeholder))
    start, end = max(0, position - EXCERPT_CONTEXT_CHARS), position + len(placeholder) + EXCERPT_CONTEXT_CHARS
    before, after = "…" if start else "", "…" if end < len(masked.text) else ""
    name = f"{masked.name}: " if masked.name else ""
    return name + before + " ".join(masked.text[start:end].split()) + after


def _build_length_stats(values: Sequence[int]) -> LengthStats:
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


def _build_label_balance(path: str, counts: Counter[str]) -> LabelBalance:
    values = dict(counts.most_common())
    smallest = min(values.values(), default=0)
    return LabelBalance(
        path=path,
        values=values,
        evenness=round(evenness(counts), 4),
        ratio=round(max(values.values(), default=0) / smallest, 2) if smallest else 0.0,
    )


def _find_label_conflicts(
    examples: Iterable[Example], clusters: DuplicateClusters, paths: list[str]
) -> tuple[list[LabelConflict], int]:
    """Return the listed groups whose labels differ, and the number of all such groups.

    If no label is known, whole completions of identical inputs are compared.
    """
    near = bool(paths)
    groups = clusters.groups(None if near else clusters.same)
    grouped_rows = {row for rows in groups.values() for row in rows}
    if not grouped_rows:
        return [], 0
    examples_by_row = {row: example for row, example in enumerate(examples) if row in grouped_rows}
    conflicting = find_conflicts(groups.values(), examples_by_row, paths or ["completion"])
    listed = [
        LabelConflict(
            rows=[row + 1 for row in rows],
            same_input=len({clusters.same[row] for row in rows}) == 1,
            votes={path: dict(counts.most_common()) for path, counts in votes.items()},
        )
        for rows, votes in conflicting[:MAX_LISTED]
    ]
    return listed, len(conflicting)
