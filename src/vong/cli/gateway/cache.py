"""Kept answers, and answers compared with second ones."""

from typing import Any

import click

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option, note
from vong.client import Client
from vong.records.cache import CacheStats, ComparedAs, ShadowTargetStats


@group.group(invoke_without_command=True)
@json_option
@click.pass_context
def cache(context: click.Context, as_json: bool) -> None:
    """What is kept of each route's answers, how often it was given again, and how often wrongly."""
    if context.invoked_subcommand is None:
        found = Client().gateway.cache()
        emit(found if as_json else [_state(state) for state in found], as_json)


@cache.command()
@click.option("--route", help="Of this route only.")
@json_option
def clear(route: str | None, as_json: bool) -> None:
    """Forget kept answers."""
    gone = Client().gateway.clear_cache(route)
    if as_json:
        emit({"answers": gone}, True)
    else:
        note(f"forgot {gone} answers")


@group.command()
@click.option("--route", help="Of this route only.")
@click.option("--kind", type=click.Choice(["shadow", "cache"]), help="Shadow targets, or checks of the cache.")
@click.option("--pairs", type=click.IntRange(1, 500), help="Show the newest pairs instead of what they say together.")
@json_option
def compare(route: str | None, kind: ComparedAs | None, pairs: int | None, as_json: bool) -> None:
    """Answers beside the second ones of a shadow target, or of a check of the cache."""
    gateway, wanted = Client().gateway, {"route": route, "kind": kind}
    if pairs is None:
        found = gateway.compared(**wanted)
        emit(found if as_json else [_compared(one) for one in found], as_json)
        return
    both = gateway.comparisons(**wanted, limit=pairs)
    emit(both if as_json else [_pair(pair) for pair in both], as_json)


def _state(state: CacheStats) -> dict[str, Any]:
    false = f"{state.false} of {state.checked}" if state.checked else None
    if state.false_high is not None:
        false = f"{false} ({state.false_low or 0:.3f} to {state.false_high:.3f})"
    return {**state.model_dump(include={"route", "entries", "bytes", "hits", "saved_tokens"}), "false": false}


def _compared(one: ShadowTargetStats) -> dict[str, Any]:
    said = None if one.agreement is None else f"{one.agreement:.3f}"
    if one.low is not None and one.high is not None:
        said = f"{said} ({one.low:.3f} to {one.high:.3f})"
    costs = [None if cost is None else f"${cost / 1e6:.6f}" for cost in (one.first_cost, one.second_cost)]
    times = [None if ms is None else round(ms, 1) for ms in (one.first_ms, one.second_ms)]
    return {
        **one.model_dump(include={"route", "target", "kind", "pairs", "failed"}),
        "agreement": said,
        "same": None if one.same is None else f"{one.same:.3f}",
        "p50 ms": " / ".join(map(str, times)),
        "cost": " / ".join(map(str, costs)),
    }


def _pair(pair: dict[str, Any]) -> dict[str, Any]:
    compared, first, second = pair["comparison"], pair["first"] or {}, pair["second"] or {}
    return {
        "at": compared["at"],
        "target": compared["target"],
        "agreement": compared["agreement"],
        "first": first.get("output_preview", "")[:60],
        "second": second.get("output_preview", "")[:60],
        "span": compared["of"],
    }
