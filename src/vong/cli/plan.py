"""Command `vong plan`."""

from pathlib import Path

import click

from vong.cli.output import emit, json_option
from vong.cli.params import Command, FilePath
from vong.cli.project_files import CHANGED_EXIT_CODE, print_plan, read_folder
from vong.client import Client


@click.command(cls=Command)
@click.argument("folder", type=FilePath(exists=True, file_okay=False, path_type=Path))
@click.option("--prune", is_flag=True, help="Delete objects that have no file.")
@click.option("--reason", help="Reason that may override gates of labels and routes.")
@click.option("--force", is_flag=True, help="Overwrite changes that were made on the server since the last pull.")
@click.option("--check", is_flag=True, help="Exit with code 2 if the files differ from the server.")
@json_option
def group(folder: Path, prune: bool, reason: str | None, force: bool, check: bool, as_json: bool) -> None:
    """Show what the files in FOLDER would change in the project. Nothing is changed.

    The exit code is 1 if a file has a problem.
    """
    local = read_folder(folder)
    plan = Client().project_files.plan(local.files, base=local.request_base(force), prune=prune, reason=reason)
    if as_json:
        emit(plan, True)
    else:
        print_plan(plan)
    if plan["problems"]:
        raise click.exceptions.Exit(1)
    if check and plan["changes"]:
        raise click.exceptions.Exit(CHANGED_EXIT_CODE)
