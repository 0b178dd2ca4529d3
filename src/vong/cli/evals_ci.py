"""Suite runs in continuous integration: bounds, JUnit and Markdown reports."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from vong.cli.evals_suites import describe_threshold
from vong.cli.params import parse_finite
from vong.errors import InvalidInput

MAX_LISTED_SLICES = 5
INVALID_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not allow."""


def parse_bounds(texts: tuple[str, ...], suite: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the thresholds of `--fail-under`: `METRIC=VALUE`, or VALUE for the first scorer of every entry.

    Raises: InvalidInput if a text is neither.
    """
    found: list[dict[str, Any]] = []
    for text in texts:
        metric, equals, number = text.rpartition("=")
        try:
            bound = parse_finite(number)
        except ValueError as error:
            raise InvalidInput(
                f"--fail-under {text!r} is no bound", "write --fail-under 0.8 or --fail-under exact_match=0.8"
            ) from error
        if equals:
            found.append({"scorer": metric, "at_least": bound})
            continue
        first = dict.fromkeys(_label(entry["scorers"][0]) for entry in suite["entries"])
        if len(first) > 1:
            raise InvalidInput(
                f"--fail-under {text!r} names no metric, and the entries begin with {', '.join(first)}",
                f"write --fail-under {next(iter(first))}={text}",
            )
        found += [{"scorer": metric, "at_least": bound} for metric in first]
    return found


def _label(spec: str) -> str:
    head = spec.partition(":")[0]
    label, _, name = head.partition("=")
    return label if name else head


def write_junit(path: Path, run: dict[str, Any]) -> None:
    """Write the checks of a suite run as JUnit XML: one test case each. The number of failed requests is a property."""
    cases = [(describe_threshold({**check, check["direction"]: check["bound"]}), check) for check in run["checks"]]
    root = ElementTree.Element("testsuites", name="vong evals")
    failures = sum(not check["passed"] for _, check in cases)
    group = ElementTree.SubElement(
        root, "testsuite", name=run["suite"], tests=str(len(cases) or 1), failures=str(failures), errors="0"
    )
    properties = ElementTree.SubElement(group, "properties")
    for name in ("id", "subject", "label", "examples", "failed", "truncated"):
        ElementTree.SubElement(properties, "property", name=name, value=_xml_text(str(run[name])))
    for metric in run["metrics"]:
        value = f"{metric['value']:.6g} [{metric['low']:.6g}, {metric['high']:.6g}] n={metric['n']}"
        ElementTree.SubElement(
            properties, "property", name=_xml_text(f"entry {metric['entry']} {metric['scorer']}"), value=value
        )
    for name, check in cases:
        case = ElementTree.SubElement(
            group, "testcase", classname=f"{run['suite']}.entry{check['entry']}", name=_xml_text(name)
        )
        if not check["passed"]:
            failure = ElementTree.SubElement(case, "failure", message=_xml_text(describe_result(check)))
            failure.text = _xml_text(f"{name}: {describe_result(check)} on {run['subject']}")
    if not cases:
        ElementTree.SubElement(group, "testcase", classname=run["suite"], name="finished")
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def describe_result(check: dict[str, Any]) -> str:
    """Return the value of a check with its interval, and the reason if it failed."""
    if check["value"] is None:
        return check["reason"]
    value = f"{check['value']:.4f} [{check['low']:.4f}, {check['high']:.4f}], n={check['n']}"
    return f"{value}: {check['reason']}" if check["reason"] else value


def write_markdown(path: Path, run: dict[str, Any], comparison: dict[str, Any] | None) -> None:
    """Write a suite run as Markdown, with the differences to a baseline if there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_markdown(run, comparison), encoding="utf-8")


def render_markdown(run: dict[str, Any], comparison: dict[str, Any] | None) -> str:
    """Return a suite run as Markdown: result, metrics with differences to the baseline, checks and worst slices."""
    outcome = "passed" if run["passed"] else "failed"
    lines = [
        f"## Suite {_cell(run['suite'])} on {_cell(run['subject'])}: {outcome}",
        "",
        f"{run['done']} answers, {run['failed']} failed, {run['truncated']} truncated.",
        "",
    ]
    differences = _differences(comparison)
    if comparison is not None:
        base = comparison["baseline"]
        label = f" ({base['label']})" if base["label"] else ""
        lines += [
            f"Baseline: {_cell(base['subject'] + label)}.",
            "",
        ]
        lines += [
            "| entry | metric | baseline | value | difference | 95 % interval | p (Holm) |",
            "|---|---|---|---|---|---|---|",
        ]
    else:
        lines += ["| entry | metric | value | 95 % interval | n |", "|---|---|---|---|---|"]
    for metric in run["metrics"]:
        head = f"| {metric['entry']} | {_cell(metric['scorer'])} |"
        value = f"{metric['value']:.4f}"
        if comparison is None:
            lines.append(f"{head} {value} | {metric['low']:.4f} to {metric['high']:.4f} | {metric['n']} |")
            continue
        found = differences.get((metric["entry"], metric["scorer"]))
        if found is not None:
            interval = f"{found['low']:+.4f} to {found['high']:+.4f}"
            lines.append(
                f"{head} {found['a']:.4f} | {found['b']:.4f} | {found['difference']:+.4f}{_mark(found)} | {interval} | "
                f"{found['adjusted_p']:.3g} |"
            )
    if run["checks"]:
        lines += ["", "| check | result | value |", "|---|---|---|"]
        lines += [
            f"| {_cell(describe_threshold({**check, check['direction']: check['bound']}))} | "
            f"{'passed' if check['passed'] else '**failed**'} | {_cell(describe_result(check))} |"
            for check in run["checks"]
        ]
    worst = [one for one in run["slices"] if one["adjusted_p"] < 0.05][:MAX_LISTED_SLICES]
    if worst:
        lines += ["", "Worst slices:", ""]
        lines += [
            f"- {_cell(one['slice'])}: {_cell(one['scorer'])} {one['value']:.4f}, others {one['rest']:.4f} "
            f"(n={one['n']}, p={one['adjusted_p']:.2g})"
            for one in worst
        ]
    return "\n".join(lines) + "\n"


def _differences(comparison: dict[str, Any] | None) -> dict[tuple[int, str], dict[str, Any]]:
    entries = comparison["entries"] if comparison else []
    return {(entry["entry"], metric): found for entry in entries for metric, found in entry["metrics"].items()}


def _mark(found: dict[str, Any]) -> str:
    if found["adjusted_p"] >= 0.05 or found["higher_is_better"] is None or not found["difference"]:
        return ""
    return " better" if (found["difference"] > 0) == found["higher_is_better"] else " **worse**"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _xml_text(text: str) -> str:
    """Return the text without characters that XML 1.0 does not allow."""
    return INVALID_XML.sub("\ufffd", text)
