"""Routes: which models answer, in which order, and what happens when one fails."""

import sys
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from vong.cli.gateway.group import group
from vong.cli.gateway.guards import read_guards
from vong.cli.output import emit, json_option
from vong.client import Client
from vong.records import RoutePolicy, Timeouts
from vong.records.routing_tree import RouteNode

TIMES = list(Timeouts.model_fields)


@group.command()
@json_option
def routes(as_json: bool) -> None:
    """The project's routes."""
    emit(Client().gateway.routes(), as_json, ["name", "version", "targets", "updated_at"])


@group.group()
def route() -> None:
    """One route: set, show, history, delete."""


@route.command("set")
@click.argument("name")
@click.argument("targets", nargs=-1, metavar="TARGET=WEIGHT…")
@click.option("--tree", metavar="FILE", help="A file with a tree of targets, in JSON; - reads it from stdin.")
@click.option("--fallback", "fallbacks", metavar="MODEL", multiple=True, help="Asked when the target fails; several.")
@click.option("--retries", type=click.IntRange(0, 10), help="How often a failed target is asked again.  [default: 1]")
@click.option("--timeout", "times", metavar="KIND=SECONDS", multiple=True, help=f"KIND is one of: {', '.join(TIMES)}.")
@click.option("--continue-streams", is_flag=True, default=None, help="Another target goes on with a broken stream.")
@click.option("--cache", metavar="MODE[,FIELD=VALUE…]", help="exact or semantic, e.g. semantic,ttl=600,threshold=0.97.")
@click.option("--shadow", metavar="MODEL[=SHARE]", help="Asked as well, for comparison; e.g. deployment/new=0.2.")
@click.option("--guards", "guards", metavar="FILE", help="A file with the route's guards, a list in JSON; - for stdin.")
@click.option(
    "--capture", metavar="full|metadata|SHARE", help="Whose bodies are kept: all, none, or 0.1 of the traces."
)
@click.option("--no-policy", is_flag=True, help="Try a call once, and keep nothing of it.")
@json_option
def set_route(
    name: str, targets: tuple[str, ...], tree: str | None, no_policy: bool, as_json: bool, **wanted: Any
) -> None:
    """Make a route or give it new targets: deployment/NAME=0.9 echo/echo=0.1. A target without a weight has 1.

    With any of the options on what happens to calls it gets a policy, of these alone; without them its policy stays.
    """
    if bool(targets) == (tree is not None):
        raise click.UsageError("name one target or more, or a file with --tree")
    given = {option: value for option, value in wanted.items() if value not in (None, ())}
    if no_policy and given:
        raise click.UsageError("--no-policy goes with no other option of the policy")
    more: dict[str, RoutePolicy | None] = {"policy": None} if no_policy else {}
    if given:
        more["policy"] = _policy(given)
    emit(Client().gateway.put_route(name, _tree(tree) if tree else dict(map(_target, targets)), **more), as_json)


@route.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """One route and its targets."""
    emit(Client().gateway.route(name), as_json)


@route.command()
@click.argument("name")
@json_option
def history(name: str, as_json: bool) -> None:
    """Every version of a route, newest first."""
    emit(Client().gateway.history(name), as_json, ["version", "targets", "changed_at"])


@route.command()
@click.argument("name")
@json_option
def delete(name: str, as_json: bool) -> None:
    """Remove a route; its history stays."""
    emit(Client().gateway.delete_route(name), as_json)


def _policy(given: dict[str, Any]) -> RoutePolicy:
    if "guards" in given:
        given["guards"] = read_guards(given["guards"])
    times = dict(text.partition("=")[::2] for text in given.pop("times", ()))
    if "cache" in given:
        mode, *fields = given["cache"].split(",")
        given["cache"] = {"mode": mode, **dict(field.partition("=")[::2] for field in fields)}
    if "shadow" in given:
        model, share = _target(given["shadow"])
        given["shadow"] = {"model": model, "share": share}
    try:
        return RoutePolicy.model_validate({**given, "timeout": times})
    except ValidationError as error:
        wrong = error.errors()[0]
        where = " ".join(str(part) for part in wrong["loc"])
        raise click.BadParameter(f"{where}: {wrong['msg']}; see: vong gateway route set --help") from None


def _tree(file: str) -> RouteNode:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        return RouteNode.model_validate_json(text)
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{file!r} cannot be read: {error}") from None
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(str(part) for part in wrong["loc"]) or "the file"
        raise click.BadParameter(f"{where}: {wrong['msg']}; see docs/guides/gateway.md") from None


def _target(text: str) -> tuple[str, float]:
    """`TARGET=WEIGHT`; the target itself may hold `=` (echo/echo?delay=1), then the weight must be given."""
    model, separator, weight = text.rpartition("=")
    if not separator:
        return text, 1.0
    try:
        return model, float(weight)
    except ValueError:
        raise click.BadParameter(f"{text!r}: write TARGET=WEIGHT, e.g. deployment/triage=0.9") from None
