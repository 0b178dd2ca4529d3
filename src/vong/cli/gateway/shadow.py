"""Commands for results of shadow targets and of cache verification."""

from typing import Any

import click

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option
from vong.client import Client
from vong.records.cache import ShadowResultKind, ShadowTargetStats


@group.group()
def shadow() -> None:
    """Show results of shadow targets."""


@shadow.command("report")
@click.option("--route", help="Only this route.")
@click.option("--kind", type=click.Choice(["shadow", "cache"]), help="Only shadow targets, or only cache verification.")
@click.option("--pairs", type=click.IntRange(1, 500), help="List this many of the newest pairs instead of summaries.")
@json_option
def report_shadow(route: str | None, kind: ShadowResultKind | None, pairs: int | None, as_json: bool) -> None:
    """Compare responses with those of a shadow target or of cache verification."""
    gateway, filters = Client().gateway, {"route": route, "kind": kind}
    if pairs is None:
        summaries = gateway.shadow_summary(**filters)
        emit(summaries if as_json else [_summary_row(stats) for stats in summaries], as_json)
        return
    pairs_ = gateway.shadow_results(**filters, limit=pairs)
    emit(pairs_ if as_json else [_pair_row(pair) for pair in pairs_], as_json)


def _summary_row(stats: ShadowTargetStats) -> dict[str, Any]:
    agreement = None if stats.agreement is None else f"{stats.agreement:.3f}"
    if stats.agreement_low is not None and stats.agreement_high is not None:
        agreement = f"{agreement} ({stats.agreement_low:.3f} to {stats.agreement_high:.3f})"
    costs = ["-" if cost is None else f"${cost / 1e6:.6f}" for cost in (stats.original_cost, stats.shadow_cost)]
    times = ["-" if ms is None else round(ms, 1) for ms in (stats.original_ms, stats.shadow_ms)]
    return {
        **stats.model_dump(include={"route", "target", "kind", "pairs", "failed"}),
        "agreement": agreement,
        "same": None if stats.same is None else f"{stats.same:.3f}",
        "p50 ms": " / ".join(map(str, times)),
        "cost": " / ".join(map(str, costs)),
    }


def _pair_row(pair: dict[str, Any]) -> dict[str, Any]:
    result, original, shadow = pair["result"], pair["original"] or {}, pair["shadow"] or {}
    return {
        "created_at": result["created_at"],
        "target": result["target"],
        "agreement": result["agreement"],
        "original": original.get("output_preview", "")[:60],
        "shadow": shadow.get("output_preview", "")[:60],
        "span": result["original_span_id"],
    }
