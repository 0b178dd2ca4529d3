"""Command `vong apply`."""

from pathlib import Path

import click

from vong.cli.output import emit, json_option
from vong.cli.params import Command, FilePath
from vong.cli.project_files import print_plan, read_folder, write_lock
from vong.client import Client


@click.command(cls=Command)
@click.argument("folder", type=FilePath(exists=True, file_okay=False, path_type=Path))
@click.option("--prune", is_flag=True, help="Delete objects that have no file.")
@click.option("--reason", help="Reason that may override gates of labels and routes.")
@click.option("--force", is_flag=True, help="Overwrite changes that were made on the server since the last pull.")
@click.option("--plan", "plan_id", help="Id of the plan to apply (vong plan --json); another plan is rejected.")
@click.option("--yes", "-y", is_flag=True, help="Apply without a question.")
@json_option
def group(
    folder: Path, prune: bool, reason: str | None, force: bool, plan_id: str | None, yes: bool, as_json: bool
) -> None:
    """Apply the files in FOLDER to the project, in one transaction.

    Shows the plan and asks first. Rejected if the server has changed since the files were pulled or last applied.
    """
    client = Client()
    local = read_folder(folder)
    base = local.request_base(force)
    if not yes and plan_id is None:
        plan = client.project_files.plan(local.files, base=base, prune=prune, reason=reason)
        print_plan(plan)
        if plan["problems"]:
            raise click.exceptions.Exit(1)
        if plan["changes"]:
            click.confirm("Apply?", abort=True, err=True)
        plan_id = plan["id"]
    applied = client.project_files.apply(local.files, base=base, prune=prune, reason=reason, plan=plan_id)
    if local.base is not None:
        write_lock(folder, applied["hashes"])
    if as_json:
        emit(applied, True)
    else:
        print_plan(applied, verbose=False)
