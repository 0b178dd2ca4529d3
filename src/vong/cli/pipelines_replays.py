"""Commands of replays: execute past runs again with changes. Part of `vong pipelines`."""

import json
from typing import Any

import click

from vong.cli.job_progress import follow
from vong.cli.output import emit, json_option
from vong.cli.params import TIME, Command
from vong.client import Client
from vong.errors import InvalidInput
from vong.yaml_text import parse_yaml

MAX_VALUE_BYTES = 1_000_000
"""Bytes of a value on the command line."""
REPLAY_COLUMNS = ["id", "pipeline", "version", "status", "states", "created_at"]


@click.command(cls=Command)
@click.argument("name")
@click.argument("runs", nargs=-1, type=click.UUID)
@click.option("--state", type=click.Choice(["succeeded", "failed"]), help="Replay runs in this state.")
@click.option("--of-version", help="Replay runs of this version (first digits of its hash).")
@click.option("--since", type=TIME, help="Replay runs after this time: 2h, 7d or ISO 8601.")
@click.option("--until", type=TIME, help="Replay runs before this time.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=1000, show_default=True, help="Newest matching runs.")
@click.option("--set", "settings", multiple=True, help="STEP.FIELD=VALUE (YAML); repeatable.")
@click.option("--prompt", "prompts", multiple=True, help="STEP=REF: use another prompt; repeatable.")
@click.option("--model", "models", multiple=True, help="STEP=MODEL, or MODEL for all steps; repeatable.")
@click.option("--input", "inputs", multiple=True, help="INPUT=VALUE (YAML); repeatable.")
@click.option("--version", help="Execute this version: a number, a hash or a label.")
@click.option(
    "--scorer",
    "scorers",
    multiple=True,
    default=["exact_match"],
    help="Compares outputs with the original; repeatable.",
)
@click.option("--allow-effects", is_flag=True, help="Execute steps again that may change something outside.")
@click.option("--max-cost", type=click.FloatRange(0, min_open=True), help="Stop after this cost in US dollars.")
@click.option("--yes", "-y", is_flag=True, help="Start without a question.")
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def replay(name: str, runs: tuple[Any, ...], yes: bool, detach: bool, as_json: bool, **options: Any) -> None:
    """Execute past RUNS of the pipeline NAME again with changes, or the newest runs that match.

    Results of steps that the changes do not affect are used again. The price is shown first; afterwards the new
    outputs are compared with the original ones.
    """
    client = Client()
    source, changes = _read_source(runs, options), _read_changes(options)
    estimate = client.pipelines.estimate_replay(name, source=source, changes=changes)
    if not as_json:
        _print_estimate(estimate)
    if not yes:
        click.confirm("Start the replay?", abort=True, err=True)
    started, job = client.pipelines.replay(
        name,
        source=source,
        changes=changes,
        scorers=options["scorers"],
        allow_effects=options["allow_effects"],
        max_cost_usd=options["max_cost"],
    )
    if detach:
        emit(started, as_json, REPLAY_COLUMNS)
        return
    follow(client, job)
    finished = client.pipelines.get_replay(started["id"])
    comparison = client.pipelines.compare_replay(started["id"]) if finished["evaluations"] else None
    if as_json:
        emit({"replay": finished, "comparison": comparison}, True)
        return
    emit(finished, False, REPLAY_COLUMNS)
    if comparison is not None:
        print_comparison(comparison)


@click.command(cls=Command)
@click.argument("name")
@json_option
def replays(name: str, as_json: bool) -> None:
    """List the replays of the pipeline NAME, newest first."""
    emit(Client().pipelines.replays(name), as_json, REPLAY_COLUMNS)


@click.command("replay-result", cls=Command)
@click.argument("replay_id", type=click.UUID)
@json_option
def replay_result(replay_id: Any, as_json: bool) -> None:
    """Show a replay and its paired comparison."""
    client = Client()
    found = client.pipelines.get_replay(replay_id)
    comparison = client.pipelines.compare_replay(replay_id) if found["evaluations"] else None
    if as_json:
        emit({"replay": found, "comparison": comparison}, True)
        return
    emit(found, False, REPLAY_COLUMNS)
    if comparison is not None:
        print_comparison(comparison)


def print_comparison(comparison: dict[str, Any]) -> None:
    """Print the differences of a replay with their intervals."""
    rows = [
        {
            "metric": metric,
            "original": f"{one['a']:.4g}",
            "replay": f"{one['b']:.4g}",
            "difference": f"{one['difference']:+.4g} [{one['low']:+.4g}, {one['high']:+.4g}]",
            "changed": f"{one['wins'] + one['losses']} of {one['n']}",
            "p": f"{one['adjusted_p']:.3g}",
        }
        for metric, one in comparison["metrics"].items()
    ]
    click.echo(f"\n{comparison['changed']} of {comparison['n']} outputs changed")
    emit(rows, False)


def _print_estimate(estimate: dict[str, Any]) -> None:
    steps = ", ".join(f"{step} ({count})" for step, count in estimate["executed"].items()) or "none"
    click.echo(
        f"{estimate['runs']} runs, about ${estimate['cost'] / 1e6:.4f} and {estimate['tokens']} tokens", err=True
    )
    click.echo(f"steps that run again: {steps}; results used again: {estimate['reused']}", err=True)
    if estimate["unpriced"]:
        click.echo(f"{estimate['unpriced']} of these steps cost nothing, or their price is unknown", err=True)
    if estimate["assumes_old_lengths"]:
        click.echo("if prompts and answers are as long as before", err=True)
    if estimate["effects"]:
        click.echo(f"may change something outside: {', '.join(estimate['effects'])}", err=True)


def _read_source(runs: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
    given = {"state": options["state"], "version": options["of_version"]}
    given |= {"since": options["since"], "until": options["until"]}
    source = {name: value for name, value in given.items() if value is not None}
    return {**source, "runs": [str(id) for id in runs], "limit": options["limit"]}


def _read_changes(options: dict[str, Any]) -> dict[str, Any]:
    models = [text if "=" in text else f"*={text}" for text in options["models"]]
    return {
        "version": options["version"],
        "settings": _read_pairs("--set", options["settings"], as_yaml=True),
        "prompts": _read_pairs("--prompt", options["prompts"]),
        "models": _read_pairs("--model", models),
        "inputs": _read_pairs("--input", options["inputs"], as_yaml=True),
    }


def _read_pairs(option: str, texts: Any, *, as_yaml: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name.strip():
            raise click.BadParameter(f"{option} {text!r} is not NAME=VALUE")
        try:
            found[name.strip()] = parse_yaml(value, "the value", max_bytes=MAX_VALUE_BYTES) if as_yaml else value
            json.dumps(found[name.strip()])
        except (InvalidInput, TypeError):
            raise click.BadParameter(f"{option} {text!r}: the value is not valid YAML; quote it") from None
    return found


COMMANDS = (replay, replays, replay_result)
