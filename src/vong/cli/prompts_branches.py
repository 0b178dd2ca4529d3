"""Commands of `vong prompts` for branches, merges and comments."""

import json
from pathlib import Path
from typing import Any

import click

from vong.cli.output import cell, emit, json_option, print_message
from vong.cli.params import TEXT, Command, FilePath
from vong.cli.prompts_files import read_values
from vong.client import Client
from vong.client.prompts import name_of

BRANCH_COLUMNS = ["branch", "head", "number", "created_by", "updated_at"]
COMMENT_COLUMNS = ["id", "version", "message", "text", "created_by", "created_at"]
SIDES = ("ours", "theirs", "both")


@click.command("branch", cls=Command)
@click.argument("name")
@click.argument("branch")
@click.option("--from", "ref", default="latest", show_default=True, help="Version at which the branch begins.")
@click.option("--delete", is_flag=True, help="Delete the branch; its versions stay.")
@json_option
def branch(name: str, branch: str, ref: str, delete: bool, as_json: bool) -> None:
    """Create the branch BRANCH of the prompt NAME, or delete it."""
    client = Client().prompts
    found = client.delete_branch(name, branch) if delete else client.create_branch(name, branch, ref)
    emit(found, as_json, BRANCH_COLUMNS)


@click.command("branches", cls=Command)
@click.argument("name")
@json_option
def branches(name: str, as_json: bool) -> None:
    """List the branches of the prompt NAME."""
    emit([one.model_dump(mode="json") for one in Client().prompts.branches(name)], as_json, BRANCH_COLUMNS)


@click.command("merge", cls=Command)
@click.argument("name")
@click.argument("source")
@click.option("--into", "target", default="main", show_default=True, help="Branch that receives the changes.")
@click.option("--message", "-m", default="", type=TEXT, help="Message of the version.")
@click.option("--resolve", multiple=True, metavar="FIELD=SIDE", help="Take ours, theirs or both for a conflict.")
@click.option(
    "--resolutions",
    type=FilePath(exists=True, dir_okay=False, path_type=Path),
    help="YAML or JSON file: FIELD: ours, theirs, both or {value: ...}.",
)
@click.option("--preview", is_flag=True, help="Only show the result.")
@json_option
def merge(
    name: str,
    source: str,
    target: str,
    message: str,
    resolve: tuple[str, ...],
    resolutions: Path | None,
    preview: bool,
    as_json: bool,
) -> None:
    """Merge the branch SOURCE of the prompt NAME into another. Exit code 1 if there are conflicts."""
    chosen: dict[str, Any] = read_values(resolutions) if resolutions else {}
    chosen |= dict(_parse_resolution(text) for text in resolve)
    merged = Client().prompts.merge(name, source, target, message=message, resolutions=chosen, preview=preview)
    if as_json:
        emit(merged, True)
    else:
        for one in merged.conflicts:
            click.echo(f"conflict in {one.field}")
            for side in ("base", "ours", "theirs"):
                click.echo(f"  {side:<7} {cell(getattr(one, side))}")
        if merged.version is not None:
            click.echo(f"{target} is {merged.version.ref} (version {merged.version.number})")
        elif preview:
            click.echo(json.dumps(merged.template, ensure_ascii=False, indent=2))
    if merged.conflicts:
        print_message(f"resolve them, for example: vong prompts merge {name} {source} --resolve FIELD=theirs")
        raise click.exceptions.Exit(1)


@click.command("comment", cls=Command)
@click.argument("ref")
@click.argument("text")
@click.option("--message", type=click.IntRange(0, 1000), help="Message to comment on, counted from 0.")
@json_option
def comment(ref: str, text: str, message: int | None, as_json: bool) -> None:
    """Comment on the version REF, or on one of its messages."""
    emit(Client().prompts.comment(ref, text, message=message), as_json, COMMENT_COLUMNS)


@click.command("comments", cls=Command)
@click.argument("ref")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@json_option
def comments(ref: str, limit: int, as_json: bool) -> None:
    """List the comments on a prompt (NAME) or on one version, newest first."""
    name = name_of(ref)
    found = Client().prompts.comments(name, None if ref == name else ref, limit=limit)
    emit([one.model_dump(mode="json") for one in found], as_json, COMMENT_COLUMNS)


def _parse_resolution(text: str) -> tuple[str, str]:
    field, _, side = text.rpartition("=")
    if not field or side not in SIDES:
        raise click.BadParameter(
            f"{text[:100]!r} is not FIELD=SIDE (sides: {', '.join(SIDES)})", param_hint="--resolve"
        )
    return field, side


COMMANDS = [branch, branches, merge, comment, comments]
"""Commands for the group `vong prompts`."""
