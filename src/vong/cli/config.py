"""`vong config`: the settings in force."""

from pathlib import Path

import click

from vong import config
from vong.cli.output import emit, json_option
from vong.cli.up import home_option


@click.group("config")
def group() -> None:
    """Settings and where each came from."""


@group.command()
@home_option
@json_option
def show(home: Path | None, as_json: bool) -> None:
    """Each setting, its value and its source: default, a file, a variable or the command line."""
    rows = [source._asdict() for source in config.explain(home=home)]
    emit(rows, as_json, ["name", "value", "source"])
