"""Commands of `vong prompts`: attack a prompt, a pipeline or a model, and report success and over-refusal."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from vong.cli.job_progress import follow
from vong.cli.output import emit, json_option, print_message, table
from vong.cli.params import Command, FilePath, parse_finite
from vong.client import Client
from vong.errors import InvalidInput

RUN_COLUMNS = ["id", "target", "status", "attacks", "done", "failed", "success", "over-refusal", "cost"]
SETTINGS = ("classes", "limit", "model", "system", "variable", "judge", "max_tokens", "concurrency")


@click.command("redteam", cls=Command)
@click.argument("target")
@click.option("--set", "sets", multiple=True, help="Attack set.  [default: builtin, unless --attacks is given]")
@click.option(
    "--attacks",
    "files",
    type=FilePath(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="File with attacks, stored as a set of its name. Further columns of Giskard's metadata file are joined.",
)
@click.option("--class", "classes", multiple=True, help="Only this class of attacks.")
@click.option("--limit", type=click.IntRange(1, 5000), help="Attacks and harmless requests per class.")
@click.option("--model", help="Route or model for a prompt, instead of its own.")
@click.option("--system", help="System message for a route or model.")
@click.option("--var", "values", multiple=True, metavar="NAME=VALUE", help="Value of a variable of the prompt.")
@click.option("--variable", help="Variable that receives the attacks.  [default: the last text of the user's message]")
@click.option("--judge", help="Model that decides if answers to harmful requests comply.")
@click.option("--max-tokens", type=click.IntRange(1, 8192), help="Length of an answer.  [default: 200]")
@click.option("--concurrency", type=click.IntRange(1, 32), help="Calls at once.  [default: 4]")
@click.option("--fail-above", multiple=True, metavar="SHARE|CLASS=SHARE", help="Exit with 1 above this success rate.")
@click.option("--fail-above-refusal", metavar="SHARE", help="Exit with 1 above this rate of over-refusal.")
@click.option("--estimate", "only_estimate", is_flag=True, help="Only print the number of calls and the price.")
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def redteam(
    target: str,
    sets: tuple[str, ...],
    files: tuple[Path, ...],
    values: tuple[str, ...],
    fail_above: tuple[str, ...],
    fail_above_refusal: str | None,
    **given: Any,
) -> None:
    """Attack TARGET, and report the success rate per class beside over-refusal.

    TARGET is prompt/NAME, prompt/NAME:LABEL, pipeline/NAME, a route, deployment/NAME or PROVIDER/MODEL.
    """
    bounds = [parse_bound("--fail-above", text) for text in fail_above]
    refusal_bound = parse_bound("--fail-above-refusal", fail_above_refusal)[1] if fail_above_refusal else None
    client = Client()
    settings = {name: given[name] for name in SETTINGS if given[name] not in (None, ())}
    if values:
        settings["variables"] = dict(_parse_variable(text) for text in values)
    if files:
        sets = (*sets, _store_files(client, files))
    if sets:
        settings["sets"] = list(sets)
    estimate = client.prompts.red_team.estimate(target, **settings)
    if given["only_estimate"]:
        emit(estimate, given["as_json"])
        return
    _show_estimate(estimate)
    started = client.prompts.red_team.start(target, **settings)
    if given["detach"]:
        emit(started.job, given["as_json"], ["id", "kind", "status"])
        return
    follow(client, started.job)
    run = client.prompts.red_team.show(started.run["id"])
    _show_run(client, run, given["as_json"])
    if violations := find_violations(run["report"], bounds, refusal_bound):
        for violation in violations:
            print_message(violation)
        raise click.exceptions.Exit(1)


@click.command("redteam-runs", cls=Command)
@click.option("--target", help="Only runs of this target. prompt/NAME: of all its versions.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def redteam_runs(target: str | None, limit: int, as_json: bool) -> None:
    """List red team runs, newest first."""
    found = Client().prompts.red_team.list(target=target, limit=limit)
    if as_json:
        emit(found, True)
        return
    rows = [{**run, **_totals(run), "cost": _dollars(run["cost"])} for run in found]
    table(rows, RUN_COLUMNS)


@click.command("redteam-run", cls=Command)
@click.argument("id", type=click.UUID)
@click.option("--results", is_flag=True, help="Also list the attacks with their outcomes.")
@click.option("--outcome", help="Only attacks with this outcome: succeeded, refused, blocked, answered, error …")
@json_option
def redteam_run(id: UUID, results: bool, outcome: str | None, as_json: bool) -> None:
    """Show a red team run: rates per class with intervals, and the attacks that succeeded."""
    client = Client()
    run = client.prompts.red_team.show(id)
    if as_json and (results or outcome):
        run["results"] = _all_results(client, id, outcome)
    _show_run(client, run, as_json, outcome=outcome, every=results)


@click.command("redteam-compare", cls=Command)
@click.argument("a", type=click.UUID)
@click.argument("b", type=click.UUID)
@click.option("--changes", type=click.IntRange(0, 500), default=10, show_default=True, help="Attacks to list.")
@json_option
def redteam_compare(a: UUID, b: UUID, changes: int, as_json: bool) -> None:
    """Compare run B with run A attack by attack, for example with and without a guard."""
    comparison = Client().prompts.red_team.compare(a, b, changes=changes)
    if as_json:
        emit(comparison, True)
        return
    for warning in comparison["warnings"]:
        print_message(f"note: {warning}")
    rows = [
        _difference_row(f"{measure.replace('_', '-')}: {name}", values)
        for measure in ("success", "over_refusal")
        for name, values in comparison[measure].items()
    ]
    print_message(f"{comparison['n']} attacks and harmless requests; 95 % intervals, McNemar's test, p by Holm")
    table(rows)
    if comparison["changes"]:
        print_message("\nchanged:")
        table([_change_row(one) for one in comparison["changes"]])


@click.command("redteam-sets", cls=Command)
@click.option("--delete", "deleted", help="Delete this set.")
@json_option
def redteam_sets(deleted: str | None, as_json: bool) -> None:
    """List the built-in attack set and those of the project, or delete one."""
    client = Client()
    if deleted is not None:
        client.prompts.red_team.delete_set(deleted)
        print_message(f"deleted attack set {deleted!r}")
        return
    emit(client.prompts.red_team.sets(), as_json, ["name", "attacks", "harmless", "classes", "created_at"])


COMMANDS = (redteam, redteam_runs, redteam_run, redteam_compare, redteam_sets)
"""Commands for the group `vong prompts`."""


def parse_bound(option: str, text: str) -> tuple[str | None, float]:
    """Return class and share of a bound: `CLASS=SHARE`, or SHARE for every class.

    Raises: InvalidInput if the share is not between 0 and 1.
    """
    name, equals, number = text.rpartition("=")
    try:
        share = parse_finite(number)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise InvalidInput(f"{option} {text!r} is no share between 0 and 1", f"write {option} 0.1")
    return (name if equals else None), share


def find_violations(
    report: dict[str, Any], bounds: list[tuple[str | None, float]], refusal_bound: float | None
) -> list[str]:
    """Return the bounds that a report violates, as messages. A class without an assessed attack violates its bound.

    Raises: InvalidInput if a bound names a class that the report does not have.
    """
    classes = {one["attack_class"]: one for one in report["classes"]}
    found: list[str] = []
    for name, share in bounds:
        if name is not None and name not in classes:
            raise InvalidInput(f"the run has no class {name!r}", f"it has: {', '.join(classes)}")
        for one in classes.values() if name is None else [classes[name]]:
            rate = one["success"]
            if rate["value"] is None:
                if one["errors"]:
                    found.append(f"{one['attack_class']}: no attack could be assessed, {one['errors']} calls failed")
            elif rate["value"] > share:
                found.append(
                    f"{one['attack_class']}: {rate['count']} of {rate['n']} attacks succeeded "
                    f"({rate['value']:.1%}), above {share:.1%}"
                )
    refused = report["total"]["over_refusal"]
    if refusal_bound is not None and refused["value"] is not None and refused["value"] > refusal_bound:
        found.append(
            f"over-refusal: {refused['count']} of {refused['n']} harmless requests ({refused['value']:.1%}), "
            f"above {refusal_bound:.1%}"
        )
    return found


def _store_files(client: Client, files: tuple[Path, ...]) -> str:
    name = re.sub(r"[^a-z0-9._-]+", "-", files[0].stem.lower()).strip("-._")[:60] or "attacks"
    stored = client.prompts.red_team.store_set(name, files)
    print_message(f"attack set {name!r}: {stored['attacks']} attacks, {stored['harmless']} harmless requests")
    return name


def _parse_variable(text: str) -> tuple[str, Any]:
    """Return name and value of `NAME=VALUE`. A value in JSON that is not a text keeps its type."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InvalidInput(f"--var {text!r} is no variable", "write --var NAME=VALUE")
    try:
        parsed = json.loads(value)
    except ValueError:
        return name, value
    return name, value if isinstance(parsed, str) else parsed


def _show_estimate(estimate: dict[str, Any]) -> None:
    cost = "unknown price" if estimate["cost"] is None else f"at most ${estimate['cost'] / 1_000_000:.4f}"
    print_message(
        f"{estimate['attacks']} attacks and {estimate['harmless']} harmless requests to {estimate['model']}: "
        f"{estimate['calls']} calls, {cost}"
    )


def _show_run(
    client: Client, run: dict[str, Any], as_json: bool, *, outcome: str | None = None, every: bool = False
) -> None:
    if as_json:
        emit(run, True)
        return
    print_message(f"{run['target']}, {run['done']} of {run['attacks']} done, {run['status']}")
    if run["report"]:
        table([_class_row(one) for one in (*run["report"]["classes"], run["report"]["total"])])
    for warning in run["warnings"]:
        print_message(f"note: {warning}")
    if run["cost"]:
        print_message(f"cost: {_dollars(run['cost'])}")
    shown = _all_results(client, run["id"], None if every else outcome or "succeeded")
    if shown:
        print_message("\nattacks:" if every or outcome else "\nsuccessful attacks:")
        table([_result_row(one) for one in shown])
    print_message(f"\nall attacks and answers: vong prompts redteam-run {run['id']} --results --json")


def _all_results(client: Client, id: UUID | str, outcome: str | None) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    while page := client.prompts.red_team.results(
        id, outcome=outcome, after=results[-1]["position"] if results else None, limit=500
    ):
        results += page
    return results


def _class_row(report: dict[str, Any]) -> dict[str, Any]:
    return {
        "class": report["attack_class"],
        "success": _rate(report["success"]),
        "95 %": _interval(report["success"]),
        "blocked": report["blocked"],
        "refused": report["refused"],
        "over-refusal": _rate(report["over_refusal"]),
        "95 % ": _interval(report["over_refusal"]),
        "errors": report["errors"],
    }


def _rate(rate: dict[str, Any]) -> str:
    return "-" if rate["value"] is None else f"{rate['count']}/{rate['n']} ({rate['value']:.1%})"


def _interval(rate: dict[str, Any]) -> str:
    return "-" if rate["value"] is None else f"{rate['low']:.1%} to {rate['high']:.1%}"


def _result_row(result: dict[str, Any]) -> dict[str, Any]:
    attack = result["attack"]
    return {
        "class": attack["attack_class"],
        "attack": attack["text"][:60],
        "outcome": result["outcome"],
        "evidence": (result["evidence"] or result["blocked_by"] or result["error"] or "")[:60],
    }


def _difference_row(name: str, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "rate": name,
        "A": f"{values['a']:.1%}",
        "B": f"{values['b']:.1%}",
        "B-A": f"{values['difference']:+.1%}",
        "interval": f"[{values['low']:+.1%}, {values['high']:+.1%}]",
        "p": values["adjusted_p"],
        "n": values["n"],
    }


def _change_row(change: dict[str, Any]) -> dict[str, Any]:
    attack = change["attack"]
    return {"class": attack["attack_class"], "attack": attack["text"][:60], "A": change["a"], "B": change["b"]}


def _totals(run: dict[str, Any]) -> dict[str, str]:
    total = run["report"]["total"] if run["report"] else None
    return {
        name: _rate(total[key]) if total else "-"
        for name, key in (("success", "success"), ("over-refusal", "over_refusal"))
    }


def _dollars(cost: int | None) -> str | None:
    return None if cost is None else f"${cost / 1_000_000:.4f}"
