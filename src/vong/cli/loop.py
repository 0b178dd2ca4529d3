"""Commands of `vong loop`: canaries and loop runs."""

import json
import math
from typing import Any, TextIO
from uuid import UUID

import click

from vong.cli.evidence import format_difference
from vong.cli.loop_policies import policies
from vong.cli.loop_releases import releases
from vong.cli.output import cell, emit, json_option, print_message, table
from vong.cli.params import Group
from vong.client import Client


@click.group(cls=Group)
def group() -> None:
    """Run the loop, its policies, releases and canaries."""


group.add_command(policies)
group.add_command(releases)


@group.command()
@json_option
def overview(as_json: bool) -> None:
    """Show the state of every stage, recent events and the recommended next action."""
    report = Client().loop.overview()
    if as_json:
        emit(report, True)
        return
    stages = "data training evals registry serving gateway knowledge traces feedback loop".split()  # noqa: SIM905
    rows = [{"stage": stage, **_figures_cell(report[stage])} for stage in stages]
    table(rows, ["stage", "figures"])
    action = report["next"]
    print_message(f"next: {action['action']} {_figures_cell(action['details'])['figures']}")


def _figures_cell(figures: dict[str, Any]) -> dict[str, str]:
    values = {name: value for name, value in figures.items() if value is not None and value != {}}
    return {"figures": ", ".join(f"{name} {cell(value)}" for name, value in values.items())}


@group.group()
def canaries() -> None:
    """Manage canaries, which decide by evidence whether a candidate replaces a route's targets."""


@canaries.command("start")
@click.argument("route")
@click.argument("candidate")
@click.option("--share", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.1, show_default=True)
@click.option("--metric", default="quality", show_default=True, help="Name of the scores that count.")
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="Maximum probability of a wrong decision.",
)
@click.option(
    "--margin", type=click.FloatRange(0, 1), default=0.0, show_default=True, help="Tolerated loss of the candidate."
)
@click.option("--goal", type=click.Choice(["better", "non-inferior"]), default="better", show_default=True)
@click.option(
    "--min-pairs", type=click.IntRange(1), default=10, show_default=True, help="Minimum pairs before a promotion."
)
@click.option(
    "--max-pairs",
    type=click.IntRange(1),
    default=500,
    show_default=True,
    help="Maximum pairs; then the incumbent stays.",
)
@json_option
def start_canary(route: str, candidate: str, as_json: bool, goal: str, **options: Any) -> None:
    """Send a share of ROUTE to CANDIDATE (deployment/NAME or PROVIDER/MODEL) until its scores decide.

    MODEL+prompt/REF is a candidate with a stored prompt, pipeline/REF a published pipeline.
    """
    created = Client().loop.start_canary(route, candidate, goal=goal.replace("-", "_"), **options)
    emit(created, as_json, ["id", "route", "candidate", "share", "metric", "status"])
    if not as_json:
        print_message(f"watch it: vong loop canaries show {created['id']}")


@canaries.command("list")
@click.option("--status", type=click.Choice(["running", "promoted", "rolled_back", "kept", "superseded"]))
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def list_canaries(status: str | None, limit: int, as_json: bool) -> None:
    """List canaries, newest first."""
    found = Client().loop.canaries(status=status, limit=limit)
    if as_json:
        emit(found, True)
        return
    table(
        [
            {**canary, "pairs": canary["evidence"]["pairs"], "difference": format_difference(canary["evidence"])}
            for canary in found
        ],
        ["id", "route", "candidate", "share", "status", "pairs", "difference", "decided_by"],
    )


@canaries.command("show")
@click.argument("id", type=click.UUID)
@json_option
def show_canary(id: UUID, as_json: bool) -> None:
    """Show the evidence so far: means, interval, e-values, and their history."""
    canary = Client().loop.canary(id)
    if as_json:
        emit(canary, True)
    else:
        show_evidence(canary)


@canaries.command("evaluate")
@click.argument("id", type=click.UUID)
@json_option
def evaluate_canary(id: UUID, as_json: bool) -> None:
    """Count all scores received so far. This also happens automatically on every score."""
    canary = Client().loop.evaluate(id)
    if as_json:
        emit(canary, True)
    else:
        show_evidence(canary)


@canaries.command("promote")
@click.argument("id", type=click.UUID)
@click.option("--reason", required=True, help="Reason, stored with the evidence.")
@json_option
def promote_canary(id: UUID, reason: str, as_json: bool) -> None:
    """Promote the candidate to the whole route manually."""
    emit(Client().loop.decide(id, "promote", reason), as_json, ["id", "status", "reason", "decided_by"])


@canaries.command("set-traffic")
@click.argument("id", type=click.UUID)
@click.argument("share", type=click.FloatRange(0, 1, min_open=True, max_open=True))
@json_option
def set_traffic(id: UUID, share: float, as_json: bool) -> None:
    """Set the candidate's SHARE of the traffic; the test starts from zero."""
    emit(Client().loop.set_traffic(id, share), as_json, ["id", "status", "share", "candidate"])


@canaries.command("rollback")
@click.argument("id", type=click.UUID)
@click.option("--reason", required=True, help="Reason, stored with the evidence.")
@json_option
def roll_back_canary(id: UUID, reason: str, as_json: bool) -> None:
    """Roll the route back to its previous targets manually."""
    emit(Client().loop.decide(id, "roll_back", reason), as_json, ["id", "status", "reason", "decided_by"])


def show_evidence(canary: dict[str, Any]) -> None:
    """Print a canary: its state, metrics and a plot of its evidence."""
    evidence = canary["evidence"]
    emit(canary, False, ["id", "route", "candidate", "share", "metric", "status", "reason", "decided_by", "model"])
    click.echo()
    rows: list[dict[str, Any]] = [
        {"side": side, "mean": evidence[side], "scores": evidence[f"{side}_scores"]}
        for side in ("candidate", "incumbent")
    ]
    table(rows)
    click.echo(f"\ndifference  {format_difference(evidence)}  after {evidence['pairs']} pairs")
    click.echo(
        f"evidence    better {evidence['e_better']:.3g}, worse {evidence['e_worse']:.3g}; "
        f"decides at {evidence['threshold']:.3g}"
    )
    if len(canary["evidence_history"]) > 1:
        plot_evidence(canary["evidence_history"], evidence["threshold"])


def plot_evidence(history: list[dict[str, Any]], threshold: float) -> None:
    """Plot the evidence of both sides over the pairs, in powers of ten."""
    import plotext

    figure = plotext.figure
    figure.clear()
    pair_counts = [point["n"] for point in history]
    for side, marker in (("better", "braille"), ("worse", "x")):
        evidence = [math.log10(max(point[f"e_{side}"], 1e-3)) for point in history]
        figure.draw(figure.signal(pair_counts, evidence, marker=marker).lines().label(side))
    figure.line(math.log10(threshold), label="decides")
    figure.title("evidence (log10 of the e-value)")
    figure.label("pairs")
    figure.plot_size(80, 18)
    click.echo(plotext.uncolorize(str(figure.build())))


@group.group()
def runs() -> None:
    """Run the whole loop, on the samples or with your own plan."""


@runs.command("start")
@click.option(
    "--plan", type=click.File(encoding="utf-8"), help="Plan as a JSON file.  [default: the quickstart's plan]"
)
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def start_run(plan: TextIO | None, detach: bool, as_json: bool) -> None:
    """Start a loop run: data, training, evaluation, serving, canary, lineage."""
    from vong.cli.job_progress import follow

    client = Client()
    job = client.loop.start_run(_read_plan(plan) if plan else None)
    emit(job if detach else follow(client, job), as_json, ["id", "kind", "status"])


@runs.command("list")
@json_option
def list_runs(as_json: bool) -> None:
    """List loop runs, newest first."""
    emit(Client().loop.runs(), as_json, ["id", "status", "created_at", "finished_at", "error"])


@runs.command("show")
@click.argument("id", type=click.UUID)
@json_option
def show_run(id: UUID, as_json: bool) -> None:
    """Show one loop run; with --json its whole report."""
    emit(Client().loop.run(id), as_json, ["id", "status", "progress", "created_at", "finished_at", "error"])


def _read_plan(file: TextIO) -> dict[str, Any]:
    try:
        plan = json.load(file)
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"{file.name!r} is not valid JSON: {error}") from None
    if not isinstance(plan, dict):
        raise click.BadParameter(f"{file.name!r} contains no JSON object; see docs/guides/loop.md")
    return plan
