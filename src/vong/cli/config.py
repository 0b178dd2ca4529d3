"""Commands of `vong config`: the settings in effect."""

from pathlib import Path

import click

from vong import config
from vong.cli.output import emit, json_option
from vong.cli.params import Group
from vong.cli.up import home_option


@click.group("config", cls=Group)
def group() -> None:
    """Show settings and their sources."""


@group.command()
@home_option
@json_option
def show(home: Path | None, as_json: bool) -> None:
    """Show each setting with its value and source: default, file, environment variable or command line."""
    rows = [source._asdict() for source in config.explain_settings(home=home)]
    emit(rows, as_json, ["name", "value", "source"])
