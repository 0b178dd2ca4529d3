"""Command `vong info`: versions, storage and processes of the server."""

import click

from vong.cli.output import emit, json_option
from vong.cli.params import Command
from vong.client import Client

SYSTEM_FIELDS = ("version", "python", "system", "postgres", "pgvector", "home")


@click.command("info", cls=Command)
@json_option
def group(as_json: bool) -> None:
    """Show installed versions, storage and processes of the server."""
    info = Client().system()
    if as_json:
        emit(info, True)
        return
    emit({name: info[name] for name in SYSTEM_FIELDS}, False)
    emit(info["storage"], False)
    emit(info["libraries"], False, ["name", "version", "extra"])
    emit(info["processes"], False, ["name", "pid", "memory", "cpu_seconds"])
