"""Commands for the response cache and shadow results."""

from typing import Any

import click

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option, print_message
from vong.client import Client
from vong.records.cache import CacheStats, ComparisonKind, ShadowTargetStats


@group.group(invoke_without_command=True)
@json_option
@click.pass_context
def cache(context: click.Context, as_json: bool) -> None:
    """Show response cache statistics per route: entries, hits and false hits."""
    if context.invoked_subcommand is None:
        stats = Client().gateway.cache()
        emit(stats if as_json else [_stats_row(state) for state in stats], as_json)


@cache.command()
@click.option("--route", help="Only this route.")
@json_option
def clear(route: str | None, as_json: bool) -> None:
    """Clear the response cache."""
    deleted = Client().gateway.clear_cache(route)
    if as_json:
        emit({"answers": deleted}, True)
    else:
        print_message(f"deleted {deleted} cached responses")


@group.command()
@click.option("--route", help="Only this route.")
@click.option("--kind", type=click.Choice(["shadow", "cache"]), help="Only shadow targets, or only cache verification.")
@click.option("--pairs", type=click.IntRange(1, 500), help="List this many of the newest pairs instead of summaries.")
@json_option
def compare(route: str | None, kind: ComparisonKind | None, pairs: int | None, as_json: bool) -> None:
    """Compare answers with those of a shadow target, or with those of cache verification."""
    gateway, filters = Client().gateway, {"route": route, "kind": kind}
    if pairs is None:
        summaries = gateway.compared(**filters)
        emit(summaries if as_json else [_summary_row(stats) for stats in summaries], as_json)
        return
    pairs_ = gateway.comparisons(**filters, limit=pairs)
    emit(pairs_ if as_json else [_pair_row(pair) for pair in pairs_], as_json)


def _stats_row(state: CacheStats) -> dict[str, Any]:
    false_hits = f"{state.false} of {state.checked}" if state.checked else None
    if state.false_high is not None:
        false_hits = f"{false_hits} ({state.false_low or 0:.3f} to {state.false_high:.3f})"
    return {**state.model_dump(include={"route", "entries", "bytes", "hits", "saved_tokens"}), "false": false_hits}


def _summary_row(one: ShadowTargetStats) -> dict[str, Any]:
    agreement = None if one.agreement is None else f"{one.agreement:.3f}"
    if one.low is not None and one.high is not None:
        agreement = f"{agreement} ({one.low:.3f} to {one.high:.3f})"
    costs = [None if cost is None else f"${cost / 1e6:.6f}" for cost in (one.first_cost, one.second_cost)]
    times = [None if ms is None else round(ms, 1) for ms in (one.first_ms, one.second_ms)]
    return {
        **one.model_dump(include={"route", "target", "kind", "pairs", "failed"}),
        "agreement": agreement,
        "same": None if one.same is None else f"{one.same:.3f}",
        "p50 ms": " / ".join(map(str, times)),
        "cost": " / ".join(map(str, costs)),
    }


def _pair_row(pair: dict[str, Any]) -> dict[str, Any]:
    compared, first, second = pair["comparison"], pair["first"] or {}, pair["second"] or {}
    return {
        "at": compared["at"],
        "target": compared["target"],
        "agreement": compared["agreement"],
        "first": first.get("output_preview", "")[:60],
        "second": second.get("output_preview", "")[:60],
        "span": compared["of"],
    }
