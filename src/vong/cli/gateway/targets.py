"""Command for the state of route targets."""

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option, print_message
from vong.client import Client

TARGET_COLUMNS = ["route", "target", "circuit", "failures", "retry_in", "busy", "waiting", "first_token_ms", "whole_ms"]


@group.command()
@json_option
def targets(as_json: bool) -> None:
    """Show the state of each route's targets in one server process: circuit, load, latency."""
    report = Client().gateway.targets()
    if as_json:
        emit(report, as_json)
        return
    emit(report.targets, as_json, TARGET_COLUMNS)
    print_message(f"state in server process {report.server}")
