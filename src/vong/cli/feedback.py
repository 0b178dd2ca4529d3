"""Commands of `vong feedback`: scores and corrections of answers, and harvests."""

from typing import Any
from uuid import UUID

import click

from vong.cli.output import emit, json_option, print_message
from vong.cli.params import TEXT, TIME, Group
from vong.client import Client

SCORE_COLUMNS = ["created_at", "span_id", "name", "value", "comment", "correction", "source", "author"]


@click.group(cls=Group)
def group() -> None:
    """Manage scores and corrections, and harvest them into examples."""


def filter_options(command: Any) -> Any:
    """Add the options that filter scores."""
    for option in (
        click.option("--until", type=TIME, help="Only scores before this time: 2h, 7d ago, or ISO 8601."),
        click.option("--since", type=TIME, help="Only scores at or after this time, in the same formats."),
        click.option(
            "--source", type=click.Choice(["human", "judge", "program", "replay"]), help="Only scores of this source."
        ),
        click.option("--model-version", help="Only answers of this model version."),
        click.option("--route", help="Only answers of this route."),
        click.option("--name", help="Only scores with this name."),
    ):
        command = option(command)
    return command


@group.command()
@click.argument("span", type=click.UUID)
@click.option("--value", type=click.FloatRange(0, 1), help="Score from 0 (worst) to 1 (best).")
@click.option("--correction", type=TEXT, help="Corrected text of the answer.")
@click.option("--comment", type=TEXT)
@click.option("--name", default="quality", show_default=True, help="Name of the score.")
@click.option("--author", help="Author of the score.  [default: name of the API key]")
@json_option
def create(span: UUID, as_json: bool, **fields: Any) -> None:
    """Score the answer of SPAN (its id is in the response header x-vong-span-id)."""
    emit(Client().feedback.create(span, **fields), as_json, ["id", *SCORE_COLUMNS])


@group.command("list")
@filter_options
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500))
@json_option
def list_(as_json: bool, **filters_: Any) -> None:
    """List scores, newest first."""
    emit(Client().feedback.scores(**filters_), as_json, SCORE_COLUMNS)


@group.command()
@filter_options
@click.option("--kind", type=click.Choice(["score", "correction", "comment"]), help="Only scores with this content.")
@click.option(
    "--harvested/--not-harvested", default=None, help="Only scores that became, or did not become, dataset rows."
)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@json_option
def inbox(as_json: bool, **filters_: Any) -> None:
    """List scores and corrections with the answers that they judge, newest first."""
    items = Client().feedback.inbox(**filters_)
    emit(items if as_json else [_inbox_row(item) for item in items], as_json)


def _inbox_row(item: dict[str, Any]) -> dict[str, Any]:
    score, span = item["score"], item["span"] or {}
    fields = {name: score[name] for name in ("created_at", "value", "correction", "comment", "author")}
    return {**fields, "asked": span.get("input_preview", "")[:60], "answered": span.get("output_preview", "")[:60]}


@group.command()
@filter_options
@click.option("--by", multiple=True, help="Group by name, route, model, model_version or source; repeatable.")
@json_option
def summary(by: tuple[str, ...], as_json: bool, **filters_: Any) -> None:
    """Show mean scores with 95 % intervals by score name, route and model version."""
    summaries = Client().feedback.summary(by=by or None, **filters_)
    columns = [*(by or ("name", "route", "model_version")), "n", "mean", "low", "high", "method", "corrections"]
    emit(summaries, as_json, columns)


@group.command()
@click.argument("dataset", required=False)
@filter_options
@click.option(
    "--min-value",
    type=click.FloatRange(0, 1),
    default=0.8,
    show_default=True,
    help="Minimum mean score of an answer to harvest unchanged.",
)
@click.option("--split", help="Split of the new rows.")
@click.option("--pairs", is_flag=True, help="Keep the original answer as the rejected completion.")
@click.option("--preview", is_flag=True, help="Show the result without storing it.")
@json_option
def harvest(dataset: str | None, preview: bool, as_json: bool, **fields: Any) -> None:
    """Harvest corrections and good answers into the next version of DATASET."""
    if not dataset and not preview:
        raise click.UsageError("DATASET is missing: name one, or use --preview")
    options = {name: value for name, value in fields.items() if value is not None}
    if preview or dataset is None:
        result = Client().feedback.preview(**options)
        result["examples"] = result["examples"] if as_json else len(result["examples"])
    else:
        result = Client().feedback.harvest(dataset, **options)
    emit(result, as_json, [name for name in result if name != "disagreements"])
    for disagreement in result["disagreements"]:
        print_message(f"span {disagreement['span_id']} has conflicting corrections: {disagreement['corrections']}")
