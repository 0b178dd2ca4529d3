"""`vong feedback`: scores and corrections of answers, and the harvest."""

from typing import Any

import click

from vong.cli.output import emit, json_option, note
from vong.client import Client

SHOWN = ["created_at", "span_id", "name", "value", "comment", "correction", "source", "author"]


@click.group()
def group() -> None:
    """Scores and corrections, and the examples they make."""


def filters(command: Any) -> Any:
    """Options that choose scores."""
    for option in (
        click.option("--until", metavar="TIME", help="Scored before this time (ISO 8601)."),
        click.option("--since", metavar="TIME", help="Scored at this time or later (ISO 8601)."),
        click.option("--source", type=click.Choice(["human", "judge", "program", "replay"]), help="Who judged."),
        click.option("--model-version", help="Only answers of this model version."),
        click.option("--route", help="Only answers of this route."),
        click.option("--name", help="Only scores of this name."),
    ):
        command = option(command)
    return command


@group.command()
@click.argument("span")
@click.option("--value", type=click.FloatRange(0, 1), help="0 is worst, 1 is best.")
@click.option("--correction", help="The text that the answer should have been.")
@click.option("--comment")
@click.option("--name", default="quality", show_default=True, help="What is scored.")
@click.option("--author", help="Who judges; the name of the API key where not given.")
@json_option
def add(span: str, as_json: bool, **said: Any) -> None:
    """Score the answer of SPAN (its id is the answer's x-vong-span-id)."""
    emit(Client().feedback.add(span, **said), as_json, ["id", *SHOWN])


@group.command("list")
@filters
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500))
@json_option
def list_(as_json: bool, **wanted: Any) -> None:
    """Scores, newest first."""
    emit(Client().feedback.scores(**wanted), as_json, SHOWN)


@group.command()
@filters
@click.option("--kind", type=click.Choice(["score", "correction", "comment"]), help="Only what says that.")
@click.option("--harvested/--not-harvested", default=None, help="Whether it became a row of a dataset.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@json_option
def inbox(as_json: bool, **wanted: Any) -> None:
    """Scores and corrections beside the answers that they judge, newest first."""
    items = Client().feedback.inbox(**wanted)
    emit(items if as_json else [_beside(item) for item in items], as_json)


def _beside(item: dict[str, Any]) -> dict[str, Any]:
    score, span = item["score"], item["span"] or {}
    said = {name: score[name] for name in ("created_at", "value", "correction", "comment", "author")}
    return {**said, "asked": span.get("input_preview", "")[:60], "answered": span.get("output_preview", "")[:60]}


@group.command()
@filters
@click.option("--by", multiple=True, help="name, route, model, model_version, source; several together.")
@json_option
def summary(by: tuple[str, ...], as_json: bool, **wanted: Any) -> None:
    """Means with 95 % intervals, by score, route and model version."""
    found = Client().feedback.summary(by=by or None, **wanted)
    columns = [*(by or ("name", "route", "model_version")), "n", "mean", "low", "high", "method", "corrections"]
    emit(found, as_json, columns)


@group.command()
@click.argument("dataset", required=False)
@filters
@click.option("--min-value", default=0.8, show_default=True, help="Mean score from which an answer is good as it is.")
@click.option("--split", help="The split that the rows get.")
@click.option("--pairs", is_flag=True, help="Keep the answer that was corrected as the rejected one.")
@click.option("--preview", is_flag=True, help="Only show what it would give.")
@json_option
def harvest(dataset: str | None, preview: bool, as_json: bool, **wanted: Any) -> None:
    """Make corrections and good answers into rows of DATASET's next version."""
    if not dataset and not preview:
        raise click.UsageError("name the DATASET that gets the rows, or look first with --preview")
    given = {name: value for name, value in wanted.items() if value is not None}
    if preview or dataset is None:
        found = Client().feedback.preview(**given)
        found["examples"] = found["examples"] if as_json else len(found["examples"])
    else:
        found = Client().feedback.harvest(dataset, **given)
    emit(found, as_json, [name for name in found if name != "disagreements"])
    for disagreement in found["disagreements"]:
        note(f"span {disagreement['span_id']} was corrected differently: {disagreement['corrections']}")
