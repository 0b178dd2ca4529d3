"""Targets: how those of the routes stand."""

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option, note
from vong.client import Client

TARGET = ["route", "target", "circuit", "failures", "retry_in", "busy", "waiting", "first_token_ms", "whole_ms"]


@group.command()
@json_option
def targets(as_json: bool) -> None:
    """How each target of each route stands, as one server process sees it: circuit, load, latency."""
    found = Client().gateway.targets()
    if as_json:
        emit(found, as_json)
        return
    emit(found.targets, as_json, TARGET)
    note(f"as the server process {found.server} sees them")
