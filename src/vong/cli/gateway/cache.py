"""Commands for the response cache."""

from typing import Any

import click

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option, print_message
from vong.client import Client
from vong.records.cache import CacheStats


@group.group()
def cache() -> None:
    """Manage the response cache."""


@cache.command("show")
@json_option
def show_cache(as_json: bool) -> None:
    """Show response cache statistics per route: entries, hits and false hits."""
    stats = Client().gateway.cache()
    emit(stats if as_json else [_stats_row(state) for state in stats], as_json)


@cache.command("clear")
@click.option("--route", help="Only this route.")
@json_option
def clear_cache(route: str | None, as_json: bool) -> None:
    """Clear the response cache."""
    deleted = Client().gateway.clear_cache(route)
    if as_json:
        emit({"deleted": deleted}, True)
    else:
        print_message(f"deleted {deleted} cached responses")


def _stats_row(state: CacheStats) -> dict[str, Any]:
    false_hits = f"{state.false_hits} of {state.verified}" if state.verified else None
    if state.false_rate_high is not None:
        false_hits = f"{false_hits} ({state.false_rate_low or 0:.3f} to {state.false_rate_high:.3f})"
    return {**state.model_dump(include={"route", "entries", "bytes", "hits", "saved_tokens"}), "false": false_hits}
