"""Commands of `vong knowledge texts`: texts without files, found by an id."""

import click

from vong.cli.output import emit, json_option
from vong.cli.params import TEXT, Command, Group
from vong.client import Client


@click.group(cls=Group)
def texts() -> None:
    """Manage texts of a knowledge base that have an id and no file."""


@texts.command("add", cls=Command)
@click.argument("base")
@click.argument("text", type=TEXT)
@click.option("--id", "text_id", help="Id of the text; a text with this id is replaced.  [default: a new one]")
@click.option("--metadata", multiple=True, metavar="NAME=VALUE", help="Metadata of the text; can be repeated.")
@json_option
def add(base: str, text: str, text_id: str | None, metadata: tuple[str, ...], as_json: bool) -> None:
    """Store TEXT in BASE and index it at once."""
    pairs = [entry.partition("=") for entry in metadata]
    if bad := next((name for name, separator, _ in pairs if not name or not separator), None):
        raise click.BadParameter(f"{bad!r} is not NAME=VALUE", param_hint="--metadata")
    values = {name: value for name, _, value in pairs}
    (stored,) = Client().knowledge.texts.add_texts(base, [text], metadata=[values], ids=[text_id])
    emit({"id": stored}, as_json)


@texts.command("get", cls=Command)
@click.argument("base")
@click.argument("ids", nargs=-1, required=True)
@json_option
def get(base: str, ids: tuple[str, ...], as_json: bool) -> None:
    """Show the texts of BASE with these IDS."""
    emit(Client().knowledge.texts.get_texts(base, ids), as_json, ["id", "metadata", "text"])


@texts.command("delete", cls=Command)
@click.argument("base")
@click.argument("ids", nargs=-1, required=True)
@json_option
def delete(base: str, ids: tuple[str, ...], as_json: bool) -> None:
    """Delete the texts of BASE with these IDS, and show their number."""
    emit({"deleted": Client().knowledge.texts.delete_texts(base, ids)}, as_json)
