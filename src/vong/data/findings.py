"""Findings of a health report: severity, description and the command that fixes the problem."""

from collections.abc import Iterator

from vong.data.report import HealthFinding, HealthReport

MIN_ROWS = 50
"""Versions with fewer rows are reported, because metrics measured on them are imprecise."""
MIN_ROWS_PER_VALUE = 10
"""Label values with fewer rows are reported as rare."""
MAX_BALANCE_RATIO = 20.0
"""Ratio of the largest to the smallest label value from which a label is a warning."""


def derive_findings(report: HealthReport) -> list[HealthFinding]:
    """Return the findings of a report, most severe first."""
    ref = report.version or "REF"
    found = [
        *_row_findings(report, ref),
        *_duplicate_findings(report, ref),
        *_content_findings(report, ref),
        *_label_findings(report, ref),
    ]
    order = {"error": 0, "warning": 1, "info": 2}
    return sorted(found, key=lambda finding: order[finding.severity])


def _row_findings(report: HealthReport, ref: str) -> Iterator[HealthFinding]:
    if report.empty:
        yield HealthFinding(
            severity="error",
            code="empty_rows",
            text=f"{len(report.empty)} rows have an empty input or completion",
            next_step=f"vong data clean {ref}",
            rows=len(report.empty),
        )
    if report.too_long:
        yield HealthFinding(
            severity="warning",
            code="too_long",
            text=f"{len(report.too_long)} rows are so long that training may leave them out",
            next_step=f"inspect them: vong data rows {ref} --after {report.too_long[0] - 1} --limit 1",
            rows=len(report.too_long),
        )
    if report.rows < MIN_ROWS:
        yield HealthFinding(
            severity="info",
            code="few_rows",
            text=f"{report.rows} rows are few: metrics measured on them are imprecise",
            next_step="add rows: vong data import FILE --name NAME",
            rows=report.rows,
        )
    if report.without_answer > 0:
        yield HealthFinding(
            severity="info",
            code="without_answer",
            text=f"{report.without_answer} rows have no completion: evaluations can use them, training cannot",
            next_step="add completions before training",
            rows=report.without_answer,
        )


def _duplicate_findings(report: HealthReport, ref: str) -> Iterator[HealthFinding]:
    for leak in report.leakage:
        yield HealthFinding(
            severity="error",
            code="leakage",
            text=f"{leak.same + leak.near} inputs occur in both {leak.a!r} and {leak.b!r} "
            f"({leak.same} identical, {leak.near} near-duplicates): metrics on one split are inflated by the other",
            next_step=f"split by cluster: vong data split {ref}",
            rows=leak.same + leak.near,
        )
    for code, kind, what in (("exact_duplicates", report.exact, "exact"), ("near_duplicates", report.near, "near-")):
        if kind.extra:
            yield HealthFinding(
                severity="warning",
                code=code,
                text=f"{kind.extra} rows are {what}{' ' if what == 'exact' else ''}duplicates of others",
                next_step=f"vong data clean {ref}",
                rows=kind.extra,
            )
    if report.unchecked:
        yield HealthFinding(
            severity="info",
            code="unchecked",
            text=f"{report.unchecked} rows resemble very many others and were not compared with all of them",
            next_step="clean first, then profile again: duplicates hide how similar the remaining rows are",
            rows=report.unchecked,
        )


def _content_findings(report: HealthReport, ref: str) -> Iterator[HealthFinding]:
    if report.personal:
        kinds = ", ".join(f"{item.found} {kind}" for kind, item in report.personal.items())
        rows = max(item.rows for item in report.personal.values())
        yield HealthFinding(
            severity="warning",
            code="personal_data",
            text=f"PII in at least {rows} rows: {kinds} (names are not detected)",
            next_step=f"mask it: vong data clean {ref} --personal mask",
            rows=rows,
        )
    unknown = report.languages.get("unknown", 0)
    if unknown > 0.3 * report.rows:
        yield HealthFinding(
            severity="info",
            code="language_unknown",
            text=f"the language of {unknown} rows is unknown (short or mixed text)",
            next_step=f"inspect some of them: vong data rows {ref}",
            rows=unknown,
        )


def _label_findings(report: HealthReport, ref: str) -> Iterator[HealthFinding]:
    if report.conflicts:
        yield HealthFinding(
            severity="warning" if report.labels else "info",
            code="conflicts",
            text=f"{report.conflicts} inputs have contradicting completions",
            next_step=f"use the majority value and drop ties: vong data clean {ref} --conflicts majority",
            rows=report.conflicts,
        )
    for label in report.labels:
        rare = [value for value, count in label.values.items() if count < MIN_ROWS_PER_VALUE]
        if label.ratio >= MAX_BALANCE_RATIO or rare:
            about = f", fewer than {MIN_ROWS_PER_VALUE} rows: {', '.join(rare[:5])}" if rare else ""
            yield HealthFinding(
                severity="warning" if label.ratio >= MAX_BALANCE_RATIO else "info",
                code="unbalanced",
                text=f"{label.path} is unbalanced: the largest value has {label.ratio:g} times as many rows as "
                f"the smallest{about}",
                next_step=f"stratify by it: vong data split --stratify {label.path}; collect more rows of rare values",
                rows=report.rows,
            )
