"""Commands of `vong evals reviews`: look at answers with a low score, and correct them."""

from pathlib import Path
from typing import Any
from uuid import UUID

import click

from vong.cli.output import emit, json_option
from vong.cli.params import TEXT, Group
from vong.client import Client
from vong.errors import InvalidInput

COLUMNS = ["id", "monitor", "metric", "value", "status", "assignee", "resolution", "reason", "span_id"]


@click.group(cls=Group)
def reviews() -> None:
    """Review live answers with a low score."""


@reviews.command("list")
@click.option("--status", type=click.Choice(["open", "done"]), default="open", show_default=True)
@click.option("--monitor", help="Only items of this monitor.")
@click.option("--assignee", help="Only items of this person.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def list_reviews(as_json: bool, **filters: Any) -> None:
    """List review items, newest first."""
    emit(Client().evals.reviews.list(**filters), as_json, COLUMNS)


@reviews.command()
@click.argument("id", type=click.UUID)
@json_option
def show(id: UUID, as_json: bool) -> None:
    """Show a review item."""
    emit(Client().evals.reviews.get(id), as_json)


@reviews.command()
@click.argument("id", type=click.UUID)
@json_option
def take(id: UUID, as_json: bool) -> None:
    """Assign an item to yourself."""
    emit(Client().evals.reviews.take(id), as_json, COLUMNS)


@reviews.command()
@click.argument("id", type=click.UUID)
@click.option("--to", "assignee", help="Person; omit to assign the item to nobody.")
@json_option
def assign(id: UUID, assignee: str | None, as_json: bool) -> None:
    """Assign an item to a person."""
    emit(Client().evals.reviews.assign(id, assignee), as_json, COLUMNS)


@reviews.command()
@click.argument("id", type=click.UUID)
@click.option("--text", type=TEXT, help="The right answer.")
@click.option(
    "--file", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="File with the right answer."
)
@click.option("--comment", type=TEXT)
@json_option
def correct(id: UUID, text: str | None, path: Path | None, comment: str | None, as_json: bool) -> None:
    """Store the right answer as feedback, and mark the item as done."""
    if (text is None) == (path is None):
        raise InvalidInput("the correction is missing or given twice", "use either --text or --file")
    correction = text if path is None else path.read_text(encoding="utf-8")
    found = Client().evals.reviews.complete(id, "corrected", correction=correction, comment=comment)
    emit(found, as_json, COLUMNS)


@reviews.command()
@click.argument("id", type=click.UUID)
@click.option("--comment", type=TEXT)
@json_option
def accept(id: UUID, comment: str | None, as_json: bool) -> None:
    """Mark the answer as right, with a score of 1."""
    emit(Client().evals.reviews.complete(id, "accepted", comment=comment), as_json, COLUMNS)


@reviews.command()
@click.argument("id", type=click.UUID)
@click.option("--comment", type=TEXT)
@json_option
def dismiss(id: UUID, comment: str | None, as_json: bool) -> None:
    """Mark the item as done without feedback."""
    emit(Client().evals.reviews.complete(id, "dismissed", comment=comment), as_json, COLUMNS)


@reviews.command()
@click.argument("id", type=click.UUID)
@json_option
def reopen(id: UUID, as_json: bool) -> None:
    """Mark an item as open again."""
    emit(Client().evals.reviews.reopen(id), as_json, COLUMNS)
