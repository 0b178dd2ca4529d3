"""Commands for routes: public model names, their targets and policies."""

import sys
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from vong.cli.gateway.group import group
from vong.cli.gateway.guards import read_guards
from vong.cli.output import emit, json_option
from vong.cli.params import parse_finite
from vong.client import Client
from vong.records import RoutePolicy, Timeouts
from vong.records.routing_tree import RouteNode

TIMEOUT_FIELDS = list(Timeouts.model_fields)


@group.group()
def routes() -> None:
    """Manage routes: public model names, their targets and policies."""


@routes.command("list")
@json_option
def list_routes(as_json: bool) -> None:
    """List the project's routes."""
    emit(Client().gateway.routes(), as_json, ["name", "version", "targets", "updated_at"])


@routes.command("set")
@click.argument("name")
@click.argument("targets", nargs=-1, metavar="TARGET=WEIGHT…")
@click.option("--tree", metavar="FILE", help="JSON file with a routing tree; - reads stdin.")
@click.option(
    "--fallback", "fallbacks", metavar="MODEL", multiple=True, help="Fallback if the target fails; repeatable."
)
@click.option("--retries", type=click.IntRange(0, 10), help="Retries of a failed target.  [default: 1]")
@click.option(
    "--timeout",
    "times",
    metavar="KIND=SECONDS",
    multiple=True,
    help=f"Timeout; KIND is one of: {', '.join(TIMEOUT_FIELDS)}; repeatable.",
)
@click.option("--continue-streams", is_flag=True, default=None, help="Resume a broken stream at another target.")
@click.option(
    "--cache",
    metavar="MODE[,FIELD=VALUE…]",
    help="Response cache: exact or semantic, for example semantic,ttl=600,threshold=0.97.",
)
@click.option(
    "--shadow", metavar="MODEL[=SHARE]", help="Shadow target and its share of calls, for example deployment/new=0.2."
)
@click.option("--guards", "guards", metavar="FILE", help="JSON file with a list of the route's guards; - reads stdin.")
@click.option(
    "--capture",
    metavar="full|metadata|SHARE",
    help="Store the bodies of all spans, of none, or of a share of traces, for example 0.1.",
)
@click.option("--no-policy", is_flag=True, help="Remove the policy: calls are tried once.")
@click.option("--reason", help="Override a gate that rejects a new target, if its policy allows your role.")
@json_option
def set_route(
    name: str,
    targets: tuple[str, ...],
    tree: str | None,
    no_policy: bool,
    reason: str | None,
    as_json: bool,
    **policy_options: Any,
) -> None:
    """Create a route or replace its targets: deployment/NAME=0.9 echo/echo=0.1. The default weight is 1.

    Any policy option replaces the route's policy with the given options; without them the policy stays.
    """
    if bool(targets) == (tree is not None):
        raise click.UsageError("name at least one target, or a file with --tree")
    options = {option: value for option, value in policy_options.items() if value not in (None, ())}
    if no_policy and options:
        raise click.UsageError("--no-policy cannot be combined with other policy options")
    more: dict[str, RoutePolicy | None] = {"policy": None} if no_policy else {}
    if options:
        more["policy"] = _parse_policy(options)
    chosen = _read_tree(tree) if tree else _parse_targets(targets)
    emit(Client().gateway.set_route(name, chosen, reason=reason, **more), as_json)


@routes.command("show")
@click.argument("name")
@json_option
def show_route(name: str, as_json: bool) -> None:
    """Show one route and its targets."""
    emit(Client().gateway.route(name), as_json)


@routes.command("history")
@click.argument("name")
@json_option
def show_history(name: str, as_json: bool) -> None:
    """List every version of a route, newest first."""
    emit(Client().gateway.route_history(name), as_json, ["version", "targets", "changed_at"])


@routes.command("delete")
@click.argument("name")
@json_option
def delete_route(name: str, as_json: bool) -> None:
    """Delete a route; its history stays."""
    emit(Client().gateway.delete_route(name), as_json)


def _parse_policy(options: dict[str, Any]) -> RoutePolicy:
    if "guards" in options:
        options["guards"] = read_guards(options["guards"])
    timeouts = dict(text.partition("=")[::2] for text in options.pop("times", ()))
    if "cache" in options:
        mode, *fields = options["cache"].split(",")
        options["cache"] = {"mode": mode, **dict(field.partition("=")[::2] for field in fields)}
    if "shadow" in options:
        model, share = _parse_target(options["shadow"])
        options["shadow"] = {"model": model, "share": share}
    try:
        return RoutePolicy.model_validate({**options, "timeout": timeouts})
    except ValidationError as error:
        first_error = error.errors()[0]
        location = " ".join(str(part) for part in first_error["loc"])
        raise click.BadParameter(f"{location}: {first_error['msg']}; see: vong gateway routes set --help") from None


def _read_tree(file: str) -> RouteNode:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        return RouteNode.model_validate_json(text)
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"cannot read {file!r}: {error}") from None
    except ValidationError as error:
        first_error = error.errors()[0]
        location = ".".join(str(part) for part in first_error["loc"]) or "the file"
        raise click.BadParameter(f"{location}: {first_error['msg']}; see docs/guides/gateway.md") from None


def _parse_targets(texts: tuple[str, ...]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for text in texts:
        model, weight = _parse_target(text)
        if model in weights:
            raise click.BadParameter(f"the target {model!r} is given twice; name it once, with the sum of its weights")
        weights[model] = weight
    return weights


def _parse_target(text: str) -> tuple[str, float]:
    """Parse `TARGET=WEIGHT`. A target that contains `=` (echo/echo?delay=1) needs an explicit weight."""
    model, separator, weight = text.rpartition("=")
    if not separator:
        return text, 1.0
    try:
        return model, parse_finite(weight)
    except ValueError:
        raise click.BadParameter(f"{text!r}: write TARGET=WEIGHT, for example deployment/triage=0.9") from None
