"""Report of a run of a loop policy as Markdown."""

from collections.abc import Sequence
from typing import Any

from vong.loop.policy_records import PolicyRun, PolicyStep

MAX_METRICS = 20
STATUS_WORDS = {"promoted": "promoted", "not_promoted": "not promoted"}


def to_markdown(run: PolicyRun) -> str:
    """Return the report of a run: what started it, the path of its steps with links, and the evidence."""
    consent = run.consent
    lines = [
        f"# Loop policy {run.policy}, run {run.number}: {STATUS_WORDS.get(run.status, run.status)}",
        "",
        *([run.reason, ""] if run.reason else []),
        f"- Run: `{run.id}`, version {run.version} of the policy",
        f"- Trigger: {run.trigger.kind}, {run.trigger.detail}",
        f"- Consent: {consent.by} ({consent.role}), {consent.at.isoformat(timespec='seconds')}",
        f"- Route: {run.definition.route}; dataset: {run.definition.dataset}; base: {run.base or 'none'}",
        f"- Candidate: {run.model or 'none'}",
        f"- Human actions: {run.human_actions}",
    ]
    if run.minutes is not None:
        lines.append(f"- From the last correction to the end: {run.minutes:g} minutes")
    lines += ["", "| step | status | seconds | evidence | result |", "| --- | --- | --- | --- | --- |"]
    lines += [_row(step) for step in run.steps]
    for step in run.steps:
        lines += _details(step)
    return "\n".join(lines) + "\n"


def _row(step: PolicyStep) -> str:
    links = ", ".join(f"{link.kind.replace('_', ' ')} `{link.ref}`" for link in step.links)
    seconds = "" if step.seconds is None else f"{step.seconds:.1f}"
    return f"| {step.name} | {step.status} | {seconds} | {_cell(links)} | {_cell(step.reason)} |"


def _details(step: PolicyStep) -> list[str]:
    if step.name == "evaluate" and step.evidence.get("metrics"):
        return ["", f"## Suite: candidate against {step.evidence.get('current')}", "", *_metrics(step.evidence)]
    if step.name == "gate" and step.evidence.get("requirements"):
        rows = [
            [one["name"], "passed" if one["passed"] else "missing", one["detail"]]
            for one in step.evidence["requirements"]
        ]
        return ["", "## Gate", "", *_table(["requirement", "result", "detail"], rows)]
    if step.name == "release" and step.evidence.get("quality"):
        quality = {key: value for key, value in step.evidence["quality"].items() if value is not None}
        return [
            "",
            "## Release",
            "",
            *_table(["measure", "value"], [[key, _text(one)] for key, one in quality.items()]),
        ]
    return []


def _metrics(evidence: dict[str, Any]) -> list[str]:
    rows = [
        [name, *(_text(one[key]) for key in ("a", "b", "difference", "low", "high", "adjusted_p"))]
        for name, one in list(evidence["metrics"].items())[:MAX_METRICS]
    ]
    return _table(["metric", "current", "candidate", "difference", "low", "high", "adjusted p"], rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(header)} |",
        f"|{' --- |' * len(header)}",
        *(f"| {' | '.join(map(_cell, row))} |" for row in rows),
    ]


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
