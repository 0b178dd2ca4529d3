"""The health report of a dataset version: what was found, how bad it is, and the next step."""

from typing import Annotated, Any, Literal

from pydantic import Field

from vong.data.labels import LabelPath
from vong.data.near_duplicates import THRESHOLD, Threshold
from vong.records import Record

LISTED = 100
"""How many rows, groups or conflicts are listed of each kind; the counts are always of all."""


class ProfileSettings(Record):
    """How a profile looks. `labels` are paths beside those found in the answers; `longest` is in characters."""

    threshold: Threshold = THRESHOLD
    labels: tuple[LabelPath, ...] = ()
    longest: Annotated[int, Field(gt=0)] = 20_000


class DuplicateGroups(Record):
    """Groups of rows that repeat each other; `extra` rows would go if one of each group stayed."""

    groups: int
    extra: int
    listed: list[list[int]]


class SplitLeak(Record):
    """Inputs that stand in two splits: pairs of (row of `a`, row of `b`) counted by group and split."""

    a: str
    b: str
    same: int
    near: int
    listed: list[tuple[int, int]]


class PiiSample(Record):
    """Where a row has personal data: a few words, in which every value is masked."""

    row: int
    text: str


class PiiFinding(Record):
    """One kind of personal data: how often, in how many rows, in which, and how it looks there. The values themselves
    are never kept.
    """

    found: int
    rows: int
    listed: list[int]
    samples: list[PiiSample] = []


class LengthStats(Record):
    """A distribution. `histogram` pairs the upper end of each bin (a power of two) with the rows in it."""

    least: int
    median: int
    mean: float
    p95: int
    most: int
    histogram: list[tuple[int, int]]


class LabelBalance(Record):
    """One label. `evenness` is entropy over its greatest value (1 is balanced), `ratio` largest over smallest."""

    path: str
    values: dict[str, int]
    evenness: float
    ratio: float


class LabelConflict(Record):
    """One input (the same, or near-duplicates) with several answers: its rows, and how often each value per label."""

    rows: list[int]
    same_input: bool
    votes: dict[str, dict[str, int]]


class HealthFinding(Record):
    """One thing to know: `error` spoils results, `warning` costs quality, `info` is worth a look."""

    severity: Literal["error", "warning", "info"]
    code: str
    text: str
    next_step: str
    rows: int


class HealthReport(Record):
    """The health of one version. Row numbers count from 1. `threshold` is the Jaccard similarity of five-character
    shingles from which inputs are near-duplicates; `unchecked` rows had too many candidates to compare with all.
    """

    version: str | None
    rows: int
    splits: dict[str, int]
    threshold: float
    exact: DuplicateGroups
    near: DuplicateGroups
    unchecked: int
    leakage: list[SplitLeak]
    personal: dict[str, PiiFinding]
    characters: dict[str, LengthStats]
    words: dict[str, LengthStats]
    languages: dict[str, int]
    labels: list[LabelBalance]
    conflicts: int
    conflicts_listed: list[LabelConflict]
    empty: list[int]
    without_answer: int
    too_long: list[int]
    findings: list[HealthFinding]
    seconds: float

    @property
    def worst(self) -> str:
        """The gravest severity among the findings; `none` where there are none."""
        found = {finding.severity for finding in self.findings}
        return next((severity for severity in ("error", "warning", "info") if severity in found), "none")


def as_text(report: dict[str, Any]) -> str:
    """A report (as JSON has it) in lines for people."""
    rows = max(1, int(report["rows"]))
    splits = ", ".join(f"{name} {count}" for name, count in report["splits"].items()) or "none"
    lines = [
        f"Health of {report['version'] or 'these rows'}: {report['rows']} rows (splits: {splits})",
        f"  duplicates   exact {report['exact']['extra']} rows in {report['exact']['groups']} groups, "
        f"near {report['near']['extra']} in {report['near']['groups']} (Jaccard ≥ {report['threshold']})",
    ]
    lines += [
        f"  leakage      {leak['a']} / {leak['b']}: {leak['same']} same, {leak['near']} near"
        for leak in report["leakage"]
    ]
    kinds = ", ".join(f"{kind} {item['found']}" for kind, item in report["personal"].items()) or "none found"
    lines.append(f"  personal     {kinds}")
    lines += [
        f"  length       {name}: {spread['least']} to {spread['most']} characters, median {spread['median']}, "
        f"95 % under {spread['p95']}"
        for name, spread in report["characters"].items()
    ]
    languages = sorted(report["languages"].items(), key=lambda item: -item[1])
    spoken = ", ".join(f"{code} {100 * count / rows:.0f} %" for code, count in languages[:6])
    lines.append(f"  languages    {spoken or 'unknown'}")
    lines += [_label(label) for label in report["labels"]]
    lines.append(f"  conflicts    {report['conflicts']} inputs with more than one answer")
    lines.append("Findings" if report["findings"] else "Findings: none")
    for finding in report["findings"]:
        lines.append(f"  {finding['severity']:<8} {finding['text']}")
        lines.append(f"           → {finding['next_step']}")
    return "\n".join(lines)


def _label(label: dict[str, Any]) -> str:
    values = sorted(label["values"].items(), key=lambda item: -item[1])
    shown = ", ".join(f"{value} {count}" for value, count in values[:8])
    more = f", {len(values) - 8} more" if len(values) > 8 else ""
    return f"  label        {label['path']}: {shown}{more} (evenness {label['evenness']:.2f})"
