"""Commands of `vong evals suites`: define suites, estimate and read their runs."""

from pathlib import Path
from typing import Any
from uuid import UUID

import click

from vong.cli.output import emit, json_option, print_message, table
from vong.cli.params import Group
from vong.client import Client
from vong.errors import InvalidInput
from vong.yaml_text import parse_yaml

MAX_DEFINITION_BYTES = 8_000_000
EXAMPLE_HINT = "see docs/guides/is-the-new-model-better.md for an example"


@click.group(cls=Group)
def suites() -> None:
    """Define suites: datasets with scorers, thresholds and slices."""


@suites.command()
@click.argument("name")
@click.option(
    "--file", "path", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="YAML or JSON."
)
@json_option
def create(name: str, path: Path, as_json: bool) -> None:
    """Store a suite from a YAML or JSON file as its next version."""
    created = Client().evals.suites.create(name, read_definition(path))
    if as_json:
        emit(created, True)
    else:
        show_suite(created)


@suites.command("list")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@json_option
def list_suites(limit: int, as_json: bool) -> None:
    """List the newest version of every suite."""
    found = Client().evals.suites.list(limit=limit)
    if as_json:
        emit(found, True)
        return
    rows = [
        {
            "suite": f"{suite['name']}@{suite['number']}",
            "entries": len(suite["entries"]),
            "checks": sum(len(entry["thresholds"]) for entry in suite["entries"]),
            "description": suite["description"][:80],
        }
        for suite in found
    ]
    table(rows)


@suites.command()
@click.argument("ref")
@json_option
def show(ref: str, as_json: bool) -> None:
    """Show a version of a suite: NAME (the newest) or NAME@NUMBER."""
    suite = Client().evals.suites.get(ref)
    if as_json:
        emit(suite, True)
    else:
        show_suite(suite)


@suites.command()
@click.argument("name")
def delete(name: str) -> None:
    """Delete all versions of a suite. Its runs are kept."""
    Client().evals.suites.delete(name)
    print_message(f"deleted suite {name}")


@suites.command()
@click.argument("ref")
@click.option("--model", required=True, help="A route, deployment/NAME or PROVIDER/MODEL.")
@click.option("--repeats", type=click.IntRange(1, 20), help="Number of repeats of every entry.")
@click.option("--limit", type=click.IntRange(1), help="Maximum number of examples of every entry.")
@json_option
def estimate(ref: str, model: str, as_json: bool, **options: Any) -> None:
    """Show the price, the time and the detectable difference of a run without starting it."""
    found = Client().evals.suites.estimate(ref, model, **{key: value for key, value in options.items() if value})
    if as_json:
        emit(found, True)
    else:
        show_estimate(found)


@suites.command("runs")
@click.option("--suite", help="NAME (all versions) or NAME@NUMBER.")
@click.option("--model", "subject", help="Only runs of this model.")
@click.option("--label", help="Only runs with this label.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def list_runs(suite: str | None, subject: str | None, label: str | None, limit: int, as_json: bool) -> None:
    """List suite runs, newest first."""
    found = Client().evals.suites.runs(suite=suite, subject=subject, label=label, limit=limit)
    if as_json:
        emit(found, True)
        return
    table([run_row(run) for run in found])


@suites.command()
@click.argument("id", type=click.UUID)
@json_option
def report(id: UUID, as_json: bool) -> None:
    """Show a suite run: metrics with intervals, checks and the worst slices."""
    run = Client().evals.suites.get_run(id)
    if as_json:
        emit(run, True)
    else:
        show_run(run)


def read_definition(path: Path, *, hint: str = EXAMPLE_HINT) -> dict[str, Any]:
    """Return the definition in a YAML or JSON file.

    Raises: InvalidInput if the file is neither, or not an object.
    """
    value = parse_yaml(path.read_bytes(), repr(str(path)), max_bytes=MAX_DEFINITION_BYTES)
    if not isinstance(value, dict):
        raise InvalidInput(f"{str(path)!r} does not contain an object with entries", hint)
    return {key: one for key, one in value.items() if key != "name"}


def show_suite(suite: dict[str, Any]) -> None:
    """Print a suite with its entries."""
    print_message(f"{suite['name']}@{suite['number']}  {suite['description']}".rstrip())
    rows = [
        {
            "entry": number,
            "dataset": f"{entry['dataset']}/{entry['split']}",
            "scorers": " ".join(entry["scorers"]),
            "repeats": entry["repeats"],
            "slices": " ".join(entry["slices"]) or "-",
            "checks": "; ".join(describe_threshold(threshold) for threshold in entry["thresholds"]) or "-",
        }
        for number, entry in enumerate(suite["entries"])
    ]
    table(rows)


def describe_threshold(threshold: dict[str, Any]) -> str:
    """Return a threshold as text: `exact_match >= 0.8 in language=vi`."""
    at_least = threshold.get("at_least")
    sign, bound = (">=", at_least) if at_least is not None else ("<=", threshold.get("at_most"))
    where = f" in {threshold['slice']}" if threshold.get("slice") else ""
    share = threshold.get("min_share") or 1
    enough = f" of {share:.0%} of answers or more" if share < 1 else ""
    return f"{threshold['scorer']} {sign} {bound:g}{where}{enough}"


def show_estimate(found: dict[str, Any]) -> None:
    """Print an estimate with what it was computed from."""
    cost, seconds = found["cost"], found["seconds"]
    price = "price unknown" if cost is None else f"about ${cost / 1_000_000:.4f}"
    duration = "time unknown" if seconds is None else f"about {seconds:.0f} s"
    print_message(
        f"estimate of {found['suite']} on {found['subject']}: {found['examples']} requests, {price}, {duration}"
    )
    for entry in found["entries"]:
        print_message(f"  entry {entry['entry']} {entry['dataset']}/{entry['split']}: from {entry['basis']}")
        for one in entry["detectable"]:
            if one["value"] is not None:
                print_message(f"    detects a difference of {one['value']:.4f} in {one['scorer']} ({one['basis']})")


def run_row(run: dict[str, Any]) -> dict[str, Any]:
    """Return one suite run as a table row."""
    outcome = {True: "passed", False: "failed", None: "-"}[run["passed"]]
    return {
        "id": run["id"],
        "suite": run["suite"],
        "model": run["subject"],
        "label": run["label"] or "-",
        "status": run["status"],
        "checks": f"{outcome} ({sum(check['passed'] for check in run['checks'])}/{len(run['checks'])})",
        "done": f"{run['done']}/{run['examples']}",
        "failed": run["failed"],
        "truncated": run["truncated"],
    }


def show_run(run: dict[str, Any]) -> None:
    """Print a suite run: counts, metrics, checks and the worst slices."""
    emit(run_row(run), False)
    click.echo()
    table([metric_row(metric) for metric in run["metrics"]])
    if run["checks"]:
        click.echo()
        table([check_row(check) for check in run["checks"]])
    if run["slices"]:
        print_message("\nworst slices (permutation test, p adjusted by Holm over all slices and metrics):")
        table([slice_row(one) for one in run["slices"][:10]])


def metric_row(metric: dict[str, Any]) -> dict[str, Any]:
    """Return a metric of a suite run as a table row."""
    between = metric["between_deviation"]
    return {
        "entry": metric["entry"],
        "metric": metric["scorer"],
        "value": f"{metric['value']:.4f}",
        "interval": f"[{metric['low']:.4f}, {metric['high']:.4f}]",
        "within": f"{metric['within_error']:.4f}",
        "between": "-" if between is None else f"{between:.4f}",
        "n": metric["n"],
    }


def check_row(check: dict[str, Any]) -> dict[str, Any]:
    """Return a check as a table row."""
    measured = "no value" if check["value"] is None else f"{check['value']:.4f}"
    interval = "-" if check["low"] is None else f"[{check['low']:.4f}, {check['high']:.4f}]"
    return {
        "check": describe_threshold({**check, check["direction"]: check["bound"]}),
        "entry": check["entry"],
        "value": measured,
        "interval": interval,
        "result": "passed" if check["passed"] else f"FAILED: {check['reason']}".removesuffix(": "),
    }


def slice_row(one: dict[str, Any]) -> dict[str, Any]:
    """Return a worst slice as a table row."""
    return {
        "slice": one["slice"],
        "metric": one["scorer"],
        "value": f"{one['value']:.4f}",
        "others": f"{one['rest']:.4f}",
        "n": one["n"],
        "p": f"{one['adjusted_p']:.3g}",
    }
