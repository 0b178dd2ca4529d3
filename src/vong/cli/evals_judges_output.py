"""Output of `vong evals judges`: judges, calibrations, tunings and comparisons as text."""

from collections.abc import Mapping
from typing import Any

import click

from vong.cli.output import emit, print_message, table

Values = Mapping[str, Any]
WEIGHTS = {"none": "unweighted", "linear": "linear weights", "quadratic": "quadratic weights"}


def show_judge(found: Values) -> None:
    """Print a judge with its versions and calibrations."""
    current = found["current"]
    definition = current["definition"]
    fields = {"judge": f"{current['name']}@{current['version']}", "kind": definition["kind"]}
    fields |= {"model": definition["model"]} if definition["model"] else {"members": ", ".join(definition["members"])}
    if definition["kind"] in {"rubric", "reference"}:
        fields["scale"] = f"{definition['scale']['lowest']}-{definition['scale']['highest']}"
    emit(fields, False)
    if definition["prompt"]:
        click.echo(f"\n{definition['prompt']}")
    for criterion in definition["criteria"]:
        click.echo(f"- {criterion['name']}: {criterion['description']}")
    click.echo()
    table([_version_row(version) for version in found["versions"]])
    if found["calibrations"]:
        click.echo()
        table([_calibration_row(one) for one in found["calibrations"]])


def show_calibration(found: Values) -> None:
    """Print a calibration: agreement, confusion matrix, biases and price."""
    report = found["report"]
    click.echo(
        f"{found['judge']}@{found['version']} on {found['task']}: {found['labels']} labels, "
        f"kappa {format_interval(found['kappa'], found['low'], found['high'])} ({WEIGHTS[report['weights']]})"
    )
    click.echo("\nlabels (rows) and verdicts (columns)")
    categories = report["categories"]
    table(
        [
            {"": label, **dict(zip(categories, row, strict=True))}
            for label, row in zip(categories, report["matrix"], strict=True)
        ]
    )
    click.echo()
    emit(_report_fields(report), False)
    if found["can_gate"]:
        click.echo("\nThis judge can gate releases of the task.")
    else:
        click.echo("\nThis judge cannot gate releases of the task:")
        for reason in report["reasons"]:
            click.echo(f"- {reason}")


def show_tuning(result: Values) -> None:
    """Print the result of a tuning: the variants, and the agreement on the held-out labels."""
    table([dict(variant) for variant in result["variants"]], ["name", "kappa", "errors"])
    click.echo(f"\nchosen on {result['tuned_on']} labels: {result['chosen']}; on held-out labels:")
    rows = [
        {
            "version": side["version"],
            "kappa": format_interval(side["kappa"], side["low"], side["high"]),
            "labels": side["labels"],
            "errors": side["errors"],
        }
        for side in (result["old"], result["new"])
    ]
    table(rows)
    interval = format_interval(result["difference"], result["difference_low"], result["difference_high"])
    click.echo(f"difference {interval}")
    if result["candidate"] != result["judge"]:
        print_message(f"stored as a candidate; use it with: vong evals judges use {result['candidate']}")
    else:
        print_message("no variant was better; the judge is unchanged")


def show_comparison(found: Values) -> None:
    """Print a comparison of two runs by a judge."""
    fields = {name: found[name] for name in ("judge", "pairs", "wins", "losses", "ties", "inconsistent", "errors")}
    fields["win rate of B"] = format_interval(found["win_rate"], found["low"], found["high"])
    fields["p (sign test)"] = found["p"]
    fields["run"] = found["result"]["id"]
    emit(fields, False)


def format_interval(value: float | None, low: float | None, high: float | None) -> str:
    """Format an estimate with the bounds of its interval."""
    if value is None:
        return "undefined"
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _report_fields(report: Values) -> dict[str, Any]:
    fields: dict[str, Any] = {"agreement": report["agreement"], "judge minus label": report["offset"]}
    for name, label in (
        ("swap_rate", "verdicts changed by position"),
        ("length_bias", "correlation with length"),
        ("self_preference", "preference for its own model"),
    ):
        bias = report[name]
        fields[label] = format_interval(bias["value"], bias["low"], bias["high"]) if bias else "not measured"
    cost = report["cost_per_thousand"]
    fields["price per thousand"] = "unknown" if cost is None else f"${cost / 1_000_000:.4f}"
    fields["latency p50 (ms)"] = report["latency_p50"]
    fields["errors"] = f"{report['errors']} ({report['error_rate']:.1%})"
    if report["first_error"]:
        fields["first error"] = report["first_error"]
    fields["models"] = ", ".join(report["models"]) or None
    return fields


def _version_row(version: Values) -> dict[str, Any]:
    tuning = version["tuning"] or {}
    state = "current" if version["current"] else "candidate" if tuning else "earlier"
    row: dict[str, Any] = {"version": version["version"], "state": state, "author": version["author"]}
    held_out = tuning.get("new")
    row["held-out kappa"] = format_interval(held_out["kappa"], held_out["low"], held_out["high"]) if held_out else None
    return row | {"created": version["created_at"][:16]}


def _calibration_row(one: Values) -> dict[str, Any]:
    return {
        "calibration": one["id"],
        "version": one["version"],
        "task": one["task"],
        "status": one["status"],
        "labels": one["labels"],
        "kappa": format_interval(one["kappa"], one["low"], one["high"]) if one["status"] == "finished" else None,
        "can gate": "yes" if one["can_gate"] else "no",
    }
