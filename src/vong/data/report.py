"""Health report of a dataset version: findings, their severity and the next step."""

from typing import Annotated, Any, Literal

from pydantic import Field

from vong.data.labels import LabelPath
from vong.data.near_duplicates import DEFAULT_THRESHOLD, Threshold
from vong.records import Record

MAX_LISTED = 100
"""Maximum number of rows, groups or conflicts listed per check. Counts always cover all rows."""


class ProfileSettings(Record):
    """Settings of a profile.

    `labels` are label paths in addition to those detected in the completions. Rows longer than `longest` characters are
    reported as too long.
    """

    threshold: Threshold = DEFAULT_THRESHOLD
    labels: tuple[LabelPath, ...] = ()
    longest: Annotated[int, Field(gt=0)] = 20_000


class DuplicateGroups(Record):
    """Groups of duplicate rows. `extra` is the number of rows to drop if one row per group remains."""

    groups: int
    extra: int
    listed: list[list[int]]


class SplitLeak(Record):
    """Inputs that occur in two splits: pairs of (row of `a`, row of `b`), counted by group and split."""

    a: str
    b: str
    same: int
    near: int
    listed: list[tuple[int, int]]


class PiiSample(Record):
    """Short excerpt of a row that contains PII, with every value masked."""

    row: int
    text: str


class PiiFinding(Record):
    """One type of PII: number of values, number of rows, row numbers and masked samples.

    PII values themselves are never stored.
    """

    found: int
    rows: int
    listed: list[int]
    samples: list[PiiSample] = []


class LengthStats(Record):
    """Distribution of lengths. `histogram` pairs the upper bound of each bin (a power of two) with its row count."""

    least: int
    median: int
    mean: float
    p95: int
    most: int
    histogram: list[tuple[int, int]]


class LabelBalance(Record):
    """Balance of one label.

    `evenness` is the entropy divided by its maximum (1 is balanced). `ratio` is the largest count divided by the
    smallest.
    """

    path: str
    values: dict[str, int]
    evenness: float
    ratio: float


class LabelConflict(Record):
    """One input (identical or near-duplicate) with contradicting completions: rows and votes per label value."""

    rows: list[int]
    same_input: bool
    votes: dict[str, dict[str, int]]


class HealthFinding(Record):
    """One finding: an `error` invalidates results, a `warning` costs quality, `info` is worth checking."""

    severity: Literal["error", "warning", "info"]
    code: str
    text: str
    next_step: str
    rows: int


class HealthReport(Record):
    """Health of one dataset version. Row numbers start at 1.

    `threshold` is the minimum Jaccard similarity of five-character shingles for two inputs to be near-duplicates.
    `unchecked` is the number of rows with too many candidates to compare with all of them.
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
    def worst_severity(self) -> str:
        """Return the highest severity among the findings, or `none` if there are no findings."""
        severities = {finding.severity for finding in self.findings}
        return next((severity for severity in ("error", "warning", "info") if severity in severities), "none")


def format_report(report: dict[str, Any]) -> str:
    """Return a report (as a JSON object) formatted as plain text."""
    rows = max(1, int(report["rows"]))
    splits = ", ".join(f"{name} {count}" for name, count in report["splits"].items()) or "none"
    lines = [
        f"Health of {report['version'] or 'unsaved rows'}: {report['rows']} rows (splits: {splits})",
        f"  duplicates   exact {report['exact']['extra']} rows in {report['exact']['groups']} groups, "
        f"near {report['near']['extra']} in {report['near']['groups']} (Jaccard ≥ {report['threshold']})",
    ]
    lines += [
        f"  leakage      {leak['a']} / {leak['b']}: {leak['same']} same, {leak['near']} near"
        for leak in report["leakage"]
    ]
    kinds = ", ".join(f"{kind} {item['found']}" for kind, item in report["personal"].items()) or "none found"
    lines.append(f"  PII          {kinds}")
    lines += [
        f"  length       {name}: {stats['least']} to {stats['most']} characters, median {stats['median']}, "
        f"95th percentile {stats['p95']}"
        for name, stats in report["characters"].items()
    ]
    languages = sorted(report["languages"].items(), key=lambda item: -item[1])
    language_shares = ", ".join(f"{code} {100 * count / rows:.0f} %" for code, count in languages[:6])
    lines.append(f"  languages    {language_shares or 'unknown'}")
    lines += [_format_label(label) for label in report["labels"]]
    lines.append(f"  conflicts    {report['conflicts']} inputs with contradicting completions")
    lines.append("Findings" if report["findings"] else "Findings: none")
    for finding in report["findings"]:
        lines.append(f"  {finding['severity']:<8} {finding['text']}")
        lines.append(f"           → {finding['next_step']}")
    return "\n".join(lines)


def _format_label(label: dict[str, Any]) -> str:
    values = sorted(label["values"].items(), key=lambda item: -item[1])
    shown = ", ".join(f"{value} {count}" for value, count in values[:8])
    more = f", {len(values) - 8} more" if len(values) > 8 else ""
    return f"  label        {label['path']}: {shown}{more} (evenness {label['evenness']:.2f})"
