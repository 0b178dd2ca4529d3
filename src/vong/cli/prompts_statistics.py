"""Command `vong prompts statistics`: calls, cost, latency and scores of the versions of a prompt."""

from typing import Any

import click

from vong.cli.output import emit, json_option, print_message
from vong.cli.params import TIME, Command
from vong.client import Client

COLUMNS = ["version", "labels", "calls", "errors", "users", "tokens", "cost", "p50 ms", "p95 ms", "scores"]
DAY_COLUMNS = ["day", "version", "calls", "errors", "users", "tokens", "cost", "p50 ms", "p95 ms"]


@click.command("statistics", cls=Command)
@click.argument("name")
@click.option("--since", type=TIME, help="Calls since: 2h, 7d ago, or a time.  [default: 30 days ago]")
@click.option("--until", type=TIME, help="Calls before, in the same formats.")
@click.option("--by-day", is_flag=True, help="Show each day (UTC).")
@json_option
def show_statistics(name: str, by_day: bool, as_json: bool, **period: Any) -> None:
    """Show calls, users, tokens, cost, latency, errors and scores of each version of a prompt.

    Scores are means with 95 % intervals.
    """
    found = Client().prompts.statistics(name, **period)
    if as_json:
        emit(found, True)
        return
    rows = found["days"] if by_day else found["versions"]
    if not rows:
        print_message(f"no version of {name} was called between {found['since']} and {found['until']}")
        return
    emit([_row(row) for row in rows], False, DAY_COLUMNS if by_day else COLUMNS)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "day": row.get("day"),
        "version": f"{row['number']} {row['version']}" if "number" in row else row["version"],
        "labels": ", ".join(row.get("labels") or ()),
        "calls": row["calls"],
        "errors": row["errors"],
        "users": row["users"],
        "tokens": f"{row['input_tokens'] or 0}→{row['output_tokens'] or 0}",
        "cost": "-" if row["cost"] is None else f"${row['cost'] / 1e6:.6f}",
        "p50 ms": _milliseconds(row["latency_p50"]),
        "p95 ms": _milliseconds(row["latency_p95"]),
        "scores": "; ".join(map(_score, row.get("scores") or ())),
    }


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _score(score: dict[str, Any]) -> str:
    interval = "" if score["low"] is None else f" [{score['low']:.2f}, {score['high']:.2f}]"
    return f"{score['name']} {score['mean']:.2f}{interval} (n={score['n']})"


COMMANDS = (show_statistics,)
