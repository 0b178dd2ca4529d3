"""Command for the state of route targets."""

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option, print_message
from vong.client import Client

TARGET_COLUMNS = [
    "route",
    "target",
    "circuit",
    "failures",
    "retry_in",
    "in_flight",
    "queued",
    "first_token_ms",
    "latency_ms",
]


@group.group()
def targets() -> None:
    """Show the state of route targets."""


@targets.command("list")
@json_option
def list_targets(as_json: bool) -> None:
    """Show the state of each route's targets in one server process: circuit, load, latency."""
    report = Client().gateway.targets()
    if as_json:
        emit(report, as_json)
        return
    emit(report.targets, as_json, TARGET_COLUMNS)
    print_message(f"state in server process {report.server}")
