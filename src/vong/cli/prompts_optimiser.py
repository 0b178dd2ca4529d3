"""Commands of `vong prompts`: search for a better prompt, and show what was found."""

from importlib import import_module
from typing import Any
from uuid import UUID

import click

from vong.cli.job_progress import follow
from vong.cli.output import emit, json_option, print_message, table
from vong.cli.params import Command
from vong.client import Client

COLUMNS = ["id", "base", "method", "status", "before", "after", "candidate", "cost"]
SETTINGS = (
    "method",
    "split",
    "held_out_split",
    "scorer",
    "metric",
    "model",
    "proposer",
    "limit",
    "held_out_limit",
    "candidates",
    "max_examples",
    "max_minutes",
    "max_calls",
    "max_tokens",
    "concurrency",
    "seed",
)


@click.command("optimise", cls=Command)
@click.argument("name")
@click.option("--dataset", required=True, help="Dataset with the rows: NAME or NAME@VERSION.")
@click.option("--version", help="Version or label to start from.  [default: the label prod, or the newest version]")
@click.option("--method", type=click.Choice(["few_shot", "mipro", "gepa"]), help="[default: mipro]")
@click.option("--scorer", help="Scorer of the answers, such as exact_match or judge:NAME.  [default: exact_match]")
@click.option("--metric", help="Metric of the scorer.  [default: its main metric]")
@click.option("--split", help="Rows of the search.  [default: train]")
@click.option("--held-out-split", help="Rows of the check.  [default: test]")
@click.option("--limit", type=click.IntRange(4, 2000), help="Rows of the search.  [default: 100]")
@click.option("--held-out-limit", type=click.IntRange(2, 5000), help="Rows of the check.  [default: 200]")
@click.option("--model", help="Route or model, instead of that of the prompt.")
@click.option("--proposer", help="Model that writes instructions.  [default: the same]")
@click.option("--candidates", type=click.IntRange(1, 100), help="Candidates to try.  [default: 8]")
@click.option("--max-examples", type=click.IntRange(0, 32), help="Worked examples in the prompt.  [default: 4]")
@click.option("--max-cost", type=click.FloatRange(0, min_open=True), help="US dollars after which the search ends.")
@click.option("--max-minutes", type=click.FloatRange(0, min_open=True), help="[default: 60]")
@click.option("--max-calls", type=click.IntRange(1), help="[default: 2000]")
@click.option("--max-tokens", type=click.IntRange(1), help="Length of an answer.  [default: that of the prompt]")
@click.option("--concurrency", type=click.IntRange(1, 32), help="Calls at once.  [default: 4]")
@click.option("--seed", type=click.IntRange(0), help="[default: 0]")
@click.option("--estimate", "only_estimate", is_flag=True, help="Only print the number of calls and the price.")
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def optimise(name: str, dataset: str, version: str | None, max_cost: float | None, **given: Any) -> None:
    """Search for better instructions and worked examples of a prompt, and check the best on held-out rows.

    The result is a version on a branch of its own. No label moves.
    """
    client = Client().prompts.optimiser
    settings = {setting: given[setting] for setting in SETTINGS if given[setting] is not None}
    if max_cost is not None:
        settings["max_cost"] = max(1, round(max_cost * 1_000_000))
    estimate = client.estimate(name, dataset, version=version, **settings)
    if given["only_estimate"]:
        emit(estimate, given["as_json"])
        return
    cost = "unknown price" if estimate["cost"] is None else f"at most ${estimate['cost'] / 1_000_000:.4f}"
    rows = estimate["rows"]
    print_message(
        f"{estimate['version']} with {estimate['model']}: {rows['examples']} rows for examples, {rows['validation']} "
        f"to score candidates, {rows['held_out']} held out; at most {estimate['calls']} calls, {cost}"
    )
    started = client.start(name, dataset, version=version, **settings)
    if given["detach"]:
        emit(started.job, given["as_json"], ["id", "kind", "status"])
        return
    follow(Client(), started.job)
    _show(client.show(started.optimisation["id"]), given["as_json"])


@click.command("optimisations", cls=Command)
@click.argument("name")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def list_optimisations(name: str, limit: int, as_json: bool) -> None:
    """List the optimisations of a prompt, newest first."""
    found = Client().prompts.optimiser.list(name, limit=limit)
    if as_json:
        emit(found, True)
        return
    table([_summarize(one) for one in found], COLUMNS)


@click.command("optimisation", cls=Command)
@click.argument("id", type=click.UUID)
@json_option
def show_optimisation(id: UUID, as_json: bool) -> None:
    """Show an optimisation: its candidates, the score over the cost, and the check on held-out rows."""
    _show(Client().prompts.optimiser.show(id), as_json)


COMMANDS = (optimise, list_optimisations, show_optimisation)
"""Commands for the group `vong prompts`."""


def _summarize(one: dict[str, Any]) -> dict[str, Any]:
    result = one["result"] or {}
    held_out = result.get("held_out") or {}
    return {
        **one,
        "method": one["settings"]["method"],
        "before": held_out.get("a"),
        "after": held_out.get("b"),
        "candidate": result.get("candidate"),
        "cost": _dollars(one["cost"]),
    }


def _show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(found, True)
        return
    print_message(f"{found['base']}, {found['settings']['method']} on {found['dataset']}, {found['status']}")
    rows = [
        {
            "candidate": one["number"],
            "score": round(one["score"], 4),
            "rows": one["rows"],
            "examples": one["examples"],
            "calls": one["calls"],
            "cost": _dollars(one["cost"]),
            "instructions": " ".join(one["instructions"].split())[:70],
        }
        for one in found["candidates"]
    ]
    table(rows)
    if plotted := render_scores(found["candidates"]):
        click.echo(plotted)
    for warning in found["warnings"]:
        print_message(f"note: {warning}")
    if found["result"]:
        _show_result(found, found["result"])


def _show_result(found: dict[str, Any], result: dict[str, Any]) -> None:
    if result["stopped_by"]:
        print_message(f"the search ended at its limit of {result['stopped_by']}")
    held_out = result["held_out"]
    if held_out is None:
        print_message("no candidate is better than the version that it started from")
        return
    print_message(
        f"{held_out['metric']} on {held_out['n']} held-out rows: {held_out['a']:.3f} to {held_out['b']:.3f}, "
        f"difference {held_out['difference']:+.3f} [{held_out['low']:+.3f}, {held_out['high']:+.3f}], "
        f"p {held_out['p']:.3g}"
    )
    verdict = "better" if result["improved"] else "not shown to be better"
    print_message(f"{result['candidate']} on the branch {result['branch']} is {verdict}")
    print_message(f"compare: vong prompts diff {found['prompt']} {found['base']} {result['candidate']}")


def render_scores(candidates: list[dict[str, Any]], width: int = 80, height: int = 16) -> str:
    """Return a plot of the best score so far over the cost, or over the calls if the cost is unknown or zero."""
    complete = sorted((one for one in candidates if one["complete"]), key=lambda one: one["calls"])
    if len(complete) < 2:
        return ""
    has_cost = all(one["cost"] for one in complete)
    best, heights = float("-inf"), []
    for one in complete:
        best = max(best, one["score"])
        heights.append(best)
    plotext: Any = import_module("plotext")
    figure = plotext.figure
    figure.clear()
    costs = [one["cost"] / 1_000_000 if has_cost else one["calls"] for one in complete]
    figure.draw(figure.signal(costs, heights).lines())
    figure.title("best score so far")
    figure.label("US dollars" if has_cost else "calls")
    figure.plot_size(width, height)
    return str(plotext.uncolorize(figure.build()))


def _dollars(cost: int | None) -> str | None:
    return None if cost is None else f"${cost / 1_000_000:.4f}"
