"""Commands of `vong loop releases`."""

import time
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from vong.cli.evals_gates import print_decision
from vong.cli.evidence import format_difference
from vong.cli.output import emit, json_option, print_message, table
from vong.cli.params import Group
from vong.client import Client

STATUSES = ["scheduled", "running", "promoted", "rolled_back", "kept", "superseded"]
SOURCES = ["human", "judge", "program", "replay"]
COLUMNS = ["id", "route", "candidate", "status", "stage", "share", "blocked", "reason", "decided_by"]
SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.group(cls=Group)
def releases() -> None:
    """Manage releases: shadow, then canary, then promoted or rolled back by evidence."""


@releases.command("start")
@click.argument("route")
@click.argument("candidate")
@click.option("--shadow-pairs", type=click.IntRange(0, 5000), help="Pairs to compare before users see the candidate.")
@click.option("--shadow-share", type=click.FloatRange(0, 1, min_open=True), help="Share of the calls that is copied.")
@click.option("--shadow-budget", type=click.IntRange(0), help="Maximum cost of the copies, in millionths of a dollar.")
@click.option("--steps", help="Shares of the canary, such as 0.05,0.25,0.5.")
@click.option("--step-pairs", type=click.IntRange(0, 5000), help="Minimum pairs at each step.")
@click.option("--step-seconds", type=click.FloatRange(0), help="Minimum time at each step.")
@click.option("--metric", help="Name of the scores that count.")
@click.option("--source", "sources", multiple=True, type=click.Choice(SOURCES), help="Source that counts; repeatable.")
@click.option(
    "--scorer", "scorers", multiple=True, help="Scorer of the answers, NAME or NAME:option=value; repeatable."
)
@click.option("--suite", help="Suite whose scorers without a reference score the answers.")
@click.option("--score-share", type=click.FloatRange(0, 1), help="Share of the answers that the scorers score.")
@click.option("--alpha", type=SHARE, help="Maximum probability of a wrong decision.")
@click.option("--margin", type=click.FloatRange(0, 1, max_open=True), help="Tolerated loss of the candidate.")
@click.option("--goal", type=click.Choice(["better", "non-inferior"]))
@click.option("--min-pairs", type=click.IntRange(1, 5000), help="Minimum pairs before a promotion.")
@click.option("--max-pairs", type=click.IntRange(1, 5000), help="Maximum pairs; then the incumbent stays.")
@click.option(
    "--guard", "guards", multiple=True, metavar="METRIC[=MARGIN[,LIMIT]]", help="errors, latency or cost; repeatable."
)
@click.option("--no-guards", is_flag=True, help="Compare no errors, latencies and costs.")
@click.option("--manual", is_flag=True, help="Take each step and the promotion by hand; rollbacks stay automatic.")
@click.option("--max-hours", type=click.FloatRange(0, min_open=True), help="Hours after which the release ends.")
@click.option(
    "--at", "start_at", type=click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"]), help="Start, local time."
)
@click.option("--wait", is_flag=True, help="Follow the release to its end.")
@json_option
def start_release(
    route: str,
    candidate: str,
    as_json: bool,
    wait: bool,
    start_at: datetime | None,
    guards: tuple[str, ...],
    no_guards: bool,
    **options: Any,
) -> None:
    """Release CANDIDATE (deployment/NAME or PROVIDER/MODEL, or MODEL+prompt/REF with a stored prompt) on ROUTE."""
    plan = {name: value for name, value in options.items() if value not in (None, (), False)}
    if "steps" in plan:
        plan["steps"] = _parse_steps(plan["steps"])
    if "goal" in plan:
        plan["goal"] = plan["goal"].replace("-", "_")
    if guards and no_guards:
        raise click.UsageError("--guard and --no-guards cannot be combined")
    if guards or no_guards:
        plan["guard_rails"] = [_parse_guard(text) for text in guards]
    client = Client()
    release = client.loop.releases.start(route, candidate, start_at=start_at.astimezone() if start_at else None, **plan)
    if wait:
        release = _follow(client, release, quiet=as_json)
    _show(release, as_json)
    if not as_json and not wait:
        print_message(f"watch it: vong loop releases show {release['id']}")


@releases.command("list")
@click.option("--status", type=click.Choice(STATUSES))
@click.option("--route")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def list_releases(status: str | None, route: str | None, limit: int, as_json: bool) -> None:
    """List releases, newest first."""
    found = Client().loop.releases.list(status=status, route=route, limit=limit)
    if as_json:
        emit(found, True)
        return
    rows = [{**one, "pairs": one["evidence"]["quality"]["pairs"], "share": format_share(one)} for one in found]
    table(rows, ["id", "route", "candidate", "status", "stage", "share", "pairs", "decided_by"])


@releases.command("show")
@click.argument("id", type=click.UUID)
@json_option
def show_release(id: UUID, as_json: bool) -> None:
    """Show a release: state, evidence, guard rails and its log."""
    client = Client()
    release = client.loop.releases.get(id)
    if as_json:
        emit(release, True)
        return
    _show(release, False)
    print_evidence(release)
    click.echo("\nlog")
    for event in client.loop.releases.events(id):
        click.echo(f"  {event['created_at'][:19]}  {event['kind']:<11} {event['message']} ({event['actor']})")


@releases.command("evaluate")
@click.argument("id", type=click.UUID)
@json_option
def evaluate_release(id: UUID, as_json: bool) -> None:
    """Count all scores and calls received so far. This also happens automatically."""
    _show(Client().loop.releases.evaluate(id), as_json)


@releases.command("pause")
@click.argument("id", type=click.UUID)
@json_option
def pause_release(id: UUID, as_json: bool) -> None:
    """Pause a release; a worse candidate is still rolled back."""
    _show(Client().loop.releases.pause(id), as_json)


@releases.command("resume")
@click.argument("id", type=click.UUID)
@json_option
def resume_release(id: UUID, as_json: bool) -> None:
    """Resume a paused release."""
    _show(Client().loop.releases.resume(id), as_json)


@releases.command("advance")
@click.argument("id", type=click.UUID)
@click.option("--reason", default="", help="Reason, stored in the log.")
@json_option
def advance_release(id: UUID, reason: str, as_json: bool) -> None:
    """Take the next step by hand."""
    _show(Client().loop.releases.advance(id, reason), as_json)


@releases.command("promote")
@click.argument("id", type=click.UUID)
@click.option("--reason", required=True, help="Reason, stored with the evidence.")
@json_option
def promote_release(id: UUID, reason: str, as_json: bool) -> None:
    """Promote the candidate by hand; the gate of the route must pass."""
    _show(Client().loop.releases.promote(id, reason), as_json)


@releases.command("stop")
@click.argument("id", type=click.UUID)
@click.option("--reason", required=True, help="Reason, stored with the evidence.")
@json_option
def stop_release(id: UUID, reason: str, as_json: bool) -> None:
    """Stop a release: the route gets its previous targets."""
    _show(Client().loop.releases.stop(id, reason), as_json)


@releases.command("gate")
@click.argument("id", type=click.UUID)
@json_option
def show_gate(id: UUID, as_json: bool) -> None:
    """Show what the candidate lacks for the gate of the route."""
    decision = Client().loop.releases.gate(id)
    if as_json:
        emit(decision, True)
    else:
        print_decision(decision)


def format_share(release: dict[str, Any]) -> str:
    """Format the candidate's share of the answers."""
    if release["status"] == "promoted":
        return "100%"
    running = release["status"] == "running" and release["stage"] == "canary"
    return f"{release['plan']['steps'][release['step']]:.0%}" if running else "0%"


def print_evidence(release: dict[str, Any]) -> None:
    """Print the evidence of both stages and the guard rails."""
    evidence = release["evidence"]
    click.echo()
    for name in ("shadow", "quality"):
        one = evidence[name]
        if one["pairs"]:
            click.echo(
                f"{name:<8} {format_difference(one)} after {one['pairs']} pairs; "
                f"better {one['e_better']:.3g}, worse {one['e_worse']:.3g}, decides at {one['threshold']:.3g}"
            )
    if evidence["guard_rails"]:
        rows = [
            {
                "guard rail": one["metric"],
                "limit": one["limit"],
                "candidate": f"{one['candidate_bad']}/{one['candidate_calls']}",
                "incumbent": f"{one['incumbent_bad']}/{one['incumbent_calls']}",
                "worse": f"{one['e_worse']:.3g}",
                "rolls back at": f"{one['threshold']:.3g}",
            }
            for one in evidence["guard_rails"]
        ]
        table(rows)


def _show(release: dict[str, Any], as_json: bool) -> None:
    emit({**release, "share": format_share(release)} if not as_json else release, as_json, COLUMNS)


def _follow(client: Client, release: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    last = ""
    while release["status"] in ("scheduled", "running"):
        time.sleep(1.0)
        release = client.loop.releases.get(release["id"])
        pairs = release["evidence"]["quality"]["pairs"]
        line = f"{release['status']}, {release['stage']}, {format_share(release)}, {pairs} pairs"
        if line != last and not quiet:
            print_message(line)
            last = line
    return release


def _parse_steps(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise click.BadParameter(f"{text!r} is no list of shares; write for example 0.05,0.25,0.5") from None


def _parse_guard(text: str) -> dict[str, Any]:
    metric, _, numbers = text.partition("=")
    if metric not in ("errors", "latency", "cost"):
        raise click.BadParameter(f"{metric!r} is no guard rail; use errors, latency or cost")
    try:
        values = [float(part) for part in numbers.split(",")] if numbers else []
    except ValueError:
        raise click.BadParameter(f"{text!r} is not METRIC=MARGIN,LIMIT; write for example latency=0.1,2000") from None
    return {"metric": metric, **dict(zip(("margin", "limit"), values, strict=False))}
